import type { Migration } from "./index.ts"

/** Where the message of a change stood: what was done keeps its place when the message is deleted by itself. */
export const changePlace: Migration = (sqlite) => {
  sqlite.exec(`
    ALTER TABLE change ADD COLUMN message_position INTEGER;
    UPDATE change SET message_position = (SELECT position FROM message WHERE message.id = change.message_id);
  `)
}
