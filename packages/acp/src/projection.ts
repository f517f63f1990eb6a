import type { Message, MessageWithParts } from "@opencode/protocol/message.ts"
import type { Part, ToolPart } from "@opencode/protocol/part.ts"
import type { Todo } from "@opencode/protocol/todo.ts"
import type { Tokens } from "@opencode/protocol/tokens.ts"
import { attachmentOf } from "./content.ts"
import { callOf, progressOf } from "./tool-call.ts"
import type { Plan, SessionUpdate } from "./wire.ts"

/**
 * What the client was shown of a session, and so what it has yet to be shown. It may be told the same thing any number
 * of times, in pieces and as a whole: each character of an answer and each state of a call is sent once.
 */
export interface Projection {
  message(info: Message): void
  delta(delta: { messageID: string; partID: string; delta: string }): void
  part(part: Part): void
  todos(todos: Todo[]): void
  /** Tells a history in which some was told already, or all of it again. What happens meanwhile is told after it. */
  retell(read: () => Promise<History>, options: Retelling): Promise<void>
  /** Resolves when the message was told as complete, and with it everything in it. */
  completed(messageID: string): Promise<void>
}

export interface History {
  messages: MessageWithParts[]
  todos: Todo[]
}

export interface Retelling {
  /** Also what the client was told before. */
  isAgain: boolean
  /** The events have been told since before it is read; so they have, too, what is being written now. */
  isFollowed: boolean
}

export interface ProjectionOptions {
  /** The session's folder. */
  cwd: string
  send(update: SessionUpdate): void
  /** A request to the model is over. */
  onStep(tokens: Tokens): void
}

/** Parts and messages that are remembered: far more than are told again after a connection broke off. */
const MAX_REMEMBERED = 10_000

interface Text {
  kind: "agent_message_chunk" | "agent_thought_chunk"
  messageId: string
  sent: number
  /** Half of a pair of surrogates, which is no text before its other half has come. */
  held: string
  /** Where it was when its pieces began to come is not known: it is told only as what is read of it as a whole. */
  isLate: boolean
}

/** Of a part in a history: how much of it the events have told; undefined where they were not followed. */
interface Read {
  heard: number | undefined
}

/** Of a call: nothing comes after it, so what was told last need not be kept. */
const ENDED = "ended"

export function createProjection({ cwd, send, onStep }: ProjectionOptions): Projection {
  const messages = limited<string, { isUser: boolean; isNotes: boolean; isComplete: boolean }>()
  const texts = limited<string, Text>()
  const calls = limited<string, string>()
  const steps = limited<string, true>()
  const waiting = new Map<string, (() => void)[]>()
  let plan = "[]"
  /** What happens while a history is read. */
  const later: (() => void)[] = []
  let readings = 0

  function chunk(text: Text, more: string, isWhole = false): void {
    const all = text.held + more
    const piece = isWhole ? all : withoutHalf(all)
    text.held = all.slice(piece.length)
    if (!piece) return
    text.sent += piece.length
    send({ sessionUpdate: text.kind, messageId: text.messageId, content: { type: "text", text: piece } })
  }

  function textPart(part: Part & { type: "text" | "reasoning" }, read?: Read): void {
    const { id, messageID, text } = part
    const isThought = part.type === "reasoning" || messages.get(messageID)?.isNotes === true
    const known = texts.get(id) ?? {
      kind: isThought ? ("agent_thought_chunk" as const) : ("agent_message_chunk" as const),
      messageId: isThought ? id : messageID,
      sent: 0,
      held: "",
      isLate: read !== undefined && read.heard === undefined && !isWritten(part),
    }
    texts.set(id, known)
    known.held = ""
    // What is being written may have been read further than it was heard.
    chunk(known, text.slice(known.sent, isWritten(part) ? undefined : read?.heard), isWritten(part))
  }

  function userPart(part: Part): void {
    const { messageID } = part
    if (texts.get(part.id)) return
    texts.set(part.id, { kind: "agent_message_chunk", messageId: messageID, sent: 0, held: "", isLate: false })
    const content =
      part.type === "text" && !part.synthetic && part.text
        ? { type: "text" as const, text: part.text }
        : part.type === "file"
          ? attachmentOf(part)
          : undefined
    if (content) send({ sessionUpdate: "user_message_chunk", messageId: messageID, content })
  }

  function toolPart(part: ToolPart): void {
    const { id } = part
    const before = calls.get(id)
    if (before === undefined) send({ sessionUpdate: "tool_call", ...callOf(part, cwd) })
    const progress = progressOf(part, cwd)
    const told = progress?.status === "in_progress" ? JSON.stringify(progress) : progress ? ENDED : ""
    calls.set(id, before === ENDED ? ENDED : told)
    if (progress && before !== ENDED && before !== told) send({ sessionUpdate: "tool_call_update", ...progress })
  }

  function tellMessage(info: Message): void {
    const isComplete = info.role === "user" || info.time.completed !== undefined
    messages.set(info.id, {
      isUser: info.role === "user",
      isNotes: info.role === "assistant" && info.summary === true,
      isComplete,
    })
    if (!isComplete) return
    for (const resolve of waiting.get(info.id) ?? []) resolve()
    waiting.delete(info.id)
  }

  function tellPart(part: Part, read?: Read): void {
    const message = messages.get(part.messageID)
    if (!message) return
    // What a person has written the client shows already; it comes again only with the history.
    if (message.isUser) return read ? userPart(part) : undefined
    if (part.type === "text" ? !part.ignored : part.type === "reasoning")
      textPart(part as Part & { type: "text" }, read)
    if (part.type === "tool") toolPart(part)
    if (part.type === "step-finish" && !steps.get(part.id)) {
      steps.set(part.id, true)
      if (!read) onStep(part.tokens)
    }
  }

  function tellTodos(todos: Todo[]): void {
    const entries = todos.flatMap(entryOf)
    const told = JSON.stringify(entries)
    if (told === plan) return
    plan = told
    send({ sessionUpdate: "plan", entries })
  }

  function forget(): void {
    texts.clear()
    calls.clear()
    plan = "[]"
  }

  const inOrder = (act: () => void): void => (readings > 0 ? void later.push(act) : act())

  return {
    message: (info) => inOrder(() => tellMessage(info)),
    delta: ({ partID, delta }) =>
      inOrder(() => {
        const text = texts.get(partID)
        if (text && !text.isLate) chunk(text, delta)
      }),
    part: (part) => inOrder(() => tellPart(part)),
    todos: (todos) => inOrder(() => tellTodos(todos)),

    async retell(read, { isAgain, isFollowed }) {
      readings++
      const heard = new Map(texts.entries().map(([id, { sent, held }]) => [id, sent + held.length]))
      try {
        const { messages: all, todos } = await read()
        if (isAgain) forget()
        for (const { info, parts } of all) {
          tellMessage(info)
          for (const part of parts) tellPart(part, { heard: isFollowed ? (heard.get(part.id) ?? 0) : undefined })
        }
        tellTodos(todos)
      } finally {
        if (--readings === 0) for (const act of later.splice(0)) act()
      }
    },

    completed(messageID) {
      if (messages.get(messageID)?.isComplete) return Promise.resolve()
      return new Promise((resolve) => waiting.set(messageID, [...(waiting.get(messageID) ?? []), resolve]))
    },
  }
}

/** Not still being written. */
const isWritten = ({ time }: Part & { type: "text" | "reasoning" }): boolean =>
  time === undefined || time.end !== undefined

const withoutHalf = (text: string): string => (isHigh(text.charCodeAt(text.length - 1)) ? text.slice(0, -1) : text)

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

const STATES = { pending: "pending", in_progress: "in_progress", completed: "completed" } as const
const PRIORITIES = { high: "high", medium: "medium", low: "low" } as const

/** What was given up is no longer part of the plan. */
function entryOf({ content, status, priority }: Todo): Plan["entries"] {
  if (!Object.hasOwn(STATES, status)) return []
  const known = Object.hasOwn(PRIORITIES, priority) ? (priority as keyof typeof PRIORITIES) : "medium"
  return [{ content, status: status as keyof typeof STATES, priority: known }]
}

/** Forgets what was told first when it is full. */
function limited<Key, Value>() {
  const kept = new Map<Key, Value>()
  return {
    get: (key: Key): Value | undefined => kept.get(key),
    entries: (): [Key, Value][] => [...kept],
    clear: (): void => kept.clear(),
    set(key: Key, value: Value): void {
      kept.set(key, value)
      const [oldest] = kept.keys()
      if (kept.size > MAX_REMEMBERED && oldest !== undefined) kept.delete(oldest)
    },
  }
}
