import type { Event } from "@opencode/protocol/event.ts"
import type { AnswerWithParts, MessageWithParts, PromptLimits } from "@opencode/protocol/message.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { ApiFailure, dataOf } from "../door.ts"
import { UnwrittenAnswer } from "../out.ts"
import { onInterrupt } from "./interrupt.ts"
import { followSession, type Followed } from "./run-follow.ts"
import type { Judge } from "./run-judge.ts"
import { passedLimit, type Passed } from "./run-limits.ts"
import type { RunPlace } from "./run-place.ts"
import type { Prompt } from "./run-prompt.ts"
import type { Totals } from "./run-totals.ts"
import type { RunView } from "./run-view.ts"

/** One prompt and what becomes of it, with every question in it answered by the judge. */
export interface RunTurn {
  session: Session
  prompt: Prompt
  place: RunPlace
  view: RunView
  judge: Judge
  totals: Totals
  clock: RunClock
  /** Ctrl-C came. */
  onStop?(): void
  /** It came again, and the program ends. */
  onLeave(): void
}

/** The time that `--timeout` leaves. */
export interface RunClock {
  /** Milliseconds; undefined without a limit. */
  left(): number | undefined
  /** The turn was not over well after its time. Its reason is an error that says so. */
  signal: AbortSignal
}

export const WITHOUT_LIMIT: RunClock = { left: () => undefined, signal: new AbortController().signal }

export interface TurnEnd {
  /** The last message. Absent when the turn was stopped before there was one. */
  answer?: AnswerWithParts
  /** Why it was stopped from here. */
  passed?: Passed
}

/** From its first line on it is this that an interruption ends. */
export async function takeTurn(run: RunTurn): Promise<TurnEnd> {
  const { session, place, view, clock } = run
  const abort = () => place.client.session.abort({ sessionID: session.id })
  const interrupt = onInterrupt({
    abort,
    stop() {
      view.rest()
      run.onStop?.()
    },
    leave: run.onLeave,
  })
  const stopListening = new AbortController()
  const watch: Watch = { abort, interrupt }
  try {
    const events = await eventsOf(session, place, stopListening.signal)
    if (interrupt.happened) return {}
    const listening = followSession(events, session, place, followedBy(run, watch))
    const answering = answerTo(run, listening)
    // Whichever fails first ends the wait for both.
    const [answer] = await Promise.race([Promise.all([answering, listening]), rejectAt(clock.signal)])
    view.end(answer)
    return { answer, ...passedIn(watch) }
  } catch (error) {
    // What was stopped before its prompt was sent has no answer.
    if (interrupt.happened) return passedIn(watch)
    // A server that does not know limits goes on otherwise, and so does any with what nobody will read.
    if (clock.signal.aborted || error instanceof UnwrittenAnswer) void abort()
    throw error
  } finally {
    interrupt.close()
    stopListening.abort()
  }
}

interface Watch {
  abort(): Promise<unknown>
  interrupt: { readonly happened: boolean }
  passed?: Passed
}

const passedIn = ({ passed }: Watch): TurnEnd => (passed ? { passed } : {})

/** What of the session's events is shown, counted, answered, and ended from here. */
function followedBy({ prompt, place, view, judge, totals }: RunTurn, watch: Watch): Followed {
  const { client } = place
  return {
    learn: totals.learn,
    event(event) {
      view.event(event)
      const passed = place.composition ? undefined : passedLimit(event, prompt.limits, totals)
      if (passed && !watch.passed) {
        watch.passed = passed
        void watch.abort()
      }
      // Who was stopped while files were still being read had nothing to abort by then.
      const isBusy = event.type === "session.status" && event.properties.status.type === "busy"
      if (watch.interrupt.happened && isBusy) void watch.abort()
    },
    async permission(ask) {
      const { reply, message } = await judge.permission(ask)
      view.decided({ permission: ask.permission, patterns: ask.patterns, reply })
      await client.permission.reply({ requestID: ask.id, reply, ...(message === undefined ? {} : { message }) })
    },
    async question(ask) {
      const answers = await judge.question(ask)
      const requestID = ask.id
      if (answers) await client.question.reply({ requestID, answers })
      else await client.question.reject({ requestID })
    },
  }
}

/** In one process nothing breaks; elsewhere a connection may. A quarter of a minute: a server is started again by then. */
const RETRIES = { sseMaxRetryAttempts: 7, sseDefaultRetryDelay: 500, sseMaxRetryDelay: 4_000 }

async function eventsOf({ directory }: Session, { client, composition }: RunPlace, signal: AbortSignal) {
  const retries = composition ? { sseMaxRetryAttempts: 1 } : RETRIES
  const { stream } = await client.event.subscribe({ directory }, { signal, ...retries })
  const events = stream[Symbol.asyncIterator]() as AsyncIterator<Event>
  await events.next() // server.connected: from here on nothing is missed
  return events
}

async function answerTo(run: RunTurn, listening: Promise<void>): Promise<AnswerWithParts> {
  try {
    return dataOf(await send(run)) as AnswerWithParts
  } catch (error) {
    const isCut = error instanceof ApiFailure && error.status === undefined && !run.place.composition
    if (!isCut || run.clock.signal.aborted) throw error
    return answerAfterCut(run, listening, error)
  }
}

/** The connection broke, and the turn goes on without it: its end is told by events, its answer is on record. */
async function answerAfterCut(run: RunTurn, listening: Promise<void>, cut: Error): Promise<AnswerWithParts> {
  const { session, place } = run
  const { id: sessionID, directory } = session
  await listening
  const messages = dataOf(await place.client.session.messages({ sessionID, directory, limit: 1 }))
  const last = (messages as MessageWithParts[])[0]
  if (last?.info.role !== "assistant" || last.info.time.completed === undefined) throw cut
  return last as AnswerWithParts
}

function send({ session, prompt, place, clock }: RunTurn): Promise<Parameters<typeof dataOf>[0]> {
  const { command, text, files, model, variant, agent, format } = prompt
  const { client } = place
  const how = {
    sessionID: session.id,
    ...limitsOf(prompt, clock),
    ...(variant === undefined ? {} : { variant }),
    ...(agent === undefined ? {} : { agent }),
  }
  if (command === undefined) {
    const parts = [...files, { type: "text" as const, text }]
    return client.session.prompt({ ...how, parts, ...(model ? { model } : {}), ...(format ? { format } : {}) })
  }
  const named = model ? { model: `${model.providerID}/${model.modelID}` } : {}
  return client.session.command({ ...how, command, arguments: text, parts: files, ...named })
}

function limitsOf({ limits }: Prompt, clock: RunClock): { limits?: PromptLimits } {
  const left = clock.left()
  const all = { ...limits, ...(left === undefined ? {} : { time: Math.max(1, left) }) }
  return Object.keys(all).length ? { limits: all } : {}
}

const rejectAt = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const over = () => reject(signal.reason as Error)
    if (signal.aborted) over()
    else signal.addEventListener("abort", over, { once: true })
  })
