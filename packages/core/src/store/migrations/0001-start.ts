/**
 * The first schema. `position` columns that are AUTOINCREMENT are the counter that gives order: unlike a plain rowid,
 * a value is never given twice, not even after the newest row was deleted.
 */
import type { Migration } from "./index.ts"

export const start: Migration = (sqlite) => {
  sqlite.exec(`
    CREATE TABLE project (
      id TEXT PRIMARY KEY,
      worktree TEXT NOT NULL,
      updated INTEGER NOT NULL,
      v INTEGER NOT NULL,
      data TEXT NOT NULL
    ) STRICT;
    CREATE INDEX project_worktree ON project (worktree, updated);

    CREATE TABLE workspace (
      id TEXT PRIMARY KEY,
      project_id TEXT NOT NULL,
      directory TEXT NOT NULL UNIQUE
    ) STRICT;
    CREATE INDEX workspace_project ON workspace (project_id);

    CREATE TABLE workspace_root (
      workspace_id TEXT NOT NULL REFERENCES workspace (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      path TEXT NOT NULL,
      PRIMARY KEY (workspace_id, position)
    ) STRICT, WITHOUT ROWID;

    -- A child may outlive its parent (it was imported alone), hence no reference.
    CREATE TABLE session (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      project_id TEXT NOT NULL,
      directory TEXT NOT NULL,
      parent_id TEXT,
      title_folded TEXT NOT NULL,
      updated INTEGER NOT NULL,
      v INTEGER NOT NULL,
      data TEXT NOT NULL
    ) STRICT;
    CREATE INDEX session_updated ON session (updated, position);
    CREATE INDEX session_directory ON session (directory, updated, position);
    CREATE INDEX session_project ON session (project_id, updated, position);
    CREATE INDEX session_parent ON session (parent_id) WHERE parent_id IS NOT NULL;

    -- prompts names the system prompt and the tools that an answer was made with.
    CREATE TABLE message (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
      role TEXT NOT NULL,
      parent_id TEXT,
      prompts TEXT,
      v INTEGER NOT NULL,
      data TEXT NOT NULL
    ) STRICT;
    CREATE INDEX message_session ON message (session_id, position);

    -- When blob is set, the body is in that file and data is what is shown should the file be missing.
    CREATE TABLE part (
      id TEXT PRIMARY KEY,
      session_id TEXT NOT NULL,
      message_id TEXT NOT NULL REFERENCES message (id) ON DELETE CASCADE,
      position INTEGER NOT NULL,
      type TEXT NOT NULL,
      v INTEGER NOT NULL,
      data TEXT NOT NULL,
      blob TEXT
    ) STRICT;
    CREATE INDEX part_message ON part (message_id, position);
    CREATE INDEX part_blob ON part (blob) WHERE blob IS NOT NULL;

    CREATE TABLE part_tail (
      part_id TEXT NOT NULL REFERENCES part (id) ON DELETE CASCADE,
      n INTEGER NOT NULL,
      text TEXT NOT NULL,
      PRIMARY KEY (part_id, n)
    ) STRICT, WITHOUT ROWID;

    -- No reference to session: the epoch must go on counting when a session is removed and imported again.
    CREATE TABLE lease (
      session_id TEXT PRIMARY KEY,
      epoch INTEGER NOT NULL,
      pid INTEGER,
      process_started TEXT,
      address TEXT,
      taken INTEGER
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX lease_held ON lease (session_id) WHERE pid IS NOT NULL;

    CREATE TABLE intent (
      message_id TEXT NOT NULL REFERENCES message (id) ON DELETE CASCADE,
      call_id TEXT NOT NULL,
      session_id TEXT NOT NULL,
      tool TEXT NOT NULL,
      effect TEXT NOT NULL,
      input TEXT NOT NULL,
      started INTEGER NOT NULL,
      finished INTEGER,
      outcome TEXT,
      PRIMARY KEY (message_id, call_id)
    ) STRICT;
    CREATE INDEX intent_unfinished ON intent (session_id) WHERE finished IS NULL;

    CREATE TABLE inbox (
      position INTEGER PRIMARY KEY AUTOINCREMENT,
      message_id TEXT NOT NULL UNIQUE REFERENCES message (id) ON DELETE CASCADE,
      session_id TEXT NOT NULL,
      state TEXT NOT NULL,
      options TEXT NOT NULL,
      admitted INTEGER NOT NULL,
      answered INTEGER
    ) STRICT;
    CREATE INDEX inbox_open ON inbox (session_id, position) WHERE state <> 'answered';
  `)
}
