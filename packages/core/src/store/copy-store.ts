/**
 * Copies of conversations. Invariants: bodies are copied inside the database and files of large ones are named once
 * more, so a copy costs rows and no reading; ids of messages and parts are new, and what names a message names its copy.
 */
import type { Part } from "@opencode/protocol/part.ts"
import type { PartStore } from "./part-store.ts"
import type { Reader, Tx } from "./tx.ts"

/** What there is to copy, in the order of the session. */
export interface CopiedMessage {
  id: string
  /** An answer without its end. */
  isOpen: boolean
}

export interface Copy {
  /** The session that gets the messages. It is stored before. */
  to: string
  messageIDs: readonly string[]
  /** Of the last message only the parts before this one. */
  beforePart?: string
  newID(prefix: "msg" | "prt"): string
}

/** Old and new ids as a table. Made once: SQLite gives it an index, where it would search JSON for every row. */
const MAP = `WITH map AS MATERIALIZED (
  SELECT key AS n, value ->> 0 AS original, value ->> 1 AS copy, value ->> 2 AS owner FROM json_each(?))`

export type CopyStore = ReturnType<typeof createCopyStore>

export function createCopyStore(reader: Reader, parts: Pick<PartStore, "get" | "put">) {
  return {
    /** Oldest first. */
    messages: (sessionID: string): CopiedMessage[] =>
      reader
        .all<{ id: string; isOpen: number }>(
          `SELECT id, role = 'assistant' AND json_extract(data, '$.time.completed') IS NULL AS isOpen
           FROM message WHERE session_id = ? ORDER BY position`,
          sessionID,
        )
        .map(({ id, isOpen }) => ({ id, isOpen: isOpen === 1 })),

    /** @returns the new id of each message by its old one */
    copy(tx: Tx, { to, messageIDs, beforePart, newID }: Copy): Map<string, string> {
      const messages = new Map(messageIDs.map((id) => [id, newID("msg")]))
      const map = JSON.stringify([...messages])
      tx.run(
        `${MAP} INSERT INTO message (id, session_id, role, parent_id, prompts, v, data)
         SELECT map.copy, ?, role, coalesce(parent.copy, message.parent_id), prompts, v, data
         FROM map JOIN message ON message.id = map.original LEFT JOIN map parent ON parent.original = message.parent_id
         ORDER BY map.n`,
        map,
        to,
      )
      const rows = reader.all<{ id: string; message_id: string; type: string }>(
        `${MAP} SELECT part.id, part.message_id, part.type FROM map JOIN part ON part.message_id = map.original
         ORDER BY map.n, part.position, part.rowid`,
        map,
      )
      const end = rows.findIndex((row) => row.id === beforePart)
      const copied = rows.slice(0, end < 0 ? undefined : end)
      const partIDs = new Map(copied.map((row) => [row.id, newID("prt")]))
      const partMap = JSON.stringify(copied.map((row) => [row.id, partIDs.get(row.id), messages.get(row.message_id)]))
      tx.run(
        `${MAP} INSERT INTO part (id, session_id, message_id, position, type, v, data, blob)
         SELECT map.copy, ?, map.owner, position, type, v, data, blob
         FROM map JOIN part ON part.id = map.original ORDER BY map.n`,
        partMap,
        to,
      )
      tx.run(
        `${MAP} INSERT INTO part_tail (part_id, n, text)
         SELECT map.copy, part_tail.n, text FROM map JOIN part_tail ON part_id = map.original`,
        partMap,
      )
      for (const row of copied)
        if (row.type === "compaction") remapTail(tx, parts.get(partIDs.get(row.id) ?? ""), messages)
      return messages
    },

    /** The input of the last call of a tool that ended well. */
    lastInput(sessionID: string, tool: string): Record<string, unknown> | undefined {
      const row = reader.get<{ id: string }>(
        `SELECT part.id FROM message JOIN part ON part.message_id = message.id
         WHERE message.session_id = ? AND type = 'tool' AND json_extract(part.data, '$.tool') = ?
           AND json_extract(part.data, '$.state.status') = 'completed'
         ORDER BY message.position DESC, part.position DESC LIMIT 1`,
        sessionID,
        tool,
      )
      const part = row && parts.get(row.id)
      return part?.type === "tool" ? part.state.input : undefined
    },
  }

  function remapTail(tx: Tx, part: Part | undefined, messages: ReadonlyMap<string, string>): void {
    if (part?.type !== "compaction" || part.tail_start_id === undefined) return
    const tail = messages.get(part.tail_start_id)
    if (tail !== undefined) parts.put(tx, { ...part, tail_start_id: tail })
  }
}
