/**
 * Who may run turns of a session. Invariants: a lease passes to another process only when its owner is proven dead or has
 * let go; its epoch grows with each owner and never goes back, so whatever an old owner still writes is refused.
 */
import { fault } from "../lib/fault.ts"
import { isAlive, type ProcessIdentity } from "./process-identity.ts"
import type { Reader, Tx } from "./tx.ts"

export interface Owner extends ProcessIdentity {
  /** Where the owner takes forwarded prompts and replies. */
  address?: string
}

/** What a turn carries and each of its writes shows. */
export interface Lease {
  sessionID: string
  epoch: number
}

export interface HeldLease extends Lease, Owner {
  /** Milliseconds since the epoch. */
  taken: number
}

export interface Take {
  sessionID: string
  owner: Owner
  now: number
  /** Whether the owner is proven dead. Default: asks the process table. */
  isDead?: (held: HeldLease) => boolean
}

interface Row {
  session_id: string
  epoch: number
  pid: number | null
  process_started: string | null
  address: string | null
  taken: number | null
}

const COLUMNS = "session_id, epoch, pid, process_started, address, taken"

export type LeaseStore = ReturnType<typeof createLeaseStore>

export function createLeaseStore(reader: Reader) {
  function get(sessionID: string): HeldLease | undefined {
    const row = reader.get<Row>(`SELECT ${COLUMNS} FROM lease WHERE session_id = ?`, sessionID)
    return row && held(row)
  }

  return {
    /** A new epoch for `owner`, also when it held the lease before; or who holds it. */
    take(tx: Tx, { sessionID, owner, now, isDead = (row) => !isAlive(row) }: Take): Lease | { heldBy: HeldLease } {
      const current = get(sessionID)
      if (current && !isOurs(current, owner) && !isDead(current)) return { heldBy: current }
      tx.run(
        `INSERT INTO lease (session_id, epoch, pid, process_started, address, taken) VALUES (?, 1, ?, ?, ?, ?)
         ON CONFLICT (session_id) DO UPDATE SET epoch = epoch + 1, pid = excluded.pid,
           process_started = excluded.process_started, address = excluded.address, taken = excluded.taken`,
        sessionID,
        owner.pid,
        owner.processStarted ?? null,
        owner.address ?? null,
        now,
      )
      const row = reader.get<{ epoch: number }>("SELECT epoch FROM lease WHERE session_id = ?", sessionID)
      return { sessionID, epoch: row?.epoch ?? 1 }
    },

    /** Lets go. Does nothing when somebody else holds it by now. */
    release(tx: Tx, { sessionID, epoch }: Lease): void {
      tx.run("UPDATE lease SET pid = NULL WHERE session_id = ? AND epoch = ?", sessionID, epoch)
    },

    /** @throws fault `conflict` when the lease was taken over or released, `session_not_found` when its session is gone */
    assertHeld({ sessionID, epoch }: Lease): void {
      if (get(sessionID)?.epoch === epoch) return
      if (!reader.get("SELECT 1 FROM session WHERE id = ?", sessionID))
        throw fault("session_not_found", `Session not found: ${sessionID}`, { sessionID })
      throw fault("conflict", `Another process has taken over the session ${sessionID}.`, {
        sessionID,
        epoch,
      })
    },

    get,

    /** All leases that were taken and not released; their owners may be dead. */
    list: (): HeldLease[] =>
      reader
        .all<Row>(`SELECT ${COLUMNS} FROM lease WHERE pid IS NOT NULL ORDER BY session_id`)
        .map(held)
        .filter((lease) => lease !== undefined),
  }
}

/** A living process is the only one with its pid: whoever had that number before us is gone. */
const isOurs = (held: HeldLease, owner: Owner): boolean => held.pid === owner.pid

function held(row: Row): HeldLease | undefined {
  if (row.pid === null) return undefined
  return {
    sessionID: row.session_id,
    epoch: row.epoch,
    pid: row.pid,
    processStarted: row.process_started ?? undefined,
    address: row.address ?? undefined,
    taken: row.taken ?? 0,
  }
}
