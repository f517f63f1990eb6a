import { realpath } from "node:fs/promises"
import { sep } from "node:path"
import type { Project } from "@opencode/protocol/project.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { Store } from "../store/store.ts"
import type { Workspace } from "../workspace/workspace.ts"

/** Where sessions from elsewhere belong here: the folder by its real name, the project by the id it has here. */
export interface Places {
  /** Those that are not known here, or not yet, as they are remembered from now on. */
  newProjects(): Promise<Project[]>
  of(info: Pick<Session, "directory"> & { projectID?: string }): Promise<Place>
}

export interface Place {
  directory: string
  projectID: string
  worktree: string
}

interface PlacesOptions {
  store: Pick<Store, "projects">
  projects: readonly Project[]
  /** Nothing is opened for somebody who only looks. */
  dryRun: boolean
  at(directory: string): Promise<{ workspace: Workspace }>
}

const GLOBAL = "global"

export function placesOf({ store, projects, dryRun, at }: PlacesOptions): Places {
  const names = new Map<string, string>()
  const opened = new Map<string, Promise<Place>>()

  /** The folder as the system calls it; one that is gone keeps its name. */
  async function real(folder: string): Promise<string> {
    const known = names.get(folder)
    if (known !== undefined) return known
    const found = await realpath(folder).catch(() => folder)
    names.set(folder, found)
    return found
  }

  /** A working tree keeps the id under which it is known here, so that its sessions stay together. */
  async function ownID({ id, worktree }: Project): Promise<string> {
    return id === GLOBAL ? id : (store.projects.rememberedID(await real(worktree)) ?? id)
  }

  async function byProject(directory: string, project: Project): Promise<Place> {
    const worktree = await real(project.worktree)
    return { directory, projectID: await ownID(project), worktree }
  }

  /** Of a folder alone: what git says of it, and where it is gone the working tree that it was in. */
  async function byFolder(directory: string): Promise<Place> {
    const worktree = nearest(store.projects.list(), directory)
    const remembered = { directory, projectID: worktree?.id ?? GLOBAL, worktree: worktree?.worktree ?? "/" }
    if (dryRun) return remembered
    try {
      const { workspace } = await at(directory)
      return { directory: workspace.directory, projectID: workspace.projectID, worktree: workspace.worktree }
    } catch {
      return remembered // the folder is gone
    }
  }

  return {
    async newProjects() {
      const fresh = await Promise.all(
        projects.map(async (project) => {
          const isKnown = store.projects.get(await ownID(project)) !== undefined
          return isKnown ? [] : [{ ...project, worktree: await real(project.worktree) }]
        }),
      )
      return fresh.flat()
    },
    async of({ directory: given, projectID }) {
      const directory = await real(given)
      const project = projects.find(({ id }) => id === projectID)
      if (project) return byProject(directory, project)
      if (projectID !== undefined) return { directory, projectID, worktree: "/" }
      const known = opened.get(directory) ?? byFolder(directory)
      opened.set(directory, known)
      return known
    },
  }
}

/** The working tree that a folder lies in; the innermost of several. */
function nearest(projects: Project[], directory: string): Project | undefined {
  return projects
    .filter(({ id, worktree }) => id !== GLOBAL && (directory === worktree || directory.startsWith(worktree + sep)))
    .sort((a, b) => b.worktree.length - a.worktree.length)[0]
}
