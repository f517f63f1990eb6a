import type { Migration } from "./index.ts"

/** What a session still has to do. It is written as a whole each time, so it is one row. */
export const todo: Migration = (sqlite) => {
  sqlite.exec(`
    CREATE TABLE todo (
      session_id TEXT PRIMARY KEY REFERENCES session (id) ON DELETE CASCADE,
      v INTEGER NOT NULL,
      data TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
  `)
}
