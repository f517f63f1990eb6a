import type { Project, ProjectChange, ProjectDirectories } from "@opencode/protocol/project.ts"
import type { Scope } from "../bus/bus.ts"
import type { Home } from "../home.ts"
import { fault } from "../lib/fault.ts"
import type { Workspace } from "../workspace/workspace.ts"

/** The projects of one data folder, as people name them. */
export interface Projects {
  /** Newest updated first. */
  list(): Project[]
  /** As it is remembered now. */
  get(id: string): Project | undefined
  /** Members that are absent stay; those of `icon` and `commands` too. @throws fault `project_not_found` */
  change(id: string, change: ProjectChange): Promise<Project>
  /** Where it was opened. */
  directories(id: string): ProjectDirectories
  /** Makes a repository of the folder, unless it is in one. */
  initGit(directory: string): Promise<Project>
  /** Tells clients of a project as it is now. */
  tell(project: Project): Project
}

interface Opened {
  scope: Scope
  workspace: Pick<Workspace, "directory" | "repository" | "git">
  project: Project
}

interface ProjectsOptions {
  home: Pick<Home, "store" | "bus" | "host">
  at(directory: string): Promise<Opened>
  /** Has the folder opened anew by whoever asks next. @returns false while something runs in it */
  release(directory: string): Promise<boolean>
}

export function createProjects({ home: { store, bus, host }, at, release }: ProjectsOptions): Projects {
  const tell = (project: Project): Project => {
    bus.publish(undefined, { type: "project.updated", properties: project })
    return project
  }

  return {
    tell,
    list: store.projects.list,
    get: store.projects.get,
    async change(id, { name, icon, commands }) {
      const changed = await store.write((tx) => {
        const known = store.projects.get(id)
        if (!known) throw fault("project_not_found", `Project not found: ${id}`, { projectID: id })
        const project: Project = {
          ...known,
          ...(name === undefined ? {} : { name }),
          ...(icon === undefined ? {} : { icon: { ...known.icon, ...icon } }),
          ...(commands === undefined ? {} : { commands: { ...known.commands, ...commands } }),
          time: { ...known.time, updated: host.now() },
        }
        store.projects.put(tx, project)
        return project
      })
      return tell(changed)
    },
    directories: (id) => store.workspaces.list(id).map(({ directory }) => ({ directory })),
    async initGit(directory) {
      const { workspace, scope, project } = await at(directory)
      if (workspace.repository) return store.projects.get(project.id) ?? project
      const made = await workspace.git.run(workspace.directory, ["init", "--quiet"])
      if (!made) throw fault("unavailable", "Git is missing, or cannot make a repository of this folder.")
      // What is open knows the folder as one without history. What runs by that goes on, and the next opening knows more.
      await release(scope.directory)
      const known = await at(directory)
      bus.publish(known.scope, { type: "server.instance.disposed", properties: { directory: scope.directory } })
      return tell(known.project)
    },
  }
}
