/**
 * Messages. Invariants: their order is the order in which the store first saw them; a clock has no part in it. Whose a
 * message is, the columns say and not what is stored of it.
 */
import type { Message, MessageWithParts } from "@opencode/protocol/message.ts"
import { fault } from "../lib/fault.ts"
import type { Blobs } from "./blobs.ts"
import type { PartStore } from "./part-store.ts"
import { versioned } from "./row-version.ts"
import type { Reader, Tx } from "./tx.ts"

interface Row {
  id: string
  session_id: string
  parent_id: string | null
  position: number
  v: number
  data: string
}

const COLUMNS = "id, session_id, parent_id, position, v, data"

export interface MessagePage {
  /** At most so many, the newest ones. */
  limit?: number
  /** Only messages before this one. */
  before?: string
}

export type MessageStore = ReturnType<typeof createMessageStore>

export function createMessageStore(reader: Reader, parts: Pick<PartStore, "between" | "list">, blobs: Blobs) {
  const shape = versioned<Message>()
  const message = (row: Row): Message => identified(shape.decode(row.data, row.v), row)

  function get(id: string): Message | undefined {
    const row = reader.get<Row>(`SELECT ${COLUMNS} FROM message WHERE id = ?`, id)
    return row && message(row)
  }

  function position(id: string): number {
    const row = reader.get<{ position: number }>("SELECT position FROM message WHERE id = ?", id)
    if (!row) throw fault("message_not_found", `There is no message ${id}.`, { messageID: id })
    return row.position
  }

  function positionBefore(sessionID: string, messageID: string | undefined): number {
    if (messageID === undefined) return Number.MAX_SAFE_INTEGER
    const sql = "SELECT position FROM message WHERE id = ? AND session_id = ?"
    const row = reader.get<{ position: number }>(sql, messageID, sessionID)
    if (!row)
      throw fault("message_not_found", `There is no message ${messageID} in this session.`, {
        messageID,
      })
    return row.position
  }

  /** Oldest first. What is returned is shared with other readers: nobody changes it. @throws fault `message_not_found` when `before` is not in this session */
  function list(sessionID: string, { limit, before }: MessagePage = {}): MessageWithParts[] {
    const rows = reader.all<Row>(
      `SELECT ${COLUMNS} FROM message WHERE session_id = ? AND position < ? ORDER BY position DESC LIMIT ?`,
      sessionID,
      positionBefore(sessionID, before),
      limit ?? -1,
    )
    const newest = rows[0]
    const oldest = rows.at(-1)
    if (!newest || !oldest) return []
    const byMessage = parts.between(sessionID, oldest.position, newest.position)
    return rows.reverse().map((row) => {
      const info = message(row)
      return { info, parts: byMessage.get(info.id) ?? [] }
    })
  }

  return {
    /**
     * A known id keeps its position, and without `prompts` the hash it has.
     * @param prompts hash of the system prompt and the tools that the answer was made with
     * @returns the position @throws fault `conflict` when the id belongs to another session
     */
    put(tx: Tx, value: Message, prompts?: string): number {
      const changed = tx.run(
        `INSERT INTO message (id, session_id, role, parent_id, prompts, v, data) VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET role = excluded.role, parent_id = excluded.parent_id, v = excluded.v,
           prompts = coalesce(excluded.prompts, prompts), data = excluded.data WHERE session_id = excluded.session_id`,
        value.id,
        value.sessionID,
        value.role,
        value.role === "assistant" ? value.parentID : null,
        prompts ?? null,
        shape.current,
        shape.encode(value),
      )
      if (changed === 0)
        throw fault("conflict", `The message ${value.id} belongs to another session.`, {
          messageID: value.id,
        })
      return position(value.id)
    },

    /** The hash of the prompts that an answer was made with. */
    prompts: (id: string): string | undefined =>
      reader.get<{ prompts: string | null }>("SELECT prompts FROM message WHERE id = ?", id)?.prompts ?? undefined,

    /** Where a message stands in the order of its session. @throws fault `message_not_found` */
    position,

    /** The same, or undefined for a message that is not there. */
    placeOf: (id: string): number | undefined =>
      reader.get<{ position: number }>("SELECT position FROM message WHERE id = ?", id)?.position,

    /** Who answers whom, in order, without what was said: little work for long sessions too. */
    outline: (sessionID: string): { id: string; parentID?: string; position: number }[] =>
      reader
        .all<{ id: string; parent_id: string | null; position: number }>(
          "SELECT id, parent_id, position FROM message WHERE session_id = ? ORDER BY position",
          sessionID,
        )
        .map(({ id, parent_id, position: place }) => ({
          id,
          position: place,
          ...(parent_id === null ? {} : { parentID: parent_id }),
        })),

    get,

    getWithParts(id: string): MessageWithParts | undefined {
      const info = get(id)
      return info && { info, parts: parts.list(id) }
    },

    /** The ids of a session's messages, oldest first: for those who read one after the other. */
    ids: (sessionID: string): string[] =>
      reader
        .all<{ id: string }>("SELECT id FROM message WHERE session_id = ? ORDER BY position", sessionID)
        .map(({ id }) => id),

    list,

    /** The JSON of the whole list, as bytes. @param shown gives what stands for a message, which may be the message itself */
    listJson: (sessionID: string, shown: (message: MessageWithParts) => MessageWithParts): Uint8Array =>
      Buffer.from(JSON.stringify(list(sessionID).map(shown))),

    /** Removes the message with its parts, intents and its place in the inbox. @returns whether there was such a message */
    remove(tx: Tx, id: string): boolean {
      const sql = "SELECT blob FROM part WHERE message_id = ? AND blob IS NOT NULL"
      blobs.drop(
        tx,
        reader.all<{ blob: string }>(sql, id).map((body) => body.blob),
      )
      return tx.run("DELETE FROM message WHERE id = ?", id) > 0
    },
  }
}

function identified(message: Message, { id, session_id: sessionID, parent_id: parentID }: Row): Message {
  const isSame = message.id === id && message.sessionID === sessionID
  if (isSame && (message.role !== "assistant" || message.parentID === parentID)) return message
  if (message.role === "user" || parentID === null) return { ...message, id, sessionID }
  return { ...message, id, sessionID, parentID }
}
