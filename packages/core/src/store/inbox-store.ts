/** Prompts that were accepted. Invariant: one is here, committed, before its request is answered, until it is answered. */
import { fault } from "../lib/fault.ts"
import type { Reader, Tx } from "./tx.ts"

/** `running` after a crash means: begun by a process that is gone. */
export type InboxState = "admitted" | "running" | "answered"

export interface NewAdmission {
  messageID: string
  sessionID: string
  /** What the prompt asked for beyond its message. Any JSON. */
  options: unknown
  /** Milliseconds since the epoch. */
  admitted: number
}

export interface Admission extends NewAdmission {
  /** The order in which prompts were accepted, over all sessions. */
  position: number
  state: InboxState
  answered?: number
}

interface Row {
  position: number
  message_id: string
  session_id: string
  state: InboxState
  options: string
  admitted: number
  answered: number | null
}

const SELECT = "SELECT position, message_id, session_id, state, options, admitted, answered FROM inbox"

export type InboxStore = ReturnType<typeof createInboxStore>

export function createInboxStore(reader: Reader) {
  /** Accepted and not answered, begun or not, oldest first. */
  const unanswered = (sessionID: string): Admission[] =>
    reader
      .all<Row>(`${SELECT} WHERE session_id = ? AND state <> 'answered' ORDER BY position`, sessionID)
      .map(admission)

  return {
    /** The message is stored first. @throws fault `conflict` when it was admitted before */
    admit(tx: Tx, { messageID, sessionID, options, admitted }: NewAdmission): void {
      const added = tx.run(
        `INSERT INTO inbox (message_id, session_id, state, options, admitted) VALUES (?, ?, 'admitted', ?, ?)
         ON CONFLICT (message_id) DO NOTHING`,
        messageID,
        sessionID,
        JSON.stringify(options ?? null),
        admitted,
      )
      if (added === 0) throw fault("conflict", `The prompt ${messageID} was accepted before.`, { messageID })
    },

    /** @param now becomes the time of the answer when `state` is `answered` @throws fault `not_found` */
    mark(tx: Tx, messageID: string, state: InboxState, now: number): void {
      const answered = state === "answered" ? now : null
      if (tx.run("UPDATE inbox SET state = ?, answered = ? WHERE message_id = ?", state, answered, messageID) === 0)
        throw fault("not_found", `The prompt ${messageID} was never accepted.`, { messageID })
    },

    get(messageID: string): Admission | undefined {
      const row = reader.get<Row>(`${SELECT} WHERE message_id = ?`, messageID)
      return row && admission(row)
    },

    /** Accepted and not begun, oldest first. */
    waiting: (sessionID: string): Admission[] => unanswered(sessionID).filter((one) => one.state === "admitted"),

    unanswered,
  }
}

const admission = (row: Row): Admission => ({
  position: row.position,
  messageID: row.message_id,
  sessionID: row.session_id,
  state: row.state,
  options: JSON.parse(row.options),
  admitted: row.admitted,
  answered: row.answered ?? undefined,
})
