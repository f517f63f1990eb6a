import type { Project } from "@opencode/protocol/project.ts"
import type { Host } from "../lib/host.ts"
import type { Store } from "../store/store.ts"
import { mainWorktree } from "./linked-worktrees.ts"
import type { Workspace } from "./workspace.ts"

/** The project that a workspace belongs to, as it is remembered; written down when it is new or has changed. */
export async function rememberProject(
  { projectID, worktree, directory, roots, vcs, repository }: Workspace,
  { store, host }: { store: Store; host: Pick<Host, "id" | "now"> },
): Promise<Project> {
  const known = store.projects.get(projectID)
  const workspace = store.workspaces.byDirectory(directory)
  // A linked working tree is one more place of the project, and not where it is at home.
  const main = repository && mainWorktree(repository)
  const home = main ?? worktree
  const sandboxes = known?.sandboxes ?? []
  const isKnown = known?.worktree === home && (main === undefined || sandboxes.includes(worktree))
  if (isKnown && workspace?.projectID === projectID && workspace.roots.join() === roots.join()) {
    return known
  }
  const now = host.now()
  const project: Project = {
    ...known,
    id: projectID,
    worktree: home,
    ...(vcs ? { vcs } : {}),
    time: { ...known?.time, created: known?.time.created ?? now, updated: now },
    sandboxes: main === undefined || sandboxes.includes(worktree) ? sandboxes : [...sandboxes, worktree],
  }
  await store.write((tx) => {
    store.projects.put(tx, project)
    store.workspaces.put(tx, { id: workspace?.id ?? host.id("wrk"), projectID, directory, roots: [...roots] })
  })
  return project
}
