import type { EndReason } from "@opencode/protocol/end-reason.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { SessionStatus } from "@opencode/protocol/session.ts"
import { deferred, type Deferred } from "../lib/deadline.ts"
import { fault } from "../lib/fault.ts"
import type { Log } from "../lib/log.ts"
import type { Peers } from "../peer/peers.ts"
import type { HeldLease, Lease, Owner } from "../store/lease-store.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"
import { busyElsewhere, createHolds } from "./hold.ts"
import type { Publish } from "./record.ts"

/**
 * One turn at a time per session. A lane exists while its session has something to answer; it holds the session's
 * lease for just that long. A prompt that arrives meanwhile is admitted at once: the running turn sees it at its next
 * step, or the turn after it answers it. Every admitted prompt is answered exactly once.
 */
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

export interface LaneDeps {
  store: Store
  owner: Owner
  now(): number
  publish: Publish
  log: Log
  peers: Pick<Peers, "address" | "abort">
  /** Whether a session is busy apart from its turns. */
  staysBusy?(sessionID: string): boolean
  /** Part of each admission's transaction: what was taken back goes for good. Returns what tells the clients so. */
  makeFinal(tx: Tx, sessionID: string): () => void
  /** Runs one turn to its end and returns its last message. Does not throw for anything a provider or tool does. */
  runTurn(seat: TurnSeat): Promise<MessageWithParts>
}

interface Lane {
  sessionID: string
  lease: Promise<Lease>
  controller: AbortController
  waiting: Map<string, Deferred<MessageWithParts>>
  /** What waited when the running turn was aborted. */
  aborted: Set<string>
  admissions: Set<Promise<unknown>>
  /** Admissions that were under way when somebody aborted: their prompts end as soon as they are there. */
  doomed: WeakSet<Promise<unknown>>
  status: SessionStatus
  /** Why the last turn ended. */
  endReason?: EndReason
  running?: Promise<void>
  current?: Promise<void>
  /** Ends what occupies the lane. */
  occupant?: AbortController
}

export function createLanes(deps: LaneDeps): Lanes {
  const { store, publish, log, peers, runTurn } = deps
  const lanes = new Map<string, Lane>()
  /** Sessions in which a turn ended without being able to say so in its message. */
  const torn = new Set<string>()
  const holds = createHolds({ ...deps, torn })
  const state = { closing: false }

  function laneOf(sessionID: string): Lane {
    const existing = lanes.get(sessionID)
    if (existing) return existing
    const lane: Lane = {
      sessionID,
      lease: holds.forTurns(sessionID),
      controller: new AbortController(),
      waiting: new Map(),
      aborted: new Set(),
      admissions: new Set(),
      doomed: new WeakSet(),
      status: { type: "busy" },
    }
    lanes.set(sessionID, lane)
    lane.lease.catch(() => lanes.delete(sessionID))
    return lane
  }

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
      if (!lane.current) setStatus(lane, { type: "busy" })
      await (lane.current = runOne(lane, lease))
    }
    // The last turn has left already, unless the only admission failed.
    if (lanes.get(lane.sessionID) !== lane) return
    leave(lane)
    await holds.settle(lease, { answered: [], isLast: true })
  }

  async function runOne(lane: Lane, lease: Lease): Promise<void> {
    const covered = new Set<string>()
    const { sessionID, controller } = lane
    const seat: TurnSeat = {
      sessionID,
      lease,
      covered,
      aborted: lane.aborted,
      signal: controller.signal,
      setStatus: (status) => setStatus(lane, status),
    }
    const end = await runTurn(seat).then(
      (answer) => ({ answer }),
      (error: unknown) => ({ error }),
    )
    if ("error" in end) torn.add(sessionID)
    lane.endReason = "error" in end ? "error" : seat.endReason
    // A turn that broke answers everything that was admitted up to that moment: the next one would break likewise.
    // An aborted turn may have been shown what came after the abort: that is for the next one.
    const over = lane.aborted.size > 0 ? new Set(lane.aborted) : covered
    const all = state.closing || "error" in end || over.size === 0
    const waiters = [...lane.waiting].filter(([id]) => all || over.has(id))
    lane.aborted.clear()
    const answered = waiters.map(([messageID]) => messageID)
    for (const messageID of answered) lane.waiting.delete(messageID)
    const isLast = lane.waiting.size === 0 && lane.admissions.size === 0
    if (isLast) leave(lane)
    else if (controller.signal.aborted && !state.closing) lane.controller = new AbortController()
    await holds.settle(lease, { answered, isLast })
    for (const [, waiter] of waiters) {
      if ("answer" in end) waiter.resolve(end.answer)
      else waiter.reject(end.error)
    }
  }

  /** From here on the session is idle for everybody, and a new prompt opens a new lane. */
  function leave(lane: Lane): void {
    lanes.delete(lane.sessionID)
    if (!lane.current) return // nothing was asked of the model, nobody was told that the session is busy
    setStatus(lane, { type: "idle", ...(lane.endReason && { reason: lane.endReason }) })
    publish("session.idle", { sessionID: lane.sessionID })
    if (deps.staysBusy?.(lane.sessionID)) setStatus(lane, BUSY)
  }

  function start(lane: Lane): void {
    lane.running ??= run(lane).catch((error: unknown) => broken(lane, error))
  }

  function wait(lane: Lane, messageID: string): Promise<MessageWithParts> {
    const waiter = deferred<MessageWithParts>()
    waiter.promise.catch(() => {}) // whoever asked hears of it; nobody has to ask
    lane.waiting.set(messageID, waiter)
    return waiter.promise
  }

  /** Ends the running turn and these prompts with it; without one, the next turn is over as it begins. */
  function stop(lane: Lane, messageIDs: Iterable<string>): void {
    for (const messageID of messageIDs) lane.aborted.add(messageID)
    // A turn at work has its prompts waiting. Without any, the signal would only reach one that is admitted later.
    if (lane.aborted.size > 0) lane.controller.abort()
  }

  /** A bug in the lane itself: whoever waits hears of it, and the session can be used again. */
  function broken(lane: Lane, error: unknown): void {
    log.error("lane broke", { error, sessionID: lane.sessionID })
    for (const waiter of lane.waiting.values()) waiter.reject(error)
    if (lanes.get(lane.sessionID) === lane) leave(lane)
  }

  return {
    async admit(sessionID, { write, announce, wantsAnswer }) {
      if (state.closing) throw fault("unavailable", "The server is shutting down.")
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
        const answer = wait(lane, message.info.id)
        if (lane.doomed.has(admission)) stop(lane, [message.info.id])
        return { answer }
      } finally {
        lane.admissions.delete(admission)
        if (lanes.get(sessionID) === lane) start(lane)
      }
    },

    resume(sessionID, messageIDs) {
      const lane = laneOf(sessionID)
      for (const messageID of messageIDs) void wait(lane, messageID)
      start(lane)
    },

    answerOf: (sessionID, messageID) => lanes.get(sessionID)?.waiting.get(messageID)?.promise,

    exclusive: (sessionID, body) =>
      lanes.has(sessionID)
        ? Promise.reject(fault("busy", `Session ${sessionID} is busy.`, { sessionID }))
        : holds.alone(sessionID, body),

    async occupy(sessionID, body) {
      if (state.closing) throw fault("unavailable", "The server is shutting down.")
      if (lanes.has(sessionID)) throw fault("busy", `Session ${sessionID} is busy.`, { sessionID })
      const lane = laneOf(sessionID)
      // From its first moment on, so that an abort finds it.
      const { signal } = (lane.occupant = new AbortController())
      const occupied = lane.lease.then((lease) => {
        setStatus(lane, { type: "busy" })
        const setLaneStatus = (status: SessionStatus): void => setStatus(lane, status)
        const over = body({ sessionID, lease, signal, covered: new Set(), setStatus: setLaneStatus })
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
      start(lane)
      return occupied
    },

    async abort(sessionID) {
      const lane = lanes.get(sessionID)
      if (!lane) {
        const other = holds.elsewhere(sessionID)
        if (!other) return false
        if (other.address === undefined) throw busyElsewhere(sessionID, other.pid)
        return peers.abort(other.address, sessionID)
      }
      const { occupant, current } = lane
      occupant?.abort()
      const admissions = [...lane.admissions]
      for (const admission of admissions) lane.doomed.add(admission)
      const ended = [...lane.waiting.values()].map(({ promise }) => promise)
      const before = [...lane.waiting.keys()]
      // Not at once: a turn that ends for a reason of its own keeps it.
      await Promise.allSettled(admissions)
      stop(
        lane,
        before.filter((messageID) => lane.waiting.has(messageID)),
      )
      for (const [messageID, { promise }] of lane.waiting) if (lane.aborted.has(messageID)) ended.push(promise)
      const rest = occupant || ended.length === 0 ? lane.running : undefined
      await Promise.allSettled([occupant ? rest : (current ?? rest), ...ended])
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

const BUSY: SessionStatus = { type: "busy" }
