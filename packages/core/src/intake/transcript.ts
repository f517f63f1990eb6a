/**
 * A conversation written down as it is read from a transcript. Invariants: the same transcript gives the same ids, also
 * after something was appended to it; each call has one result; nothing stays open.
 */
import { createHash } from "node:crypto"
import { isAbsolute } from "node:path"
import type { AssistantMessage, MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import { newId, type IdPrefix } from "@opencode/protocol/id.ts"
import type { FilePart, Part, PartOf } from "@opencode/protocol/part.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { addTokens, noTokens, type Tokens } from "@opencode/protocol/tokens.ts"
import { clip } from "../lib/text.ts"
import type { Conversation } from "./source.ts"

/** The id of something that has another name elsewhere. */
export function idOf(prefix: IdPrefix, moment: number, name: string): string {
  return newId(prefix, moment, 0, createHash("sha256").update(name).digest())
}

export interface TranscriptOptions {
  sessionID: string
  /** What wrote it, and in which version: `claude-code 2.1.0`. */
  version: string
  providerID: string
}

export type Draft = { type: "text"; text: string; synthetic?: boolean } | Picture
export type Picture = { type: "file"; mime: string; url: string; filename?: string }

interface Place {
  /** Its name there, which no other message of the transcript has. */
  name: string
  /** Milliseconds since the epoch. */
  at: number
}

interface Result {
  output: string
  isError: boolean
  pictures?: readonly Picture[]
  at: number
}

type Answer = MessageWithParts & { info: AssistantMessage }

const UNFINISHED = "Interrupted: the transcript has no result of this call."
const UNKNOWN_MODEL = "unknown"
const MAX_TITLE_CHARACTERS = 80

export type Transcript = ReturnType<typeof createTranscript>

export function createTranscript({ sessionID, version, providerID }: TranscriptOptions) {
  const messages: MessageWithParts[] = []
  const calls = new Map<string, PartOf<"tool">>()
  const answers = new Map<string, Answer>()
  let directory: string | undefined
  let model = UNKNOWN_MODEL
  let title: string | undefined
  /** The answer that is being read, until something else comes. */
  let answer: Answer | undefined

  const owned = (messageID: string, at: number, name: string) => ({
    id: idOf("prt", at, `${sessionID} ${messageID} ${name}`),
    sessionID,
    messageID,
  })
  const fileOf = (messageID: string, at: number, name: string, picture: Picture): FilePart => ({
    ...owned(messageID, at, name),
    ...picture,
  })

  /** Parts are numbered in their message, so that what comes later changes no id. */
  function add(to: MessageWithParts, at: number, part: Record<string, unknown> & { type: Part["type"] }): Part {
    const made = { ...owned(to.info.id, at, String(to.parts.length)), ...part } as Part // whole: built below alone
    to.parts.push(made)
    return made
  }

  function user({ name, at }: Place, drafts: readonly Draft[]): MessageWithParts {
    answer = undefined
    const id = idOf("msg", at, `${sessionID} ${name}`)
    const info: UserMessage = {
      id,
      sessionID,
      role: "user",
      time: { created: at },
      agent: "build",
      model: { providerID, modelID: model },
    }
    const message: MessageWithParts = { info, parts: [] }
    messages.push(message)
    for (const draft of drafts) add(message, at, draft)
    return message
  }

  /** The answer that the next pieces belong to. A known name goes on with it, as no name does; another begins one. */
  function answered({ name, at }: Place): Answer {
    const known = name === "" ? answer : answers.get(name)
    if (known) {
      known.info.time.completed = Math.max(at, known.info.time.completed ?? 0)
      return (answer = known)
    }
    const parent =
      messages.findLast((message) => message.info.role === "user") ?? user({ name: `${name} prompt`, at }, [])
    const cwd = directory ?? "/"
    const info: AssistantMessage = {
      id: idOf("msg", at, `${sessionID} ${name}`),
      sessionID,
      role: "assistant",
      time: { created: at, completed: at },
      parentID: parent.info.id,
      modelID: model,
      providerID,
      mode: "build",
      agent: "build",
      path: { cwd, root: cwd },
      cost: 0,
      tokens: noTokens(),
      finish: "stop",
    }
    answer = { info, parts: [] }
    answers.set(name, answer)
    messages.push(answer)
    return answer
  }

  return {
    at: (folder: string | undefined): void => {
      if (folder !== undefined && isAbsolute(folder) && !folder.includes("\0")) directory ??= folder
    },
    uses(name: string | undefined): void {
      if (!name) return
      // Prompts that came before the first answer were meant for its model.
      for (const { info } of model === UNKNOWN_MODEL ? messages : [])
        if (info.role === "user") info.model = { providerID, modelID: name }
      model = name
    },
    named: (text: string | undefined): void => {
      title = text?.trim() || title
    },
    user,
    text(place: Place, text: string): void {
      add(answered(place), place.at, { type: "text", text, time: { start: place.at, end: place.at } })
    },
    /** Without what would prove it to its provider: nobody here can know whom it is still good for. */
    reasoning(place: Place, text: string): void {
      add(answered(place), place.at, { type: "reasoning", text, time: { start: place.at, end: place.at } })
    },
    call(
      place: Place,
      { callID, tool, input }: { callID: string; tool: string; input: Record<string, unknown> },
    ): void {
      const message = answered(place)
      message.info.finish = "tool-calls"
      const time = { start: place.at, end: place.at }
      const state = { status: "error", input, error: UNFINISHED, time }
      calls.set(callID, add(message, place.at, { type: "tool", callID, tool, state }) as PartOf<"tool">)
    },
    /** @returns false when nobody asked for it */
    result(callID: string, { output, isError, pictures = [], at }: Result): boolean {
      const part = calls.get(callID)
      if (!part || part.state.status !== "error") return false
      calls.delete(callID)
      const { input, time } = part.state
      const ended = { start: time.start, end: Math.max(at, time.start) }
      const attachments = pictures.map((one, index) => fileOf(part.messageID, at, `${callID} ${index}`, one))
      part.state = isError
        ? { status: "error", input, error: output || "The call failed.", time: ended }
        : {
            status: "completed",
            input,
            output,
            title: "",
            metadata: {},
            time: ended,
            ...(attachments.length > 0 ? { attachments } : {}),
          }
      return true
    },
    spent(tokens: Tokens): void {
      if (answer) answer.info.tokens = tokens
    },
    failed(place: Place, message: string): void {
      answered(place).info.error = { name: "UnknownError", data: { message } }
    },
    aborted(): void {
      const last = messages.findLast(({ info }) => info.role === "assistant")?.info
      if (last?.role === "assistant") last.error = { name: "MessageAbortedError", data: { message: "Aborted" } }
      answer = undefined
    },
    isAnswering: (): boolean => answer !== undefined,
    /** The next piece belongs to a new answer. */
    ends(): void {
      answer = undefined
    },
    compacted(place: Place, notes: string): void {
      const asked = user({ ...place, name: `${place.name} compaction` }, [])
      add(asked, place.at, { type: "compaction", auto: true })
      const message = answered(place)
      message.info.summary = true
      add(message, place.at, { type: "text", text: notes, time: { start: place.at, end: place.at } })
      answer = undefined
    },
    /** Takes back the last so many prompts and what was answered. */
    takeBack(prompts: number): void {
      for (let left = prompts; left > 0; left--) {
        const at = messages.findLastIndex(({ info }) => info.role === "user")
        if (at < 0) return
        messages.splice(at)
      }
      answer = undefined
    },
    /** Undefined when nothing was said. */
    end({ parentID }: { parentID?: string | undefined } = {}): Conversation | undefined {
      const [first] = messages
      if (!first) return undefined
      const infos = messages.flatMap(({ info }) => (info.role === "assistant" ? [info] : []))
      const info: Omit<Session, "projectID"> = {
        id: sessionID,
        slug: "",
        directory: directory ?? "/",
        title: title ?? clip(firstLine(messages), MAX_TITLE_CHARACTERS),
        version,
        cost: 0,
        tokens: infos.reduce((sum, { tokens }) => addTokens(sum, tokens), noTokens()),
        ...(parentID === undefined ? {} : { parentID }),
        time: {
          created: first.info.time.created,
          updated: Math.max(...messages.map(({ info }) => info.time.created)),
        },
      }
      const byID = new Map(messages.map((message) => [message.info.id, message]))
      return { info, messageIDs: [...byID.keys()], message: (id) => byID.get(id), todos: [] }
    },
  }
}

const firstLine = (messages: MessageWithParts[]): string =>
  messages
    .flatMap(({ info, parts }) => (info.role === "user" ? parts : []))
    .flatMap((part) => (part.type === "text" ? part.text.split("\n") : []))
    .find((line) => line.trim())
    ?.trim() ?? "Untitled"
