import type { GlobalSession } from "@opencode/protocol/session.ts"
import type { SessionFilter } from "../store/session-store.ts"
import type { Store } from "../store/store.ts"

export type ListEverywhere = (filter: SessionFilter) => GlobalSession[]

/** Sessions of all projects, each with what is needed to name its project. Newest updated first. */
export function listEverywhere({ sessions, projects }: Pick<Store, "sessions" | "projects">): ListEverywhere {
  return (filter) =>
    sessions.list(filter).map((session) => {
      const project = projects.get(session.projectID)
      if (!project) return { ...session, project: null }
      const { id, name, worktree } = project
      return { ...session, project: { id, worktree, ...(name === undefined ? {} : { name }) } }
    })
}
