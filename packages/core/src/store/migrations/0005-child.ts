import type { Migration } from "./index.ts"

/**
 * Conversations that a call started: who asked for them, what binds them, and how each run ended. One row for each run;
 * a subagent that is continued has several.
 */
export const child: Migration = (sqlite) => {
  sqlite.exec(`
    CREATE TABLE child (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
      message_id TEXT NOT NULL,
      call_id TEXT NOT NULL,
      child_id TEXT NOT NULL,
      bounds TEXT NOT NULL,
      state TEXT NOT NULL,
      started INTEGER NOT NULL,
      finished INTEGER,
      error TEXT,
      UNIQUE (message_id, call_id)
    ) STRICT;
    CREATE INDEX child_of ON child (child_id, position);
    CREATE INDEX child_running ON child (session_id) WHERE finished IS NULL;
  `)
}
