import { createHash } from "node:crypto"
import type { AssistantMessage, MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import { newId, type IdPrefix } from "@opencode/protocol/id.ts"
import type { FilePart, Part } from "@opencode/protocol/part.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"

/** The id of something that has another name elsewhere. */
export function idOf(prefix: IdPrefix, moment: number, name: string): string {
  return newId(prefix, moment, 0, createHash("sha256").update(name).digest())
}

export interface Place {
  /** Its name there, which no other message of the transcript has. */
  name: string
  /** Milliseconds since the epoch. */
  at: number
}

export type Draft = { type: "text"; text: string; synthetic?: boolean } | Picture
export type Picture = { type: "file"; mime: string; url: string; filename?: string }

/** What is known by now of where and with what a conversation was held. */
export interface Surroundings {
  readonly sessionID: string
  readonly providerID: string
  directory: string | undefined
  model: string
}

type Answer = MessageWithParts & { info: AssistantMessage }

/** The messages of a transcript, in their order. */
export interface TranscriptMessages {
  readonly all: MessageWithParts[]
  user(place: Place, drafts: readonly Draft[]): MessageWithParts
  /** The answer that the next pieces belong to. A known name goes on with it, as no name does; another begins one. */
  answered(place: Place): Answer
  /** The answer that is being read, until something else comes. */
  answer(): Answer | undefined
  /** The next piece belongs to a new answer. */
  ends(): void
  /** Parts are numbered in their message, so that what comes later changes no id. */
  add(to: MessageWithParts, at: number, part: Record<string, unknown> & { type: Part["type"] }): Part
  /** One that is attached to something else. */
  attached(messageID: string, at: number, name: string, picture: Picture): FilePart
}

export function createTranscriptMessages(around: Readonly<Surroundings>): TranscriptMessages {
  const { sessionID } = around
  const all: MessageWithParts[] = []
  const answers = new Map<string, Answer>()
  let answer: Answer | undefined

  const owned = (messageID: string, at: number, name: string) => ({
    id: idOf("prt", at, `${sessionID} ${messageID} ${name}`),
    sessionID,
    messageID,
  })

  function add(to: MessageWithParts, at: number, part: Record<string, unknown> & { type: Part["type"] }): Part {
    const made = { ...owned(to.info.id, at, String(to.parts.length)), ...part } as Part // whole: built by us alone
    to.parts.push(made)
    return made
  }

  function user({ name, at }: Place, drafts: readonly Draft[]): MessageWithParts {
    answer = undefined
    const message: MessageWithParts = { info: promptInfo({ name, at }, around), parts: [] }
    all.push(message)
    for (const draft of drafts) add(message, at, draft)
    return message
  }

  function answered({ name, at }: Place): Answer {
    const known = name === "" ? answer : answers.get(name)
    if (known) {
      known.info.time.completed = Math.max(at, known.info.time.completed ?? 0)
      return (answer = known)
    }
    const parent = all.findLast(({ info }) => info.role === "user") ?? user({ name: `${name} prompt`, at }, [])
    answer = { info: answerInfo({ name, at }, parent.info.id, around), parts: [] }
    answers.set(name, answer)
    all.push(answer)
    return answer
  }

  return {
    all,
    user,
    answered,
    answer: () => answer,
    ends: () => void (answer = undefined),
    add,
    attached: (messageID, at, name, picture) => ({ ...owned(messageID, at, name), ...picture }),
  }
}

const promptInfo = ({ name, at }: Place, { sessionID, providerID, model }: Surroundings): UserMessage => ({
  id: idOf("msg", at, `${sessionID} ${name}`),
  sessionID,
  role: "user",
  time: { created: at },
  agent: "build",
  model: { providerID, modelID: model },
})

function answerInfo({ name, at }: Place, parentID: string, around: Surroundings): AssistantMessage {
  const { sessionID, providerID, model, directory: cwd = "/" } = around
  return {
    id: idOf("msg", at, `${sessionID} ${name}`),
    sessionID,
    role: "assistant",
    time: { created: at, completed: at },
    parentID,
    modelID: model,
    providerID,
    mode: "build",
    agent: "build",
    path: { cwd, root: cwd },
    cost: 0,
    tokens: noTokens(),
    finish: "stop",
  }
}
