/**
 * The journal of changes to files. Invariants: the bytes that a row names are on disk before it commits (`contents.ts`);
 * a row of a made change commits before the file is changed, and is unsettled until the change is known to have
 * happened; rows are never edited apart from that, only marked as undone.
 */
import type { Reader, Tx } from "./tx.ts"

/** What there is at a path. A folder counts as absent: the journal is about files. */
export type FileState =
  | { kind: "absent" }
  /** Without `hash` its bytes are not kept: it was too large, or could not be read. */
  | { kind: "file"; mode: number; size: number; hash?: string }
  | { kind: "link"; target: string }
  /** Something was there, and nobody looked at it. */
  | { kind: "unknown" }

export interface NewChange {
  sessionID: string
  messageID: string
  callID: string
  /**
   * - `made`: by a tool that says what it changes; exact.
   * - `observed`: found after a command had run; a person may have saved the file meanwhile.
   * - `unseen`: a command ran, and what it changed is not known. `path` is empty, `note` says why.
   */
  kind: "made" | "observed" | "unseen"
  /** Which folder of contents has the bytes. */
  place: string
  /** Canonical. Bytes that are not UTF-8 are lone surrogates (see `workspace/odd-path.ts`). */
  path: string
  before: FileState
  after: FileState
  /** How many of the folders above the file the change made. */
  folders: number
  note?: string
  settled: boolean
}

export interface Change extends NewChange {
  /** The order in which changes were noted, over all sessions. */
  position: number
  /** Where its message stands, or stood before it was deleted. Absent in old rows of messages that were deleted. */
  messagePosition?: number
}

/** A file that a revert replaced. */
export interface Reverted {
  path: string
  place: string
  /** What it was before the revert. */
  was: FileState
  /** What the revert made of it. */
  now: FileState
  /** What an earlier revert had made of it, as long as it is open whether this one came to it. */
  via?: FileState
  /** How many of the folders above it the revert made. */
  folders: number
}

export interface StoredContent {
  place: string
  hash: string
  /** On disk. */
  bytes: number
}

interface ChangeRow {
  position: number
  session_id: string
  message_id: string
  call_id: string
  kind: Change["kind"]
  place: string
  path: string
  old: string
  new: string
  folders: number
  note: string | null
  settled: number
  message_position: number | null
}

const IS_NAMED = `EXISTS (SELECT 1 FROM change WHERE old_hash = content.hash AND place = content.place)
  OR EXISTS (SELECT 1 FROM change WHERE new_hash = content.hash AND place = content.place)
  OR EXISTS (SELECT 1 FROM reverted WHERE was_hash = content.hash AND place = content.place)
  OR EXISTS (SELECT 1 FROM reverted WHERE now_hash = content.hash AND place = content.place)`

/** The sessions that own contents, found by steps through the index: there are far fewer than contents. */
const OWNERS = `WITH RECURSIVE owner (id) AS (SELECT min(session_id) FROM content
  UNION ALL SELECT (SELECT min(session_id) FROM content WHERE session_id > owner.id) FROM owner WHERE owner.id IS NOT NULL)`

export type ChangeStore = ReturnType<typeof createChangeStore>

export function createChangeStore(reader: Reader) {
  return {
    /** @returns the position */
    add(tx: Tx, change: NewChange): number {
      tx.run(
        `INSERT INTO change (session_id, message_id, call_id, kind, place, path, old, new, old_hash, new_hash, folders,
           note, settled, message_position)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, (SELECT position FROM message WHERE id = ?))`,
        change.sessionID,
        change.messageID,
        change.callID,
        change.kind,
        change.place,
        encodePath(change.path),
        JSON.stringify(change.before),
        JSON.stringify(change.after),
        hashOf(change.before),
        hashOf(change.after),
        change.folders,
        change.note ?? null,
        change.settled ? 1 : 0,
        change.messageID,
      )
      return reader.get<{ position: number }>("SELECT last_insert_rowid() AS position")?.position ?? 0
    },

    /** The change has happened, and this is what it left. */
    settle(tx: Tx, position: number, after: FileState): void {
      const sql = "UPDATE change SET settled = 1, new = ?, new_hash = ? WHERE position = ?"
      tx.run(sql, JSON.stringify(after), hashOf(after), position)
    },

    /** It never happened. */
    drop(tx: Tx, position: number): void {
      tx.run("DELETE FROM change WHERE position = ?", position)
    },

    /** The messages that told of it are gone for good, and it was taken back with them as far as it could be. */
    undo(tx: Tx, position: number): void {
      tx.run("UPDATE change SET undone = 1 WHERE position = ?", position)
    },

    /** What was done and not undone, in the order in which it was done. */
    list: (sessionID: string): Change[] =>
      reader
        .all<ChangeRow>(
          `SELECT position, session_id, message_id, call_id, kind, place, path, old, new, folders, note, settled,
             message_position FROM change WHERE session_id = ? AND undone = 0 ORDER BY position`,
          sessionID,
        )
        .map(changeOf),

    hasAny: (sessionID: string): boolean =>
      reader.get("SELECT 1 FROM change WHERE session_id = ? AND undone = 0 LIMIT 1", sessionID) !== undefined,

    /** Calls that a crash cut short, of tools that may have changed anything. */
    interrupted: (sessionID: string): { sessionID: string; messageID: string; callID: string; tool: string }[] =>
      reader
        .all<{ message_id: string; call_id: string; tool: string }>(
          `SELECT message_id, call_id, tool FROM intent WHERE session_id = ? AND outcome = '"interrupted"'`,
          sessionID,
        )
        .map((row) => ({ sessionID, messageID: row.message_id, callID: row.call_id, tool: row.tool })),

    putReverted(tx: Tx, sessionID: string, { path, place, was, now, via, folders }: Reverted): void {
      tx.run(
        `INSERT INTO reverted (session_id, path, place, was, now, via, was_hash, now_hash, folders)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (session_id, path) DO UPDATE SET was = excluded.was, now = excluded.now, via = excluded.via, place = excluded.place,
           was_hash = excluded.was_hash, now_hash = excluded.now_hash, folders = excluded.folders`,
        sessionID,
        encodePath(path),
        place,
        JSON.stringify(was),
        JSON.stringify(now),
        via === undefined ? null : JSON.stringify(via),
        hashOf(was),
        hashOf(now),
        folders,
      )
    },

    dropReverted(tx: Tx, sessionID: string, path?: string): void {
      if (path === undefined) tx.run("DELETE FROM reverted WHERE session_id = ?", sessionID)
      else tx.run("DELETE FROM reverted WHERE session_id = ? AND path = ?", sessionID, encodePath(path))
    },

    reverted: (sessionID: string): Reverted[] =>
      reader
        .all<{ path: string; place: string; was: string; now: string; via: string | null; folders: number }>(
          "SELECT path, place, was, now, via, folders FROM reverted WHERE session_id = ? ORDER BY path",
          sessionID,
        )
        .map((row) => ({
          path: decodePath(row.path),
          place: row.place,
          was: JSON.parse(row.was),
          now: JSON.parse(row.now),
          ...(row.via === null ? {} : { via: JSON.parse(row.via) }),
          folders: row.folders,
        })),

    /** Notes that a session names these contents. */
    keep(tx: Tx, sessionID: string, contents: readonly StoredContent[]): void {
      for (const { place, hash, bytes } of contents) {
        tx.run(
          `INSERT INTO content (place, hash, session_id, bytes) VALUES (?, ?, ?, ?)
           ON CONFLICT (place, hash) DO UPDATE SET session_id = excluded.session_id`,
          place,
          hash,
          sessionID,
          bytes,
        )
      }
    },

    /** All contents on disk, in bytes. */
    kept: (): number => reader.get<{ bytes: number }>("SELECT bytes FROM content_total")?.bytes ?? 0,

    isKept: (place: string, hash: string): boolean =>
      reader.get("SELECT 1 FROM content WHERE place = ? AND hash = ?", place, hash) !== undefined,

    /** Contents of sessions that are gone, named by nobody. Those that somebody still names get a new owner. */
    orphans(tx: Tx, limit: number): StoredContent[] {
      const rows = reader.all<StoredContent & { named: number }>(
        `${OWNERS} SELECT place, hash, bytes, (${IS_NAMED}) AS named FROM content
         WHERE session_id IN (SELECT id FROM owner WHERE id NOT IN (SELECT id FROM session)) LIMIT ?`,
        limit,
      )
      for (const { place, hash } of rows.filter((row) => row.named)) {
        tx.run(
          `UPDATE content SET session_id = coalesce(
             (SELECT session_id FROM change WHERE old_hash = content.hash AND place = content.place LIMIT 1),
             (SELECT session_id FROM change WHERE new_hash = content.hash AND place = content.place LIMIT 1),
             (SELECT session_id FROM reverted WHERE content.hash IN (was_hash, now_hash) LIMIT 1), session_id)
           WHERE place = ? AND hash = ?`,
          place,
          hash,
        )
      }
      return rows.filter((row) => !row.named)
    },

    /** Contents of the sessions that were used longest ago, those used since `before` and those at work excepted. */
    oldest: (before: number, limit: number): StoredContent[] =>
      reader.all<StoredContent>(
        `SELECT content.place, content.hash, content.bytes FROM session CROSS JOIN content ON content.session_id = session.id
         WHERE session.updated < ? AND session.id NOT IN (SELECT session_id FROM lease WHERE pid IS NOT NULL)
         ORDER BY session.updated LIMIT ?`,
        before,
        limit,
      ),

    forget(tx: Tx, { place, hash }: StoredContent): void {
      tx.run("DELETE FROM content WHERE place = ? AND hash = ?", place, hash)
    },
  }
}

const hashOf = (state: FileState): string | null => (state.kind === "file" && state.hash) || null

/** SQLite keeps text in UTF-8, which has no lone surrogates; JSON writes them as escapes. */
const encodePath = (path: string): string => JSON.stringify(path)
const decodePath = (text: string): string => JSON.parse(text)

const changeOf = (row: ChangeRow): Change => ({
  position: row.position,
  sessionID: row.session_id,
  messageID: row.message_id,
  callID: row.call_id,
  kind: row.kind,
  place: row.place,
  path: decodePath(row.path),
  before: JSON.parse(row.old),
  after: JSON.parse(row.new),
  folders: row.folders,
  ...(row.note === null ? {} : { note: row.note }),
  settled: row.settled === 1,
  ...(row.message_position === null ? {} : { messagePosition: row.message_position }),
})
