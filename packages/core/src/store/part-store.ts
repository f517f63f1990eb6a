/**
 * Parts. Invariants: `put` carries the whole part and ends its tails; a read folds the tails onto the stored text, so
 * it shows every checkpoint; text that was stored as it streamed is not stored again when the part is complete; a part of a type nobody here knows is kept and returned as it is. Whose a part is, the
 * columns say and not what is stored of it: so a copied session names the same files of large bodies.
 */
import type { Part, PartOf } from "@opencode/protocol/part.ts"
import { fault } from "../lib/fault.ts"
import type { Blobs } from "./blobs.ts"
import { BLOB_THRESHOLD_BYTES, withoutBody } from "./part-body.ts"
import { versioned } from "./row-version.ts"
import type { Reader, Tx } from "./tx.ts"

interface Row {
  id: string
  session_id: string
  message_id: string
  v: number
  data: string
  blob: string | null
  tail: string | null
}

const SELECT = `SELECT part.id, part.session_id, part.message_id, part.v, part.data, part.blob,
  (SELECT group_concat(text, '' ORDER BY n) FROM part_tail WHERE part_id = part.id) AS tail FROM part`

export type PartStore = ReturnType<typeof createPartStore>

export function createPartStore(reader: Reader, blobs: Blobs) {
  const shape = versioned<Part>()

  function part(row: Row): Part {
    const stored = (row.blob !== null && large(row.blob, row.v)) || shape.decode(row.data, row.v)
    const value = ownedBy(stored, { id: row.id, sessionID: row.session_id, messageID: row.message_id })
    return row.tail !== null && "text" in value ? { ...value, text: value.text + row.tail } : value
  }

  /** Undefined when the file is missing or damaged; then the row itself is what is shown. */
  function large(blob: string, v: number): Part | undefined {
    const body = blobs.read(blob)
    try {
      return body === undefined ? undefined : shape.decode(body, v)
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
      return undefined
    }
  }

  /** @param keepsTails the text of the value follows in tails, of which the stored ones stay */
  function write(tx: Tx, value: Part, position: number | undefined, keepsTails = false): void {
    const { id, sessionID, messageID } = value
    const body = shape.encode(value)
    const isLarge = Buffer.byteLength(body) > BLOB_THRESHOLD_BYTES
    const before = reader.get<{ blob: string | null }>("SELECT blob FROM part WHERE id = ?", id)
    const blob = isLarge ? blobs.put(body, before?.blob ?? null) : null
    const data = isLarge ? JSON.stringify(withoutBody(value)) : body
    const changed = tx.run(
      `INSERT INTO part (id, session_id, message_id, position, type, v, data, blob)
         VALUES (?, ?, ?, coalesce(?, (SELECT max(position) + 1 FROM part WHERE message_id = ?), 0), ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET position = coalesce(?, position), type = excluded.type, v = excluded.v,
           data = excluded.data, blob = excluded.blob
           WHERE message_id = excluded.message_id AND session_id = excluded.session_id`,
      id,
      sessionID,
      messageID,
      position ?? null,
      messageID,
      value.type,
      shape.current,
      data,
      blob,
      position ?? null,
    )
    if (changed === 0) throw fault("conflict", `The part ${id} belongs to another message.`, { partID: id })
    if (before && !keepsTails) tx.run("DELETE FROM part_tail WHERE part_id = ?", id)
    if (before?.blob && before.blob !== blob) blobs.drop(tx, [before.blob])
  }

  function appendTail(tx: Tx, partID: string, text: string): void {
    tx.run(
      `INSERT INTO part_tail (part_id, n, text)
       VALUES (?, (SELECT coalesce(max(n), 0) + 1 FROM part_tail WHERE part_id = ?), ?)`,
      partID,
      partID,
      text,
    )
  }

  return {
    /**
     * @param position index in the message; without it a new part goes to the end and a known one stays where it is
     * @throws fault `conflict` when the id belongs to another message; fault `storage`
     */
    put: (tx: Tx, value: Part, position?: number): void => write(tx, value, position),

    /**
     * As `put`, for text that is stored as it streams: all of it lies in tails, and only what is not there yet is written.
     * @param stored characters of the text that are there; 0 begins anew
     */
    extend(tx: Tx, value: PartOf<"text"> | PartOf<"reasoning">, stored: number, position?: number): void {
      write(tx, { ...value, text: "" }, position, stored > 0)
      if (stored < value.text.length) appendTail(tx, value.id, value.text.slice(stored))
    },

    /** Text that followed what is stored. @throws when there is no such part */
    appendTail,

    get(id: string): Part | undefined {
      const row = reader.get<Row>(`${SELECT} WHERE part.id = ?`, id)
      return row && part(row)
    },

    /** In the order of the message. */
    list: (messageID: string): Part[] =>
      reader.all<Row>(`${SELECT} WHERE message_id = ? ORDER BY position, rowid`, messageID).map(part),

    /** The parts of the messages between two positions of the session, both included, by message. */
    between(sessionID: string, first: number, last: number): Map<string, Part[]> {
      const rows = reader.all<Row>(
        `${SELECT} JOIN message ON message.id = part.message_id
         WHERE message.session_id = ? AND message.position BETWEEN ? AND ?
         ORDER BY message.position, part.position, part.rowid`,
        sessionID,
        first,
        last,
      )
      const byMessage = new Map<string, Part[]>()
      for (const row of rows) {
        const parts = byMessage.get(row.message_id)
        if (parts) parts.push(part(row))
        else byMessage.set(row.message_id, [part(row)])
      }
      return byMessage
    },

    /** The parts of one type in a session, in order. */
    ofType: (sessionID: string, type: Part["type"]): Part[] =>
      reader
        .all<Row>(
          `${SELECT} JOIN message ON message.id = part.message_id WHERE message.session_id = ? AND part.type = ?
           ORDER BY message.position, part.position, part.rowid`,
          sessionID,
          type,
        )
        .map(part),

    /** @returns whether there was such a part */
    remove(tx: Tx, id: string): boolean {
      const before = reader.get<{ blob: string | null }>("SELECT blob FROM part WHERE id = ?", id)
      if (before?.blob) blobs.drop(tx, [before.blob])
      return tx.run("DELETE FROM part WHERE id = ?", id) > 0
    },
  }
}

type Owner = Pick<Part, "id" | "sessionID" | "messageID">

/** The part with these ids, and so the files attached to it. */
export function ownedBy(part: Part, owner: Owner): Part {
  if (part.id === owner.id && part.sessionID === owner.sessionID && part.messageID === owner.messageID) return part
  const own = { ...part, ...owner }
  if (own.type !== "tool" || own.state.status !== "completed" || !own.state.attachments) return own
  const { sessionID, messageID } = owner
  const attachments = own.state.attachments.map((file) => ({ ...file, sessionID, messageID }))
  return { ...own, state: { ...own.state, attachments } }
}
