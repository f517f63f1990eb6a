import type { Migration } from "./index.ts"

/**
 * What was taken over from another program, and as it was then: the next import skips what is unchanged there, also when
 * it was removed here. No reference to the session, which may be gone.
 */
export const imported: Migration = (sqlite) => {
  sqlite.exec(`
    CREATE TABLE imported (
      session_id TEXT PRIMARY KEY,
      stamp TEXT NOT NULL,
      finished INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
  `)
}
