/**
 * What was about to be done. Invariant: an unsafe call has a committed intent before it starts and is started once; an
 * intent without an outcome means that nobody knows how far it came.
 */
import { fault } from "../lib/fault.ts"
import type { Reader, Tx } from "./tx.ts"

/**
 * What may happen when a call is made twice, which decides what recovery may do after a crash:
 * - `pure`: nothing changes; it may simply run again.
 * - `idempotent`: running it again leaves the same result.
 * - `unsafe`: never repeated silently. An intent is committed before it starts.
 */
export type Effect = "pure" | "idempotent" | "unsafe"

export interface IntentKey {
  messageID: string
  callID: string
}

export interface NewIntent extends IntentKey {
  sessionID: string
  tool: string
  effect: Effect
  /** The input as executed, which hooks may have changed; the part keeps the model's. Any JSON. */
  input: unknown
  /** Milliseconds since the epoch. */
  started: number
}

export interface Intent extends NewIntent {
  finished?: number
  /** Any JSON. */
  outcome?: unknown
}

interface Row {
  message_id: string
  call_id: string
  session_id: string
  tool: string
  effect: Effect
  input: string
  started: number
  finished: number | null
  outcome: string | null
}

const COLUMNS = "message_id, call_id, session_id, tool, effect, input, started, finished, outcome"

export type IntentStore = ReturnType<typeof createIntentStore>

export function createIntentStore(reader: Reader) {
  return {
    /** The message is stored first. @throws fault `conflict` when this call is unsafe and was started before */
    open(tx: Tx, intent: NewIntent): void {
      const opened = tx.run(
        `INSERT INTO intent (message_id, call_id, session_id, tool, effect, input, started) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (message_id, call_id) DO UPDATE SET tool = excluded.tool, effect = excluded.effect,
           input = excluded.input, started = excluded.started, finished = NULL, outcome = NULL
           WHERE effect <> 'unsafe'`,
        intent.messageID,
        intent.callID,
        intent.sessionID,
        intent.tool,
        intent.effect,
        json(intent.input),
        intent.started,
      )
      if (opened === 0)
        throw fault("conflict", `The call ${intent.callID} was started before and is not safe to repeat.`, {
          callID: intent.callID,
        })
    },

    /** @throws fault `not_found` when there is no such intent without an outcome */
    finish(
      tx: Tx,
      { messageID, callID }: IntentKey,
      { finished, outcome }: { finished: number; outcome: unknown },
    ): void {
      const sql = `UPDATE intent SET finished = ?, outcome = ? WHERE message_id = ? AND call_id = ? AND finished IS NULL`
      if (tx.run(sql, finished, json(outcome), messageID, callID) === 0)
        throw fault("not_found", `The call ${callID} has no open intent.`, { messageID, callID })
    },

    get({ messageID, callID }: IntentKey): Intent | undefined {
      const sql = `SELECT ${COLUMNS} FROM intent WHERE message_id = ? AND call_id = ?`
      const row = reader.get<Row>(sql, messageID, callID)
      return row && intentOf(row)
    },

    /** In the order in which they were opened. */
    unfinished: (sessionID: string): Intent[] =>
      reader
        .all<Row>(`SELECT ${COLUMNS} FROM intent WHERE session_id = ? AND finished IS NULL ORDER BY rowid`, sessionID)
        .map(intentOf),
  }
}

const json = (value: unknown): string => JSON.stringify(value ?? null)

const intentOf = (row: Row): Intent => ({
  messageID: row.message_id,
  callID: row.call_id,
  sessionID: row.session_id,
  tool: row.tool,
  effect: row.effect,
  input: JSON.parse(row.input),
  started: row.started,
  finished: row.finished ?? undefined,
  outcome: row.outcome === null ? undefined : JSON.parse(row.outcome),
})
