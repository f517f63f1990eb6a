import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { SessionStatus } from "@opencode/protocol/session.ts"
import { fault, type Fault } from "../lib/fault.ts"
import type { Peers } from "../peer/peers.ts"
import type { HeldLease, Lease, Owner } from "../store/lease-store.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"
import { busyElsewhere, createHolds } from "./hold.ts"
import { abortLane, BUSY, openLane, stopTurn, waitIn, type Lane, type TurnSeat } from "./lane.ts"
import { createLaneTurns, type LaneTurnsDeps } from "./lane-turns.ts"

/** The sessions that this process works on, each with its lane. */
export interface Lanes {
  /**
   * Commits a prompt and has it answered.
   * @returns the answer: the last message of the turn that covered the prompt. Absent when none is wanted.
   * @throws fault `busy` when another living process works on the session
   */
  admit(sessionID: string, admission: Admission): Promise<{ answer?: Promise<MessageWithParts> }>
  /** Answers prompts that an earlier process admitted and never began. */
  resume(sessionID: string, messageIDs: string[]): void
  /** The answer of a prompt that waits here; absent when none does. */
  answerOf(sessionID: string, messageID: string): Promise<MessageWithParts> | undefined
  /**
   * Runs `body` with the session's lease and no turn in the way; prompts that come meanwhile, and others who want the
   * session for themselves, wait for its end. @throws fault `busy` when a turn runs, here or in another process
   */
  exclusive<T>(sessionID: string, body: (lease: Lease) => Promise<T>): Promise<T>
  /**
   * Does in the session's lane what is no answer to a prompt. Clients see it as busy and can abort it; prompts that come
   * meanwhile are answered after it. @throws fault `busy` when a turn runs
   */
  occupy<T>(sessionID: string, body: (seat: TurnSeat) => Promise<T>): Promise<T>
  /**
   * Ends the running turn, and with it what waits behind it at this moment. What is admitted later is answered by a turn
   * of its own. Resolves when all that was ended is over. A turn of another living process is ended by that one.
   */
  abort(sessionID: string): Promise<boolean>
  status(): Record<string, SessionStatus>
  /** Whether something of this process works on the session. */
  isBusy(sessionID: string): boolean
  /** The lease of another living process on the session. */
  elsewhere(sessionID: string): HeldLease | undefined
  close(): Promise<void>
}

export interface Admission {
  /** Runs inside the admitting transaction and returns the stored prompt. */
  write(tx: Tx): MessageWithParts
  /** Right after the commit, before anything is done about the prompt. */
  announce(message: MessageWithParts): void
  wantsAnswer: boolean
}

export interface LanesDeps extends Pick<LaneTurnsDeps, "publish" | "log" | "staysBusy" | "runTurn"> {
  store: Store
  owner: Owner
  now(): number
  peers: Pick<Peers, "address" | "abort">
  /** Part of each admission's transaction: what was taken back goes for good. Returns what tells the clients so. */
  makeFinal(tx: Tx, sessionID: string): () => void
}

export function createLanes(deps: LanesDeps): Lanes {
  const { store, peers } = deps
  const lanes = new Map<string, Lane>()
  /** Sessions in which a turn ended without being able to say so in its message. */
  const torn = new Set<string>()
  const state = { closing: false }
  const holds = createHolds({ ...deps, torn })
  const turns = createLaneTurns({ ...deps, lanes, torn, holds, isClosing: () => state.closing })

  function laneOf(sessionID: string): Lane {
    const existing = lanes.get(sessionID)
    if (existing) return existing
    const lane = openLane(sessionID, holds.forTurns(sessionID))
    lanes.set(sessionID, lane)
    lane.lease.catch(() => lanes.delete(sessionID))
    return lane
  }

  function requireOpen(): void {
    if (state.closing) throw fault("unavailable", "The server is shutting down.")
  }

  async function admit(sessionID: string, { write, announce, wantsAnswer }: Admission) {
    requireOpen()
    const lane = laneOf(sessionID)
    let tellUndone = () => {}
    const admission = lane.lease.then((lease) =>
      store.turnWrite(lease, (tx) => {
        tellUndone = deps.makeFinal(tx, sessionID)
        return write(tx)
      }),
    )
    lane.admissions.add(admission)
    try {
      const message = await admission
      tellUndone()
      announce(message)
      if (!wantsAnswer) return {}
      const answer = waitIn(lane, message.info.id)
      if (lane.doomed.has(admission)) stopTurn(lane, [message.info.id])
      return { answer }
    } finally {
      lane.admissions.delete(admission)
      if (lanes.get(sessionID) === lane) turns.start(lane)
    }
  }

  async function occupy<T>(sessionID: string, body: (seat: TurnSeat) => Promise<T>): Promise<T> {
    requireOpen()
    if (lanes.has(sessionID)) throw busyHere(sessionID)
    const lane = laneOf(sessionID)
    // From its first moment on, so that an abort finds it.
    const { signal } = (lane.occupant = new AbortController())
    const occupied = lane.lease.then((lease) => {
      const setStatus = (status: SessionStatus): void => turns.setStatus(lane, status)
      setStatus(BUSY)
      const over = body({ sessionID, lease, signal, covered: new Set(), setStatus })
      over.catch(() => torn.add(sessionID))
      return over
    })
    const leaveSeat = (): void => {
      lane.admissions.delete(occupied)
      delete lane.occupant
    }
    // The lane waits for it as for a prompt that is being admitted.
    lane.admissions.add(occupied)
    lane.current = occupied.then(leaveSeat, leaveSeat)
    await lane.lease
    turns.start(lane)
    return occupied
  }

  async function abortElsewhere(sessionID: string): Promise<boolean> {
    const other = holds.elsewhere(sessionID)
    if (!other) return false
    if (other.address === undefined) throw busyElsewhere(sessionID, other.pid)
    return peers.abort(other.address, sessionID)
  }

  return {
    admit,
    occupy,

    resume(sessionID, messageIDs) {
      const lane = laneOf(sessionID)
      for (const messageID of messageIDs) void waitIn(lane, messageID)
      turns.start(lane)
    },

    answerOf: (sessionID, messageID) => lanes.get(sessionID)?.waiting.get(messageID)?.promise,

    exclusive: (sessionID, body) =>
      lanes.has(sessionID) ? Promise.reject(busyHere(sessionID)) : holds.alone(sessionID, body),

    async abort(sessionID) {
      const lane = lanes.get(sessionID)
      if (!lane) return abortElsewhere(sessionID)
      await abortLane(lane)
      return true
    },

    status: () =>
      Object.fromEntries([
        ...holds.others().map((held) => [held.sessionID, BUSY]),
        ...[...lanes].map(([sessionID, lane]) => [sessionID, lane.status]),
      ]),
    isBusy: (sessionID) => lanes.has(sessionID) || holds.isAlone(sessionID),
    elsewhere: holds.elsewhere,

    async close() {
      state.closing = true
      const open = [...lanes.values()]
      for (const lane of open) {
        lane.controller.abort()
        lane.occupant?.abort()
      }
      // What is just being admitted starts a turn of its own, which ends at once.
      await Promise.allSettled(open.flatMap((lane) => [...lane.admissions]))
      await Promise.allSettled([...open.map((lane) => lane.running), holds.close()])
    },
  }
}

const busyHere = (sessionID: string): Fault => fault("busy", `Session ${sessionID} is busy.`, { sessionID })
