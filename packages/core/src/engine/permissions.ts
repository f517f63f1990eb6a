import { dirname } from "node:path"
import type { Home } from "../home.ts"
import { createApprovals, savedRules, type Approvals } from "../permission/approvals.ts"
import { createGate, type Gate, type GateDeps } from "../permission/gate.ts"
import type { Workspace } from "../workspace/workspace.ts"

export interface PermissionsInput extends Pick<GateDeps, "publish" | "id"> {
  home: Home
  workspace: Workspace
  /** The user's home folder, as rules name it. */
  userHome: string
}

/** Who is asked in a folder, and what was approved there for good. */
export function openPermissions({ home, workspace, userHome, ...deps }: PermissionsInput): {
  gate: Gate
  approvals: Approvals
} {
  const { boundary, peers, store } = home
  const { directory, projectID, worktree } = workspace
  // Without a repository the worktree is the top of the file system, which all such folders share.
  const place = { projectID, place: dirname(worktree) === worktree ? directory : worktree }
  const saved = boundary.approvals(directory, () => savedRules(store.approvals.list(place)))
  const gate = createGate({ ...deps, home: userHome, saved })
  const { id, now } = boundary.host.lane("approvals")
  return { gate, approvals: createApprovals({ store, gate, place, id, now, tellOthers: peers.approved }) }
}
