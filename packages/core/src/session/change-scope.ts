import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { Change } from "../store/change-store.ts"
import { fault } from "../lib/fault.ts"
import type { Store } from "../store/store.ts"

/**
 * Which changes belong to what was said. The order is that of messages, which the store counts over all sessions: what
 * a child session did stands after the message that started it.
 */
export interface Point {
  messageID: string
  partID?: string
}

/** The session and all below it. */
export function family(sessionID: string, { sessions }: Pick<Store, "sessions">): string[] {
  const children = sessions.children(sessionID).filter((child) => child.id !== sessionID)
  return [sessionID, ...children.flatMap((child) => family(child.id, { sessions }))]
}

/** All changes of the family, in the order in which they were made. */
export const familyChanges = (sessionID: string, store: Store): Change[] =>
  family(sessionID, store)
    .flatMap((id) => store.changes.list(id))
    .sort((a, b) => a.position - b.position)

/**
 * The point as it is kept: a part before which its message says nothing stands for the whole message.
 * @throws fault `message_not_found`, `not_found`
 */
export function requirePoint(sessionID: string, { messageID, partID }: Point, store: Store): Point {
  const message = store.messages.getWithParts(messageID)
  if (message?.info.sessionID !== sessionID)
    throw fault("message_not_found", `Message not found: ${messageID}`, { sessionID, messageID })
  if (partID === undefined) return { messageID }
  const index = message.parts.findIndex((part) => part.id === partID)
  if (index === -1) throw fault("not_found", `Part not found: ${partID}`, { messageID, partID })
  const isSaying = message.parts.slice(0, index).some(({ type }) => SAYING.has(type))
  return isSaying ? { messageID, partID } : { messageID }
}

const SAYING = new Set(["text", "reasoning", "tool", "file", "agent", "subtask"])

export interface AfterPoint {
  /** Messages that go as a whole. */
  messages: string[]
  /** Parts of the point's message that go. */
  parts: string[]
  has(messageID: string, callID: string): boolean
}

/** What comes at the point and after it, by what the store has at this moment. */
export function afterPoint(sessionID: string, { messageID, partID }: Point, store: Store): AfterPoint {
  const start = store.messages.position(messageID)
  const isAfter = (id: string) => positionOf(id, store) > start
  const own = store.messages.list(sessionID).map(({ info }) => info.id)
  const parts = partID === undefined ? [] : store.messages.getWithParts(messageID)!.parts
  const cut = parts.findIndex((part) => part.id === partID)
  const kept = parts.slice(0, cut)
  const keptCalls = new Set(kept.flatMap((part) => (part.type === "tool" ? [part.callID] : [])))
  const keptChildren = new Set(kept.flatMap(childrenIn).flatMap((id) => family(id, store)))
  return {
    messages: own.filter((id) => isAfter(id) || (id === messageID && partID === undefined)),
    parts: parts.slice(cut).map((part) => part.id),
    has(id, callID) {
      if (id === messageID) return partID === undefined || !keptCalls.has(callID)
      const sessionOf = store.messages.get(id)?.sessionID
      return isAfter(id) && !(sessionOf !== undefined && sessionOf !== sessionID && keptChildren.has(sessionOf))
    },
  }
}

/** A message that was deleted by itself is nowhere, and what it did counts as the newest. */
function positionOf(messageID: string, store: Store): number {
  return store.messages.get(messageID) ? store.messages.position(messageID) : Number.MAX_SAFE_INTEGER
}

/** The sessions that a call of an agent started. */
function childrenIn(part: MessageWithParts["parts"][number]): string[] {
  if (part.type !== "tool" || !("metadata" in part.state)) return []
  const child = part.state.metadata?.sessionId
  return typeof child === "string" ? [child] : []
}

/** What was done to answer a prompt, or in one answer. */
export function changesOf(session: Session, messageID: string, store: Store): Change[] {
  const all = familyChanges(session.id, store)
  const answers = store.messages.list(session.id).flatMap(({ info }) => (info.role === "assistant" ? [info] : []))
  const ours = new Set(
    answers.filter((info) => info.id === messageID || info.parentID === messageID).map((info) => info.id),
  )
  const order = answers.map(({ id }) => ({ id, position: store.messages.position(id) }))
  return all.filter((change) => {
    if (change.sessionID === session.id) return ours.has(change.messageID)
    const position = positionOf(change.messageID, store)
    const started = order.findLast((answer) => answer.position < position)
    return started !== undefined && ours.has(started.id)
  })
}
