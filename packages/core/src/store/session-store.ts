/** Sessions. Invariant: removing one removes everything below it, and no turn that was running there can write again. */
import type { Session } from "@opencode/protocol/session.ts"
import { fault } from "../lib/fault.ts"
import type { Blobs } from "./blobs.ts"
import { versioned } from "./row-version.ts"
import type { SqlValue } from "./sqlite.ts"
import type { Reader, Tx } from "./tx.ts"

export interface SessionFilter {
  directory?: string
  projectID?: string
  /** Only sessions of this folder and those below it; relative to the worktree. */
  path?: string
  /** Only sessions without a parent. */
  roots?: boolean
  /** A part of the title, in any case. */
  search?: string
  /** Only those updated at or after this moment, milliseconds since the epoch. */
  start?: number
  /** Only those updated before this moment. */
  before?: number
  /** Leaves out what was put away. */
  unarchived?: boolean
  limit?: number
}

interface Row {
  v: number
  data: string
}

/** The session and all below it. UNION, not UNION ALL: a circle of parents must not run for ever. */
export const FAMILY = `WITH RECURSIVE family (id) AS (
  SELECT id FROM session WHERE id = ?
  UNION SELECT child.id FROM session child JOIN family ON child.parent_id = family.id)`

export type SessionStore = ReturnType<typeof createSessionStore>

export function createSessionStore(reader: Reader, blobs: Blobs) {
  const shape = versioned<Session>()
  const session = (row: Row): Session => shape.decode(row.data, row.v)
  const columns = (value: Session): SqlValue[] => [
    value.projectID,
    value.directory,
    value.parentID ?? null,
    fold(value.title),
    value.time.updated,
    shape.current,
    shape.encode(value),
  ]
  function rows(filter: SessionFilter): Row[] {
    const conditions: string[] = []
    const values: SqlValue[] = []
    const only = (condition: string, value: SqlValue | undefined) => {
      if (value === undefined) return
      conditions.push(condition)
      values.push(value)
    }
    only("directory = ?", filter.directory)
    only("project_id = ?", filter.projectID)
    only("updated >= ?", filter.start)
    only("instr(title_folded, ?) > 0", filter.search === undefined ? undefined : fold(filter.search))
    only("updated < ?", filter.before)
    only("instr(json_extract(data, '$.path') || '/', ?) = 1", filter.path && `${filter.path}/`)
    if (filter.unarchived) conditions.push("json_extract(data, '$.time.archived') IS NULL")
    if (filter.roots) conditions.push("parent_id IS NULL")
    const where = conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : ""
    const sql = `SELECT v, data FROM session ${where} ORDER BY updated DESC, position DESC LIMIT ?`
    return reader.all<Row>(sql, ...values, filter.limit ?? -1)
  }

  return {
    /** @throws fault `conflict` when the id is taken */
    insert(tx: Tx, value: Session): void {
      const inserted = tx.run(
        `INSERT INTO session (id, project_id, directory, parent_id, title_folded, updated, v, data)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
        value.id,
        ...columns(value),
      )
      if (inserted === 0) throw fault("conflict", `The session ${value.id} exists already.`, { sessionID: value.id })
    },

    /** @throws fault `session_not_found` */
    replace(tx: Tx, value: Session): void {
      const replaced = tx.run(
        `UPDATE session SET project_id = ?, directory = ?, parent_id = ?, title_folded = ?, updated = ?, v = ?, data = ?
         WHERE id = ?`,
        ...columns(value),
        value.id,
      )
      if (replaced === 0) throw notFound(value.id)
    },

    /** Moves a session to the top of the list. @throws fault `session_not_found` */
    touch(tx: Tx, id: string, updated: number): void {
      const sql = "UPDATE session SET updated = ?, data = json_set(data, '$.time.updated', ?) WHERE id = ?"
      if (tx.run(sql, updated, updated, id) === 0) throw notFound(id)
    },

    get(id: string): Session | undefined {
      const row = reader.get<Row>("SELECT v, data FROM session WHERE id = ?", id)
      return row && session(row)
    },

    /** The JSON of the same. */
    text(id: string): string | undefined {
      const row = reader.get<Row>("SELECT v, data FROM session WHERE id = ?", id)
      return row && shape.text(row.data, row.v)
    },

    /** Where it works, without reading what else is known of it. */
    directory: (id: string): string | undefined =>
      reader.get<{ directory: string }>("SELECT directory FROM session WHERE id = ?", id)?.directory,

    /** In the order in which they were made. */
    children: (id: string): Session[] =>
      reader.all<Row>("SELECT v, data FROM session WHERE parent_id = ? ORDER BY position", id).map(session),

    /** Newest updated first. */
    list: (filter: SessionFilter = {}): Session[] => rows(filter).map(session),

    /** The same as the JSON of a list: nothing is read and written again that only passes through. */
    listText: (filter: SessionFilter = {}): string =>
      `[${rows(filter)
        .map(({ data, v }) => shape.text(data, v))
        .join(",")}]`,

    /** Removes the session, its children and all they hold. @returns the removed sessions; none when there is no such id */
    remove(tx: Tx, id: string): Session[] {
      const removed = reader.all<Row>(
        `${FAMILY} SELECT v, data FROM session WHERE id IN (SELECT id FROM family) ORDER BY position`,
        id,
      )
      const bodies = reader.all<{ blob: string }>(
        `${FAMILY} SELECT part.blob FROM family CROSS JOIN message ON message.session_id = family.id
           CROSS JOIN part ON part.message_id = message.id WHERE part.blob IS NOT NULL`,
        id,
      )
      tx.run(`${FAMILY} UPDATE lease SET epoch = epoch + 1, pid = NULL WHERE session_id IN (SELECT id FROM family)`, id)
      tx.run(`${FAMILY} DELETE FROM session WHERE id IN (SELECT id FROM family)`, id)
      blobs.drop(
        tx,
        bodies.map((body) => body.blob),
      )
      return removed.map(session)
    },
  }
}

/** SQLite's own LIKE knows the case of ASCII letters only. */
const fold = (text: string): string => text.normalize("NFC").toLowerCase()

const notFound = (id: string) => fault("session_not_found", `There is no session ${id}.`, { sessionID: id })
