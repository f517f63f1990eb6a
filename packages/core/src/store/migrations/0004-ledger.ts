import type { Migration } from "./index.ts"

/**
 * A row for each request to a model. NULL means that nobody knows: a price that no catalogue has, tokens of an answer
 * that broke off. There is no reference to the message: what it cost stays when a message is taken back.
 */
export const ledger: Migration = (sqlite) => {
  sqlite.exec(`
    CREATE TABLE request (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
      message_id TEXT,
      purpose TEXT NOT NULL,
      provider_id TEXT NOT NULL,
      model_id TEXT NOT NULL,
      agent TEXT,
      started INTEGER NOT NULL,
      duration INTEGER NOT NULL,
      outcome TEXT NOT NULL,
      input INTEGER,
      output INTEGER,
      reasoning INTEGER,
      cache_read INTEGER,
      cache_write INTEGER,
      cost REAL,
      -- What the next request is compared with: hashes of the prompts, the messages shown and their estimated tokens.
      prompts TEXT,
      shown INTEGER,
      size INTEGER,
      -- Why the request could not begin with the bytes of the one before.
      epoch TEXT
    ) STRICT;
    CREATE INDEX request_session ON request (session_id, position);
  `)
}
