import type { LogLevel } from "@opencode/protocol/log.ts"
import { CommandFailure } from "../fail.ts"
import { answerTaken, leaveBehind, out } from "../out.ts"
import { leaveWhenIdle, type Idleness } from "./interrupt.ts"
import { exitCodeOf, outcomeOf, outcomeOfFailure, RunFailure, type Outcome } from "./run-outcome.ts"
import { absentJudge } from "./run-judge.ts"
import { openPlace } from "./run-place.ts"
import { promptOf, type Prompt } from "./run-prompt.ts"
import { requireCommand, sessionFor } from "./run-session.ts"
import { createTotals, type Totals } from "./run-totals.ts"
import { takeTurn, type RunClock } from "./run-turn.ts"
import { viewFor } from "./run-views.ts"
import type { RunView } from "./run-view.ts"

/**
 * One prompt for a script or a person who does not stay: it never waits for an answer, prints the result on standard
 * output and everything else on standard error, and exits with 0 only when the model finished its answer.
 */
export interface RunOptions {
  model?: string
  variant?: string
  agent?: string
  command?: string
  file: string[]
  continue?: boolean
  session?: string
  fork?: boolean
  format: "default" | "json" | "jsonl"
  outputSchema?: string
  thinking?: boolean
  detailedExitCodes?: boolean
  maxSteps?: number
  /** US dollars. */
  maxCost?: number
  /** Milliseconds. */
  timeout?: number
  title?: string
  share?: boolean
  dir?: string
  attach?: string
  username?: string
  password?: string
  port?: number
  interactive?: boolean
  auto?: boolean
  printLogs?: boolean
  logLevel?: LogLevel
  trust?: boolean
}

export async function run(words: string[], options: RunOptions): Promise<number> {
  const totals = createTotals()
  const view = await viewFor(options, totals)
  const isDetailed = options.detailedExitCodes ?? false
  const clock = startClock(options.timeout)
  const idle = leaveWhenIdle(() => finish(STOPPED))
  let isFinished = false
  try {
    const prompt = await promptOf(words, options, clock.over)
    if (options.interactive) {
      const { interactive } = await import("./converse.ts")
      return await idle.during(() => interactive(prompt, options))
    }
    const outcome = await runPrompt(prompt, options, { view, totals, clock, idle, leave: () => finish(STOPPED) })
    const code = finish(outcome)
    if (outcome.isUntold && outcome.message !== undefined) out.note(outcome.message)
    const isTaken = await handedOver(outcome, clock)
    return outcome.isSuccess && !isTaken ? exitCodeOf(TIMED_OUT, isDetailed) : code
  } catch (error) {
    const outcome = outcomeOfFailure(error)
    const code = finish(outcome)
    await handedOver(outcome, clock)
    // What is told of it is told in one place, with the code that this run gives it.
    if (error instanceof CommandFailure) throw new CommandFailure(error.message, code)
    throw error
  } finally {
    idle.close()
    clock.stop()
    view.rest()
  }

  function finish(outcome: Outcome): number {
    const code = exitCodeOf(outcome, isDetailed)
    // A signal that comes while the reader is waited for ends the program, and not the run once more.
    if (!isFinished) view.finish(outcome, code)
    isFinished = true
    return code
  }
}

interface Running {
  view: RunView
  totals: Totals
  clock: StartedClock
  idle: Idleness
  leave(): void
}

const STOPPED: Outcome = { reason: "aborted", isSuccess: false, message: "Stopped.", isUntold: true }
/** The answer was there in time, and its reader was not. */
const TIMED_OUT: Outcome = { reason: "time", isSuccess: false }

/**
 * A reader may take its time until somebody, or `--timeout`, wants the run to end. A signal that comes meanwhile ends the
 * program. @returns whether everything was taken
 */
async function handedOver({ reason }: Outcome, { over }: StartedClock): Promise<boolean> {
  if (reason !== "aborted" && !over.aborted) await Promise.race([answerTaken(), abortOf(over)])
  return leaveBehind() === 0
}

const abortOf = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }))

async function runPrompt(
  prompt: Prompt,
  options: RunOptions,
  { view, totals, clock, idle, leave: onLeave }: Running,
): Promise<Outcome> {
  const place = await openPlace(options, clock)
  try {
    if (prompt.command !== undefined) await requireCommand(prompt.command, prompt.text, place)
    const session = await sessionFor({ ...options, hasPerson: false }, prompt, place)
    view.begin(session)
    const judge = absentJudge({ isAuto: options.auto ?? false })
    const turn = { session, prompt, place, view, judge, totals, clock, onLeave }
    const { answer, passed } = await idle.during(() => takeTurn(turn))
    if (passed) return { ...passed, isSuccess: false, isUntold: true }
    if (!answer) return STOPPED
    if (options.maxCost !== undefined && totals.cost === 0 && totals.steps > 0)
      out.note("Warning: these answers cost nothing, or their price is not known: --max-cost could not end the run.")
    return outcomeOf({
      answer,
      refused: judge.refused,
      isAuto: options.auto ?? false,
      maxSteps: options.maxSteps,
      wantsObject: prompt.format !== undefined,
    })
  } finally {
    await place.close()
  }
}

/** The server ends the turn in time; only one that does not answer any more is left to its fate after this. */
const GRACE_MS = 10_000

const UNSENT = "The time was over before the prompt was sent."
const ENDLESS = "The time is over, and the turn did not end by itself."

interface StartedClock extends RunClock {
  /** Whatever comes before the prompt is sent has no time left. */
  over: AbortSignal
  stop(): void
}

function startClock(timeoutMs: number | undefined): StartedClock {
  const [over, wellOver] = [new AbortController(), new AbortController()]
  const clock = { over: over.signal, signal: wellOver.signal }
  if (timeoutMs === undefined) return { ...clock, left: () => undefined, stop() {} }
  const end = performance.now() + timeoutMs
  const timers = [
    setTimeout(() => over.abort(new RunFailure(UNSENT, "time")), timeoutMs),
    setTimeout(() => wellOver.abort(new RunFailure(ENDLESS, "time")), timeoutMs + GRACE_MS),
  ]
  return {
    ...clock,
    left: () => Math.round(end - performance.now()),
    stop: () => timers.forEach((timer) => clearTimeout(timer)),
  }
}
