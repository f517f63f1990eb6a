import type { Migration } from "./index.ts"

/**
 * What a person approved for good. The place is in the key because a project's id comes from its history, which
 * another folder can have as well.
 */
export const approval: Migration = (sqlite) => {
  sqlite.exec(`
    CREATE TABLE approval (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      project_id TEXT NOT NULL,
      place TEXT NOT NULL,
      permission TEXT NOT NULL,
      pattern TEXT NOT NULL,
      created INTEGER NOT NULL,
      UNIQUE (project_id, place, permission, pattern)
    ) STRICT;
  `)
}
