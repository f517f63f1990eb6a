import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Change } from "../store/change-store.ts"
import { fault } from "../lib/fault.ts"
import type { Store } from "../store/store.ts"
import { family, parentsOf } from "./family.ts"
import { messageNotFound } from "./require.ts"

/**
 * Which changes belong to what was said. The order is that of messages, which the store counts over all sessions: what
 * a child session did stands after the message that started it.
 */
export interface Point {
  messageID: string
  partID?: string
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
  if (message?.info.sessionID !== sessionID) throw messageNotFound(sessionID, messageID)
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
  has(call: Pick<Change, "sessionID" | "messageID" | "callID" | "messagePosition">): boolean
}

/** What comes at the point and after it, by what the store has at this moment. */
export function afterPoint(sessionID: string, { messageID, partID }: Point, store: Store): AfterPoint {
  const start = store.messages.position(messageID)
  const own = store.messages.outline(sessionID)
  const parts = partID === undefined ? [] : store.parts.list(messageID)
  const cut = parts.findIndex((part) => part.id === partID)
  const kept = parts.slice(0, cut)
  const keptCalls = new Set(kept.flatMap((part) => (part.type === "tool" ? [part.callID] : [])))
  const keptChildren = new Set(kept.flatMap(childrenIn).flatMap((id) => family(id, store)))
  return {
    messages: own.flatMap(({ id, position }) =>
      position > start || (id === messageID && partID === undefined) ? [id] : [],
    ),
    parts: parts.slice(cut).map((part) => part.id),
    has(call) {
      if (call.messageID === messageID) return partID === undefined || !keptCalls.has(call.callID)
      return placeOf(call, store) > start && !keptChildren.has(call.sessionID)
    },
  }
}

/** What was done keeps the place of its message, which may have been deleted by itself. Where that is not known it counts as the newest. */
export const placeOf = (
  { messagePosition, messageID }: Pick<Change, "messagePosition" | "messageID">,
  { messages }: Store,
): number => messagePosition ?? messages.placeOf(messageID) ?? Number.MAX_SAFE_INTEGER

/** The sessions that a call of an agent started. */
function childrenIn(part: MessageWithParts["parts"][number]): string[] {
  if (part.type !== "tool" || !("metadata" in part.state)) return []
  const child = part.state.metadata?.sessionId
  return typeof child === "string" ? [child] : []
}

/** What was done to answer a prompt, or in one answer. */
export function changesOf(sessionID: string, messageID: string, store: Store): Change[] {
  const answers = store.messages.outline(sessionID).filter(({ parentID }) => parentID !== undefined)
  const ours = new Set(answers.flatMap(({ id, parentID }) => (messageID === id || messageID === parentID ? [id] : [])))
  return familyChanges(sessionID, store).filter((change) => {
    if (change.sessionID === sessionID) return ours.has(change.messageID)
    const place = placeOf(change, store)
    const started = answers.findLast(({ position }) => position < place)
    return started !== undefined && ours.has(started.id)
  })
}

/** Those of a session and all below it that are not reverted. A session's point takes back what those below it did, too. */
export function standingChanges(sessionID: string, store: Store): Change[] {
  const points = [sessionID, ...parentsOf(sessionID, store)].flatMap((id) => {
    const revert = store.sessions.get(id)?.revert
    return revert && store.messages.get(revert.messageID) ? [afterPoint(id, revert, store)] : []
  })
  return familyChanges(sessionID, store).filter(
    (change) => change.settled && !points.some((after) => after.has(change)),
  )
}

/** Names a state of the files of a session, as far as the journal knows it. */
export const stateID = (sessionID: string, position: number): string => `${sessionID}:${position}`
