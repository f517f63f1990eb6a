/**
 * What a person approved beyond the process. Invariant: an approval is for one project in one place, and is found under
 * no other.
 */
import type { SavedApproval } from "@opencode/protocol/permission.ts"
import type { Reader, Tx } from "./tx.ts"

export interface ApprovalPlace {
  projectID: string
  /** Canonical: the worktree, or the folder where there is none. */
  place: string
}

interface Row {
  id: string
  project_id: string
  permission: string
  pattern: string
  created: number
}

const COLUMNS = "id, project_id, permission, pattern, created"

export type ApprovalStore = ReturnType<typeof createApprovalStore>

export function createApprovalStore(reader: Reader) {
  return {
    /** Does nothing when the same was approved before. */
    add(tx: Tx, { place, projectID }: ApprovalPlace, approval: Omit<SavedApproval, "projectID">): void {
      tx.run(
        `INSERT INTO approval (id, project_id, place, permission, pattern, created) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (project_id, place, permission, pattern) DO NOTHING`,
        approval.id,
        projectID,
        place,
        approval.permission,
        approval.pattern,
        approval.time.created,
      )
    },

    /** Oldest first. */
    list({ projectID, place }: ApprovalPlace): SavedApproval[] {
      const sql = `SELECT ${COLUMNS} FROM approval WHERE project_id = ? AND place = ? ORDER BY position`
      return reader.all<Row>(sql, projectID, place).map(approvalOf)
    },

    remove(tx: Tx, { projectID, place }: ApprovalPlace, id: string): void {
      tx.run("DELETE FROM approval WHERE id = ? AND project_id = ? AND place = ?", id, projectID, place)
    },
  }
}

const approvalOf = ({ id, project_id: projectID, permission, pattern, created }: Row): SavedApproval => ({
  id,
  projectID,
  permission,
  pattern,
  time: { created },
})
