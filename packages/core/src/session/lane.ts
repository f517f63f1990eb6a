import type { EndReason } from "@opencode/protocol/end-reason.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { SessionStatus } from "@opencode/protocol/session.ts"
import { deferred, type Deferred } from "../lib/deadline.ts"
import type { Lease } from "../store/lease-store.ts"

/**
 * One turn at a time per session. A lane exists while its session has something to answer; it holds the session's
 * lease for just that long. A prompt that arrives meanwhile is admitted at once: the running turn sees it at its next
 * step, or the turn after it answers it. Every admitted prompt is answered exactly once.
 */
export interface Lane {
  sessionID: string
  lease: Promise<Lease>
  /** Ends the running turn. After an abort the next turn has another one. */
  controller: AbortController
  /** Prompts that were admitted and not yet answered, by message. */
  waiting: Map<string, Deferred<MessageWithParts>>
  /** What waited when the running turn was aborted. */
  aborted: Set<string>
  /** Prompts that are being admitted, and what occupies the lane: it does not go before they are over. */
  admissions: Set<Promise<unknown>>
  /** Admissions that were under way when somebody aborted: their prompts end as soon as they are there. */
  doomed: WeakSet<Promise<unknown>>
  status: SessionStatus
  /** Why the last turn ended. */
  endReason?: EndReason
  /** All its turns, once it was started. */
  running?: Promise<void>
  /** The turn, or what occupies the lane, that came last. */
  current?: Promise<void>
  /** Ends what occupies the lane. */
  occupant?: AbortController
}

export const openLane = (sessionID: string, lease: Promise<Lease>): Lane => ({
  sessionID,
  lease,
  controller: new AbortController(),
  waiting: new Map(),
  aborted: new Set(),
  admissions: new Set(),
  doomed: new WeakSet(),
  status: BUSY,
})

export const BUSY: SessionStatus = { type: "busy" }

/** What a turn has of the lane that it runs in. */
export interface TurnSeat {
  sessionID: string
  lease: Lease
  /** Prompts that somebody aborted with this turn. What came afterwards is for the next one. */
  aborted?: ReadonlySet<string>
  signal: AbortSignal
  /** Prompts that the turn has shown to the model. Its end answers these, and only these. */
  covered: Set<string>
  setStatus(status: SessionStatus): void
  /** Why the turn ended, once it has. */
  endReason?: EndReason
}

/** Puts an admitted prompt in the queue. @returns its answer */
export function waitIn(lane: Lane, messageID: string): Promise<MessageWithParts> {
  const waiter = deferred<MessageWithParts>()
  waiter.promise.catch(() => {}) // whoever asked hears of it; nobody has to ask
  lane.waiting.set(messageID, waiter)
  return waiter.promise
}

/** Ends the running turn and these prompts with it; without one, the next turn is over as it begins. */
export function stopTurn(lane: Lane, messageIDs: Iterable<string>): void {
  for (const messageID of messageIDs) lane.aborted.add(messageID)
  // A turn at work has its prompts waiting. Without any, the signal would only reach one that is admitted later.
  if (lane.aborted.size > 0) lane.controller.abort()
}

/** Ends everything that is in the lane at this moment. Resolves when it is over. */
export async function abortLane(lane: Lane): Promise<void> {
  const { occupant, current } = lane
  occupant?.abort()
  const admissions = [...lane.admissions]
  for (const admission of admissions) lane.doomed.add(admission)
  const ended = [...lane.waiting.values()].map(({ promise }) => promise)
  const before = [...lane.waiting.keys()]
  // Not at once: a turn that ends for a reason of its own keeps it.
  await Promise.allSettled(admissions)
  stopTurn(
    lane,
    before.filter((messageID) => lane.waiting.has(messageID)),
  )
  for (const [messageID, { promise }] of lane.waiting) if (lane.aborted.has(messageID)) ended.push(promise)
  const rest = occupant || ended.length === 0 ? lane.running : undefined
  await Promise.allSettled([occupant ? rest : (current ?? rest), ...ended])
}
