/**
 * Runs of child sessions. Invariant: a run is on record before its child is asked anything, and a run without an end
 * belongs to a turn that is under way or whose process died.
 */
import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import type { Reader, Tx } from "./tx.ts"

/** `limit`: a limit of the whole tree, or of its own agent, ended it. `deadline`: it took too long, or did nothing. */
export type ChildState = "running" | "completed" | "failed" | "aborted" | "deadline" | "limit"

/** What the parent's agent and session forbid, which the child may not do either. */
export interface Bounds {
  ceiling: PermissionRuleset
  /** Commands may only read. */
  readOnly: boolean
}

export interface ChildCall {
  messageID: string
  callID: string
}

export interface NewChild extends ChildCall {
  /** The session that the call belongs to. */
  sessionID: string
  childID: string
  bounds: Bounds
  /** Milliseconds since the epoch. */
  started: number
}

export interface Child extends NewChild {
  state: ChildState
  finished?: number
  error?: string
}

interface Row {
  session_id: string
  message_id: string
  call_id: string
  child_id: string
  bounds: string
  state: ChildState
  started: number
  finished: number | null
  error: string | null
}

const COLUMNS = "session_id, message_id, call_id, child_id, bounds, state, started, finished, error"
/** What is told of a run whose process died. */
const INTERRUPTED = "The program ended while this subagent worked."

export type ChildStore = ReturnType<typeof createChildStore>

export function createChildStore(reader: Reader) {
  return {
    /** The parent is stored first. Runs of the same child that a crash left open are closed: one at a time is at work. */
    open(tx: Tx, run: NewChild): void {
      tx.run(
        "UPDATE child SET state = 'failed', finished = ?, error = ? WHERE child_id = ? AND finished IS NULL",
        run.started,
        INTERRUPTED,
        run.childID,
      )
      tx.run(
        `INSERT INTO child (session_id, message_id, call_id, child_id, bounds, state, started)
         VALUES (?, ?, ?, ?, ?, 'running', ?)`,
        run.sessionID,
        run.messageID,
        run.callID,
        run.childID,
        JSON.stringify(run.bounds),
        run.started,
      )
    },

    /** Does nothing when the run has ended already, or went with its session. */
    finish(
      tx: Tx,
      { messageID, callID }: ChildCall,
      { state, finished, error }: { state: ChildState; finished: number; error?: string },
    ): void {
      tx.run(
        "UPDATE child SET state = ?, finished = ?, error = ? WHERE message_id = ? AND call_id = ? AND finished IS NULL",
        state,
        finished,
        error ?? null,
        messageID,
        callID,
      )
    },

    /** From now on its result is owed to the session of the call. */
    detach(tx: Tx, { messageID, callID }: ChildCall): void {
      tx.run("UPDATE child SET detached = 1 WHERE message_id = ? AND call_id = ? AND detached = 0", messageID, callID)
    },

    /** Runs whose result the session has not heard, in the order in which they were started. */
    owed(sessionID: string): Child[] {
      const sql = `SELECT ${COLUMNS} FROM child WHERE session_id = ? AND detached = 1 ORDER BY position`
      return reader.all<Row>(sql, sessionID).map(childOf)
    },

    /** @returns whether it was owed until now */
    told(tx: Tx, { messageID, callID }: ChildCall): boolean {
      const sql = "UPDATE child SET detached = 2 WHERE message_id = ? AND call_id = ? AND detached = 1"
      return tx.run(sql, messageID, callID) > 0
    },

    /** Closes the runs that a dead process left open in a session. */
    interrupt(tx: Tx, sessionID: string, finished: number): void {
      tx.run(
        "UPDATE child SET state = 'failed', finished = ?, error = ? WHERE session_id = ? AND finished IS NULL",
        finished,
        INTERRUPTED,
        sessionID,
      )
    },

    ofCall({ messageID, callID }: ChildCall): Child | undefined {
      const sql = `SELECT ${COLUMNS} FROM child WHERE message_id = ? AND call_id = ?`
      const row = reader.get<Row>(sql, messageID, callID)
      return row && childOf(row)
    },

    /** The newest run of a child: what binds it holds, also while nothing runs. */
    latest(childID: string): Child | undefined {
      const sql = `SELECT ${COLUMNS} FROM child WHERE child_id = ? ORDER BY position DESC LIMIT 1`
      const row = reader.get<Row>(sql, childID)
      return row && childOf(row)
    },
  }
}

const childOf = (row: Row): Child => ({
  sessionID: row.session_id,
  messageID: row.message_id,
  callID: row.call_id,
  childID: row.child_id,
  bounds: JSON.parse(row.bounds) as Bounds, // written by `open` alone
  state: row.state,
  started: row.started,
  ...(row.finished === null ? {} : { finished: row.finished }),
  ...(row.error === null ? {} : { error: row.error }),
})
