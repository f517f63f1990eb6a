/** Projects: folders with a history. Invariant: a project's id, once remembered for a worktree, is not recalculated. */
import type { Project } from "@opencode/protocol/project.ts"
import { versioned } from "./row-version.ts"
import type { Reader, Tx } from "./tx.ts"

interface Row {
  v: number
  data: string
}

export type ProjectStore = ReturnType<typeof createProjectStore>

export function createProjectStore(reader: Reader) {
  const shape = versioned<Project>()
  const project = (row: Row): Project => shape.decode(row.data, row.v)
  return {
    put(tx: Tx, value: Project): void {
      tx.run(
        `INSERT INTO project (id, worktree, updated, v, data) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET worktree = excluded.worktree, updated = excluded.updated,
           v = excluded.v, data = excluded.data`,
        value.id,
        value.worktree,
        value.time.updated,
        shape.current,
        shape.encode(value),
      )
    },

    get(id: string): Project | undefined {
      const row = reader.get<Row>("SELECT v, data FROM project WHERE id = ?", id)
      return row && project(row)
    },

    /** Newest updated first. */
    list: (): Project[] => reader.all<Row>("SELECT v, data FROM project ORDER BY updated DESC, id").map(project),

    /** The id this worktree had last: a history that was rewritten or cut short must not orphan its sessions. */
    rememberedID(worktree: string): string | undefined {
      const sql = "SELECT id FROM project WHERE worktree = ? ORDER BY updated DESC LIMIT 1"
      return reader.get<{ id: string }>(sql, worktree)?.id
    },
  }
}
