import type { Migration } from "./index.ts"

/**
 * The journal of changes to files. The bytes are files of their own (`contents.ts`); `content` says which there are, so
 * that their sum and what nobody names any more are known without reading folders.
 */
export const change: Migration = (sqlite) => {
  sqlite.exec(`
    -- No reference to message: what was done to a file outlives what was said about it, until the session goes.
    CREATE TABLE change (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
      message_id TEXT NOT NULL,
      call_id TEXT NOT NULL,
      kind TEXT NOT NULL,
      place TEXT NOT NULL,
      path TEXT NOT NULL,
      old TEXT NOT NULL,
      new TEXT NOT NULL,
      old_hash TEXT,
      new_hash TEXT,
      folders INTEGER NOT NULL,
      note TEXT,
      settled INTEGER NOT NULL,
      undone INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX change_session ON change (session_id, position) WHERE undone = 0;
    CREATE INDEX change_old ON change (old_hash) WHERE old_hash IS NOT NULL;
    CREATE INDEX change_new ON change (new_hash) WHERE new_hash IS NOT NULL;

    -- What a revert replaced, until it is taken back or made final by the next prompt.
    CREATE TABLE reverted (
      session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
      path TEXT NOT NULL,
      place TEXT NOT NULL,
      was TEXT NOT NULL,
      now TEXT NOT NULL,
      via TEXT,
      was_hash TEXT,
      now_hash TEXT,
      folders INTEGER NOT NULL,
      PRIMARY KEY (session_id, path)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX reverted_was ON reverted (was_hash) WHERE was_hash IS NOT NULL;
    CREATE INDEX reverted_now ON reverted (now_hash) WHERE now_hash IS NOT NULL;

    -- session_id: who named it last. No reference: the file has to be removed before the row.
    CREATE TABLE content (
      place TEXT NOT NULL,
      hash TEXT NOT NULL,
      session_id TEXT NOT NULL,
      bytes INTEGER NOT NULL,
      PRIMARY KEY (place, hash)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX content_session ON content (session_id);

    -- Their sum, which is asked for often.
    CREATE TABLE content_total (bytes INTEGER NOT NULL) STRICT;
    INSERT INTO content_total VALUES (0);
    CREATE TRIGGER content_added AFTER INSERT ON content BEGIN
      UPDATE content_total SET bytes = bytes + new.bytes;
    END;
    CREATE TRIGGER content_removed AFTER DELETE ON content BEGIN
      UPDATE content_total SET bytes = bytes - old.bytes;
    END;
  `)
}
