/** Workspaces: where sessions work. Invariant: a workspace has a list of roots, even while there is only one. */
import type { Reader, Tx } from "./tx.ts"

export interface WorkspaceRow {
  id: string
  projectID: string
  /** The folder it was opened with; no two workspaces share one. */
  directory: string
  /** Absolute paths, the main one first. */
  roots: string[]
}

interface Row {
  id: string
  project_id: string
  directory: string
}

export type WorkspaceStore = ReturnType<typeof createWorkspaceStore>

export function createWorkspaceStore(reader: Reader) {
  const columns = "SELECT id, project_id, directory FROM workspace"
  const workspace = (row: Row): WorkspaceRow => ({
    id: row.id,
    projectID: row.project_id,
    directory: row.directory,
    roots: reader
      .all<{ path: string }>("SELECT path FROM workspace_root WHERE workspace_id = ? ORDER BY position", row.id)
      .map((root) => root.path),
  })
  const one = (row: Row | undefined) => row && workspace(row)
  return {
    put(tx: Tx, { id: given, projectID, directory, roots }: WorkspaceRow): void {
      // Another process may have opened the folder for the first time at this moment: its row is the one that stays.
      const id = this.byDirectory(directory)?.id ?? given
      tx.run(
        `INSERT INTO workspace (id, project_id, directory) VALUES (?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET project_id = excluded.project_id, directory = excluded.directory`,
        id,
        projectID,
        directory,
      )
      tx.run("DELETE FROM workspace_root WHERE workspace_id = ?", id)
      for (const [position, root] of roots.entries())
        tx.run("INSERT INTO workspace_root (workspace_id, position, path) VALUES (?, ?, ?)", id, position, root)
    },

    get: (id: string): WorkspaceRow | undefined => one(reader.get<Row>(`${columns} WHERE id = ?`, id)),

    byDirectory: (directory: string): WorkspaceRow | undefined =>
      one(reader.get<Row>(`${columns} WHERE directory = ?`, directory)),

    list: (projectID: string): WorkspaceRow[] =>
      reader.all<Row>(`${columns} WHERE project_id = ? ORDER BY directory`, projectID).map(workspace),
  }
}
