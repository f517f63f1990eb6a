import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { SessionStatus } from "@opencode/protocol/session.ts"
import type { Deferred } from "../lib/deadline.ts"
import type { Log } from "../lib/log.ts"
import type { Lease } from "../store/lease-store.ts"
import type { Holds } from "./hold.ts"
import { BUSY, type Lane, type TurnSeat } from "./lane.ts"
import type { Publish } from "./record.ts"

/** What a lane does by itself: turn after turn, until nothing waits in it and it goes. */
export interface LaneTurns {
  /** Does nothing in a lane that runs. */
  start(lane: Lane): void
  setStatus(lane: Lane, status: SessionStatus): void
}

export interface LaneTurnsDeps {
  /** The lanes that there are, by session. One that has nothing more to answer is taken out. */
  lanes: Map<string, Lane>
  /** Sessions in which a turn ended without being able to say so in its message. */
  torn: Set<string>
  holds: Pick<Holds, "settle">
  publish: Publish
  log: Log
  isClosing(): boolean
  /** Whether a session is busy apart from its turns. */
  staysBusy?(sessionID: string): boolean
  /** Runs one turn to its end and returns its last message. Does not throw for anything a provider or tool does. */
  runTurn(seat: TurnSeat): Promise<MessageWithParts>
}

export function createLaneTurns(deps: LaneTurnsDeps): LaneTurns {
  const { lanes, torn, holds, publish, log, isClosing, runTurn } = deps

  function setStatus(lane: Lane, status: SessionStatus): void {
    lane.status = status
    publish("session.status", { sessionID: lane.sessionID, status })
  }

  async function run(lane: Lane): Promise<void> {
    const lease = await lane.lease
    while (lane.waiting.size > 0 || lane.admissions.size > 0) {
      if (lane.waiting.size === 0) {
        await Promise.allSettled([...lane.admissions])
        continue
      }
      if (!lane.current) setStatus(lane, BUSY)
      await (lane.current = runOne(lane, lease))
    }
    // The last turn has left already, unless the only admission failed.
    if (lanes.get(lane.sessionID) !== lane) return
    leave(lane)
    await holds.settle(lease, { answered: [], isLast: true })
  }

  async function runOne(lane: Lane, lease: Lease): Promise<void> {
    const { sessionID, controller } = lane
    const seat: TurnSeat = {
      sessionID,
      lease,
      covered: new Set(),
      aborted: lane.aborted,
      signal: controller.signal,
      setStatus: (status) => setStatus(lane, status),
    }
    const end = await runTurn(seat).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    )
    const isBroken = "error" in end
    if (isBroken) torn.add(sessionID)
    lane.endReason = isBroken ? "error" : seat.endReason
    const answered = takeAnswered(lane, seat, isBroken)
    const isLast = lane.waiting.size === 0 && lane.admissions.size === 0
    if (isLast) leave(lane)
    else if (controller.signal.aborted && !isClosing()) lane.controller = new AbortController()
    await holds.settle(lease, { answered: [...answered.keys()], isLast })
    for (const waiter of answered.values()) {
      if ("answer" in end) waiter.resolve(end.answer)
      else waiter.reject(end.error)
    }
  }

  /** Takes out of the queue what a turn answers with its end. */
  function takeAnswered(lane: Lane, { covered }: TurnSeat, isBroken: boolean): Lane["waiting"] {
    // An aborted turn may have been shown what came after the abort: that is for the next one.
    const over = lane.aborted.size > 0 ? new Set(lane.aborted) : covered
    lane.aborted.clear()
    // A turn that broke answers everything that was admitted up to that moment: the next one would break likewise.
    const all = isClosing() || isBroken || over.size === 0
    const answered = new Map<string, Deferred<MessageWithParts>>()
    for (const [messageID, waiter] of lane.waiting) if (all || over.has(messageID)) answered.set(messageID, waiter)
    for (const messageID of answered.keys()) lane.waiting.delete(messageID)
    return answered
  }

  /** From here on the session is idle for everybody, and a new prompt opens a new lane. */
  function leave(lane: Lane): void {
    lanes.delete(lane.sessionID)
    if (!lane.current) return // nothing was asked of the model, nobody was told that the session is busy
    setStatus(lane, { type: "idle", ...(lane.endReason && { reason: lane.endReason }) })
    publish("session.idle", { sessionID: lane.sessionID })
    if (deps.staysBusy?.(lane.sessionID)) setStatus(lane, BUSY)
  }

  /** A bug in the lane itself: whoever waits hears of it, and the session can be used again. */
  function broken(lane: Lane, error: unknown): void {
    log.error("lane broke", { error, sessionID: lane.sessionID })
    for (const waiter of lane.waiting.values()) waiter.reject(error)
    if (lanes.get(lane.sessionID) === lane) leave(lane)
  }

  return {
    setStatus,
    start(lane) {
      lane.running ??= run(lane).catch((error: unknown) => broken(lane, error))
    },
  }
}
