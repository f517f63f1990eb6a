/**
 * A conversation written down as it is read from a transcript. Invariants: the same transcript gives the same ids, also
 * after something was appended to it; each call has one result; nothing stays open.
 */
import { isAbsolute } from "node:path"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { addTokens, noTokens, type Tokens } from "@opencode/protocol/tokens.ts"
import { clip } from "../lib/text.ts"
import type { Conversation } from "./source.ts"
import { createTranscriptCalls, type TranscriptCalls } from "./transcript-calls.ts"
import {
  createTranscriptMessages,
  type Place,
  type Surroundings,
  type TranscriptMessages,
} from "./transcript-messages.ts"

export interface TranscriptOptions {
  sessionID: string
  /** What wrote it, and in which version: `claude-code 2.1.0`. */
  version: string
  providerID: string
}

/** Hears what a transcript says, in its order. */
export interface Transcript extends Pick<TranscriptMessages, "user" | "ends">, TranscriptCalls {
  /** The folder that it was held in. */
  at(folder: string | undefined): void
  /** The model that answers from now on. */
  uses(name: string | undefined): void
  /** The title. */
  named(text: string | undefined): void
  text(place: Place, text: string): void
  /** Without what would prove it to its provider: nobody here can know whom it is still good for. */
  reasoning(place: Place, text: string): void
  spent(tokens: Tokens): void
  failed(place: Place, message: string): void
  aborted(): void
  isAnswering(): boolean
  compacted(place: Place, notes: string): void
  /** Takes back the last so many prompts and what was answered. */
  takeBack(prompts: number): void
  /** Undefined when nothing was said. */
  end(more?: { parentID?: string | undefined }): Conversation | undefined
}

const UNKNOWN_MODEL = "unknown"

export function createTranscript({ sessionID, version, providerID }: TranscriptOptions): Transcript {
  const around: Surroundings = { sessionID, providerID, directory: undefined, model: UNKNOWN_MODEL }
  const messages = createTranscriptMessages(around)
  const { all, add, answered, user, ends } = messages
  let title: string | undefined

  return {
    ...createTranscriptCalls(messages),
    user,
    ends,
    at(folder) {
      if (folder !== undefined && isAbsolute(folder) && !folder.includes("\0")) around.directory ??= folder
    },
    uses: (name) => name && useModel(name, around, all),
    named: (text) => void (title = text?.trim() || title),
    text: (place, text) => void add(answered(place), place.at, written("text", place, text)),
    reasoning: (place, text) => void add(answered(place), place.at, written("reasoning", place, text)),
    spent(tokens) {
      const answer = messages.answer()
      if (answer) answer.info.tokens = tokens
    },
    failed: (place, message) => void (answered(place).info.error = { name: "UnknownError", data: { message } }),
    aborted() {
      const last = all.findLast(({ info }) => info.role === "assistant")?.info
      if (last?.role === "assistant") last.error = { name: "MessageAbortedError", data: { message: "Aborted" } }
      ends()
    },
    isAnswering: () => messages.answer() !== undefined,
    compacted(place, notes) {
      add(user({ ...place, name: `${place.name} compaction` }, []), place.at, { type: "compaction", auto: true })
      const message = answered(place)
      message.info.summary = true
      add(message, place.at, written("text", place, notes))
      ends()
    },
    takeBack(prompts) {
      takeBack(prompts, all)
      ends()
    },
    end: (more = {}) => conversationOf(all, { ...around, ...more, version, title }),
  }
}

const written = <Type extends "text" | "reasoning">(type: Type, { at }: Place, text: string) => ({
  type,
  text,
  time: { start: at, end: at },
})

function useModel(name: string, around: Surroundings, messages: readonly MessageWithParts[]): void {
  // Prompts that came before the first answer were meant for its model.
  for (const { info } of around.model === UNKNOWN_MODEL ? messages : [])
    if (info.role === "user") info.model = { providerID: around.providerID, modelID: name }
  around.model = name
}

function takeBack(prompts: number, messages: MessageWithParts[]): void {
  for (let left = prompts; left > 0; left--) {
    const at = messages.findLastIndex(({ info }) => info.role === "user")
    if (at < 0) return
    messages.splice(at)
  }
}

interface Told extends Surroundings {
  version: string
  title: string | undefined
  parentID?: string | undefined
}

const MAX_TITLE_CHARACTERS = 80

function conversationOf(messages: MessageWithParts[], told: Told): Conversation | undefined {
  const { sessionID, directory = "/", version, title, parentID } = told
  const [first] = messages
  if (!first) return undefined
  const infos = messages.flatMap(({ info }) => (info.role === "assistant" ? [info] : []))
  const info: Omit<Session, "projectID"> = {
    id: sessionID,
    slug: "",
    directory,
    title: title ?? clip(firstLine(messages), MAX_TITLE_CHARACTERS),
    version,
    cost: 0,
    tokens: infos.reduce((sum, { tokens }) => addTokens(sum, tokens), noTokens()),
    ...(parentID === undefined ? {} : { parentID }),
    time: {
      created: first.info.time.created,
      updated: Math.max(...messages.map(({ info: { time } }) => time.created)),
    },
  }
  const byID = new Map(messages.map((message) => [message.info.id, message]))
  return { info, messageIDs: [...byID.keys()], message: (id) => byID.get(id), todos: [] }
}

const firstLine = (messages: MessageWithParts[]): string =>
  messages
    .flatMap(({ info, parts }) => (info.role === "user" ? parts : []))
    .flatMap((part) => (part.type === "text" ? part.text.split("\n") : []))
    .find((line) => line.trim())
    ?.trim() ?? "Untitled"
