import { isatty } from "node:tty"
import { ApiFailure, dataOf } from "../door.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { LogLevel } from "@opencode/protocol/log.ts"
import { isTerminal, out } from "../out.ts"
import { typedLines, type TypedLines } from "../typed-lines.ts"
import { INTERRUPTED } from "./interrupt.ts"
import { personJudge } from "./person-judge.ts"
import { outcomeOfFailure } from "./run-outcome.ts"
import { openPlace, type RunPlace } from "./run-place.ts"
import { modelNamed, type Prompt } from "./run-prompt.ts"
import { requireChoice, requireCommand, sessionFor, type SessionChoice } from "./run-session.ts"
import { createTotals } from "./run-totals.ts"
import { takeTurn, WITHOUT_LIMIT } from "./run-turn.ts"
import { displayOfPerson } from "./run-views.ts"
import { defaultView } from "./run-view.ts"
import type { RunOptions } from "./run.ts"

/**
 * A conversation in lines: what is typed is sent, what the model asks is asked, and what is shown stays where it was
 * printed. It works over any connection, in any terminal, and for those who have a screen read to them.
 */
export interface AttachOptions extends Pick<RunOptions, "dir" | "continue" | "session" | "fork" | "model" | "agent"> {
  username?: string
  password?: string
  thinking?: boolean
  /** Commander's form of `--no-replay`: false when it was given. */
  replay: boolean
  replayLimit?: number
  printLogs?: boolean
  logLevel?: LogLevel
  trust?: boolean
}

export async function attach(url: string, options: AttachOptions): Promise<number> {
  const { model, agent } = options
  requireChoice(options)
  const place = await openPlace({ ...options, attach: url })
  out.note(`Attached to ${url}, in ${place.directory}. /help says what can be typed.`)
  const talk = { ...BLANK, model: modelNamed(model), agent }
  return converse(talk, place, options)
}

/** `run --interactive`: the message of the command line is the first. */
export async function interactive(prompt: Prompt, options: RunOptions): Promise<number> {
  const place = await openPlace(options)
  const { timeout } = options
  const limits = { ...prompt.limits, ...(timeout === undefined ? {} : { time: timeout }) }
  return converse({ ...prompt, limits }, place, { ...options, replay: true })
}

const BLANK: Prompt = {
  text: "",
  command: undefined,
  files: [],
  model: undefined,
  variant: undefined,
  agent: undefined,
  format: undefined,
  limits: {},
}

type TalkOptions = Pick<SessionChoice, "continue" | "session" | "fork" | "title" | "share"> &
  Pick<AttachOptions, "replay" | "replayLimit" | "thinking"> & { auto?: boolean }

/** Enough to know what it was about. */
const REPLAYED = 20

async function converse(first: Prompt, place: RunPlace, options: TalkOptions): Promise<number> {
  const lines = typedLines(isatty(0) && isTerminal())
  try {
    const talk = await openTalk(first, { place, options, lines })
    if (first.text || first.command !== undefined) await talk.say(first)
    for (;;) {
      const line = await lines.ask("\n> ")
      if (line === undefined) return talk.code()
      if (!line.trim()) continue
      const isOver = await talk.hear(line.trim()).catch((error: unknown) => tellAndGoOn(error))
      if (isOver) return talk.code()
    }
  } finally {
    lines.close()
    await place.close()
  }
}

/** A person can say it again, or something else; only a server that is gone ends the conversation. */
function tellAndGoOn(error: unknown): boolean {
  const isRefused = error instanceof ApiFailure && error.status !== undefined
  if (!isRefused && outcomeOfFailure(error).reason === "error") throw error
  out.note(`Error: ${(error as Error).message}`)
  return false
}

interface Talking {
  place: RunPlace
  options: TalkOptions
  lines: TypedLines
}

interface Talk {
  say(prompt: Prompt): Promise<void>
  /** @returns whether it was the last */
  hear(line: string): Promise<boolean>
  /** Of the last turn: stopped by the person or not. */
  code(): number
}

async function openTalk(first: Prompt, { place, options, lines }: Talking): Promise<Talk> {
  const display = await displayOfPerson()
  const person = personJudge({ lines, rest: display.rest, isAuto: options.auto ?? false })
  const state: { how: Prompt; session?: Session; wasStopped: boolean } = {
    how: { ...first, text: "", command: undefined, files: [] },
    wasStopped: false,
  }
  const choice = { ...options, hasPerson: true }
  if (options.session !== undefined || options.continue) {
    state.session = await sessionFor(choice, first, place)
    if (options.replay) await replay(state.session, place, options.replayLimit ?? REPLAYED)
  }

  async function say(prompt: Prompt): Promise<void> {
    if (prompt.command !== undefined) await requireCommand(prompt.command, prompt.text, place)
    const { title, share, hasPerson } = choice
    const again = { ...(title === undefined ? {} : { title }), ...(share ? { share } : {}), hasPerson }
    const session = (state.session ??= await sessionFor(again, prompt, place))
    const totals = createTotals()
    const view = defaultView(display, { thinking: options.thinking ?? false, wantsObject: false, totals })
    view.begin(session)
    const stops = { onStop: lines.cancel, onLeave: display.rest }
    try {
      const clock = WITHOUT_LIMIT
      const { answer, passed } = await takeTurn({
        session,
        prompt,
        place,
        view,
        judge: person,
        totals,
        clock,
        ...stops,
      })
      state.wasStopped = !answer || answer.info.error?.name === "MessageAbortedError"
      if (passed) out.note(passed.message)
      view.finish({ reason: "stop", isSuccess: true }, 0)
    } finally {
      view.rest()
    }
  }

  async function hear(line: string): Promise<boolean> {
    const [, name = "", rest = ""] = /^\/(\S+)\s*([\s\S]*)$/.exec(line) ?? []
    if (!name) await say({ ...state.how, text: line })
    else if (name === "exit" || name === "quit") return true
    else if (name === "help") out.note(HELP)
    else if (name === "new") delete state.session
    else if (name === "model") state.how = { ...state.how, model: modelNamed(rest), variant: undefined }
    else if (name === "agent") state.how = { ...state.how, agent: rest }
    else await say({ ...state.how, command: name, text: rest })
    return false
  }

  return { say, hear, code: () => (state.wasStopped ? INTERRUPTED : 0) }
}

const HELP = `Type a message, or:
  /new                     begin a new session
  /model <provider/model>  go on with this model
  /agent <name>            go on with this agent
  /<command> [arguments]   run a command of this folder
  /exit                    end, as Ctrl-D does
Ctrl-C ends what the model is doing.`

/** What was said before. */
async function replay({ id: sessionID, directory }: Session, { client }: RunPlace, limit: number): Promise<void> {
  const messages = dataOf(await client.session.messages({ sessionID, directory, limit })) as MessageWithParts[]
  for (const { info, parts } of messages) {
    const texts = parts.flatMap((part) => (part.type === "text" && !part.synthetic ? [part.text.trim()] : []))
    const text = texts.filter(Boolean).join("\n")
    if (!text) continue
    if (info.role === "user") out.note(`\n> ${text}`)
    else out.line(text)
  }
}
