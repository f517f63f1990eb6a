import type { Migration } from "./index.ts"

/** A run that its call no longer waits for: 1 while its result is owed to the session of the call, 2 once it was told. */
export const detachedChild: Migration = (sqlite) => {
  sqlite.exec("ALTER TABLE child ADD COLUMN detached INTEGER NOT NULL DEFAULT 0;")
}
