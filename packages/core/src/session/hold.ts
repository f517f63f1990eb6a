import { fault, type Fault } from "../lib/fault.ts"
import type { Log } from "../lib/log.ts"
import type { Peers } from "../peer/peers.ts"
import type { HeldLease, Lease, Owner } from "../store/lease-store.ts"
import { isAlive } from "../store/process-identity.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"

/**
 * Taking a session and letting it go. Whoever works on one holds its lease; it is released in the transaction that marks
 * the last prompt as answered, and stays behind when there is something to make good.
 */
export interface Holds {
  /**
   * Waits for whoever has the session for themselves.
   * @throws fault `busy` when another living process works on the session
   */
  forTurns(sessionID: string): Promise<Lease>
  /** Runs `body` with the session's lease; others who want it for themselves wait. @throws fault `busy` as above */
  alone<T>(sessionID: string, body: (lease: Lease) => Promise<T>): Promise<T>
  /** Whether somebody has, or waits to have, the session for themselves. */
  isAlone(sessionID: string): boolean
  /** After a turn: marks prompts as answered, and lets go after the last one. Does not throw. */
  settle(lease: Lease, end: { answered: string[]; isLast: boolean }): Promise<void>
  /** The lease of another living process on the session. */
  elsewhere(sessionID: string): HeldLease | undefined
  /** All leases of other living processes. */
  others(): HeldLease[]
  /** Resolves when nobody has a session for themselves any more. */
  close(): Promise<void>
}

export interface HoldDeps {
  store: Store
  owner: Owner
  now(): number
  log: Log
  peers: Pick<Peers, "address">
  /** Sessions in which a turn ended without being able to say so in its message. Those that are let go are taken out. */
  torn: Set<string>
}

export function createHolds({ store, owner, now, log, peers, torn }: HoldDeps): Holds {
  /** The last of those that have, or wait to have, a session for themselves. */
  const alone = new Map<string, Promise<unknown>>()
  /** Prompts that were answered and could not be marked so, by session: the next end of a turn does it. */
  const unmarked = new Map<string, string[]>()

  const isOthers = (held: HeldLease): boolean => held.pid !== owner.pid && isAlive(held)

  async function take(sessionID: string, as: Owner): Promise<Lease> {
    const taken = await store.write((tx) => store.leases.take(tx, { sessionID, owner: as, now: now() }))
    if ("heldBy" in taken) throw busyElsewhere(sessionID, taken.heldBy.pid)
    return taken
  }

  function markAnswered(tx: Tx, sessionID: string): void {
    // One that was deleted meanwhile has no mark to bear.
    const answered = (unmarked.get(sessionID) ?? []).filter((messageID) => store.inbox.get(messageID))
    for (const messageID of answered) store.inbox.mark(tx, messageID, "answered", now())
  }

  function letGo(tx: Tx, lease: Lease): void {
    markAnswered(tx, lease.sessionID)
    // What a broken turn left open is closed by whoever opens the session next, and that goes by the lease.
    if (torn.has(lease.sessionID) && isOpen(lease.sessionID)) return
    torn.delete(lease.sessionID)
    store.leases.release(tx, lease)
  }

  const isOpen = (sessionID: string): boolean =>
    store.messages.list(sessionID).some(({ info }) => info.role === "assistant" && info.time.completed === undefined)

  return {
    async forTurns(sessionID) {
      // A turn may take hours, so whoever wants something of it meanwhile has to find us.
      const [address] = await Promise.all([peers.address(), alone.get(sessionID)])
      return take(sessionID, { ...owner, ...(address === undefined ? {} : { address }) })
    },

    alone<T>(sessionID: string, body: (lease: Lease) => Promise<T>): Promise<T> {
      const before = alone.get(sessionID)
      const running = (async () => {
        await before
        const lease = await take(sessionID, owner)
        try {
          return await body(lease)
        } finally {
          await store.write((tx) => letGo(tx, lease))
          unmarked.delete(sessionID)
        }
      })()
      const over = running.then(
        () => {},
        () => {}, // whoever asked for it hears why
      )
      alone.set(sessionID, over)
      void over.then(() => alone.get(sessionID) === over && alone.delete(sessionID))
      return running
    },

    isAlone: (sessionID) => alone.has(sessionID),

    async settle(lease, { answered, isLast }) {
      const { sessionID } = lease
      unmarked.set(sessionID, [...(unmarked.get(sessionID) ?? []), ...answered])
      try {
        await store.turnWrite(lease, (tx) => (isLast ? letGo(tx, lease) : markAnswered(tx, sessionID)))
        unmarked.delete(sessionID)
      } catch (error) {
        if (!store.sessions.get(sessionID)) return void unmarked.delete(sessionID) // deleted meanwhile, with its lease
        // The answer itself is stored. The lease that stays behind says that there is something to make good.
        log.error("end of turn could not be stored", { error, sessionID })
      }
    },

    elsewhere(sessionID) {
      const held = store.leases.get(sessionID)
      return held && isOthers(held) ? held : undefined
    },

    others: () => store.leases.list().filter(isOthers),

    close: async () => void (await Promise.allSettled(alone.values())),
  }
}

export const busyElsewhere = (sessionID: string, pid: number): Fault =>
  fault("busy", `Session ${sessionID} is being worked on by another process (pid ${pid}).`, { sessionID, pid })
