import { access } from "node:fs/promises"
import { basename, join, resolve } from "node:path"
import type { Project } from "@opencode/protocol/project.ts"
import type { KeptWork, Worktree, WorktreeCreateInput, WorktreeErrorName } from "@opencode/protocol/worktree.ts"
import { ensureFolder } from "../config/folders.ts"
import type { Home } from "../home.ts"
import { isFault } from "../lib/fault.ts"
import { createOrder } from "../lib/order.ts"
import { isAlive } from "../store/process-identity.ts"
import { slug } from "../session/slug.ts"
import { forClients } from "../workspace/asked-path.ts"
import { canonicalPath } from "../workspace/canonical.ts"
import { keptWork, letOldGo } from "../workspace/kept-names.ts"
import { keepWork } from "../workspace/kept-work.ts"
import {
  addWorktree,
  dropWorktree,
  hasBranch,
  linkedWorktrees,
  resetWorktree,
  worktreeFault,
  type LinkedWorktree,
} from "../workspace/linked-worktrees.ts"
import { isInside } from "../workspace/paths.ts"
import { defaultBranch } from "../workspace/vcs.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { createReadying, type Startable } from "./worktree-readying.ts"

/**
 * Working trees that clients have made of a project, in the data folder. Only these are ever removed or set back, never
 * while something works in them, and what is in them and nowhere else is kept first.
 */
export interface Worktrees {
  /** Absolute paths. */
  list(directory: string): Promise<string[]>
  /**
   * Answers when folder and branch are there. Its files, then `worktree.ready` or `worktree.failed`, and then the start
   * commands come after that.
   * @throws fault `worktree`
   */
  create(directory: string, input: WorktreeCreateInput): Promise<Worktree>
  /** @returns the name under which its work was kept, if there was any. @throws fault `worktree` */
  remove(directory: string, target: string): Promise<string | undefined>
  /** Puts its branch where the default one is. @returns and @throws as `remove` */
  reset(directory: string, target: string): Promise<string | undefined>
  /** What was kept in the repository, newest first. Empty without git. */
  kept(directory: string): Promise<KeptWork[]>
  /** Whether its start commands run. */
  isStarting(directory: string): boolean
  close(): Promise<void>
}

interface Opened extends Startable {
  workspace: Workspace
  project: Project
}

interface WorktreesOptions {
  home: Pick<Home, "store" | "bus" | "host" | "log" | "folders" | "owner">
  at(directory: string): Promise<Opened>
  /** Has nothing of this process in the folder. @returns false while something runs in it */
  leave(directory: string): Promise<boolean>
  tell(project: Project): void
}

type Known = Opened & { workspace: Opened["workspace"] & Required<Pick<Workspace, "repository">> }

const BRANCH = "opencode/"
/** As a part of the names of folders and branches, with room for two words more. */
const MAX_SLUG_CHARACTERS = 60
/** There are 144 pairs of words: who has used most of them up can choose a name. */
const MAX_TRIES = 50

export function createWorktrees({ home, at, leave, tell }: WorktreesOptions): Worktrees {
  const { store, host, log, folders } = home
  /** One thing at a time is done with the working trees of a project. */
  const order = createOrder()
  const readying = createReadying({ home, at })

  async function known(directory: string): Promise<Known> {
    const opened = await at(directory)
    if (opened.workspace.repository) return opened as Known
    throw worktreeFault("WorktreeNotGitError", "Worktrees are only supported for git projects")
  }

  const folderOf = (projectID: string): Promise<string> => canonicalPath(join(folders.data, "worktree", projectID))

  async function free({ workspace: { git, directory } }: Known, folder: string, wanted: string) {
    for (let tried = 0; tried < MAX_TRIES; tried++) {
      const name = !wanted ? slug(host.random) : tried === 0 ? wanted : `${wanted}-${slug(host.random)}`
      const branch = BRANCH + name
      const isTaken = await access(join(folder, name)).then(
        () => true,
        () => hasBranch(git, directory, branch),
      )
      if (!isTaken) return { name, branch, directory: join(folder, name) }
    }
    throw worktreeFault("WorktreeNameGenerationFailedError", "Failed to generate a unique worktree name")
  }

  /** @param change gets the folders that are remembered, and says which are from now on */
  async function remember(projectID: string, change: (sandboxes: string[]) => string[]): Promise<void> {
    const changed = await store.write((tx) => {
      const project = store.projects.get(projectID)
      if (!project) return undefined
      const sandboxes = [...new Set(change(project.sandboxes))]
      if (sandboxes.join("\0") === project.sandboxes.join("\0")) return undefined
      const value = { ...project, sandboxes, time: { ...project.time, updated: host.now() } }
      store.projects.put(tx, value)
      return value
    })
    if (changed) tell(changed)
  }

  /** Others that work on the same data. */
  const isUsedElsewhere = (directory: string): boolean =>
    store.leases.list().some((lease) => {
      const worksIn = store.sessions.get(lease.sessionID)?.directory
      return lease.pid !== home.owner.pid && worksIn !== undefined && isInside(directory, worksIn) && isAlive(lease)
    })

  async function mine(opened: Known, target: string, error: WorktreeErrorName): Promise<LinkedWorktree | undefined> {
    const { workspace } = opened
    const directory = await forClients(() => canonicalPath(resolve(workspace.directory, target)))
    const found = (await linkedWorktrees(workspace.git, workspace.directory)).find((one) => one.directory === directory)
    if (!found || found.isMain) return found
    if (!isInside(await folderOf(workspace.projectID), directory))
      throw worktreeFault(error, `${directory} was not made by this program: use \`git worktree\` for it.`)
    return found
  }

  /** It stays: the request may have come from the one that goes. */
  async function mainOf({ workspace: { git, directory, repository } }: Known): Promise<string> {
    const [main] = await linkedWorktrees(git, directory)
    return main?.directory ?? repository.commonDir
  }

  /** From here on nothing works in it, and nothing in it can be lost. */
  async function secure(opened: Known, tree: LinkedWorktree, error: WorktreeErrorName) {
    const { directory } = tree
    await readying.filled(directory)
    if (readying.isStarting(directory) || isUsedElsewhere(directory) || !(await leave(directory)))
      throw worktreeFault(error, `Something works in ${directory}: end it first.`)
    const { git } = opened.workspace
    try {
      const from = await mainOf(opened)
      const now = host.now()
      const kept = await keepWork({ git, from, tree, name: basename(directory), now })
      // What may add a name takes away those that are past their time.
      for (const { ref, commit } of await letOldGo(git, from, now))
        log.info("work of a worktree was kept long enough", { ref, commit })
      if (kept) log.info("work of a worktree was kept", { directory, ref: kept })
      return kept
    } catch (cause) {
      throw isFault(cause, "unavailable") ? worktreeFault(error, cause.message) : cause
    }
  }

  return {
    async list(directory) {
      const { workspace, project } = await at(directory)
      if (!workspace.repository) return []
      const sandboxes = store.projects.get(project.id)?.sandboxes ?? []
      const there = new Set((await linkedWorktrees(workspace.git, workspace.directory)).map((one) => one.directory))
      return sandboxes.filter((one) => there.has(one))
    },

    async create(directory, { name = "", startCommand }) {
      const opened = await known(directory)
      const { projectID, git, repository } = opened.workspace
      const made = await order.run(projectID, async () => {
        const folder = await canonicalPath(await ensureFolder(join(folders.data, "worktree", projectID)))
        const chosen = await free(opened, folder, asSlug(name))
        await addWorktree(git, repository.worktree, chosen)
        await remember(projectID, (sandboxes) => [...sandboxes, chosen.directory])
        return chosen
      })
      readying.begin({ ...made, projectID }, { git, ...(startCommand === undefined ? {} : { startCommand }) })
      return made
    },

    async remove(directory, target) {
      const error = "WorktreeRemoveFailedError"
      const opened = await known(directory)
      const { workspace } = opened
      return order.run(workspace.projectID, async () => {
        const tree = await mine(opened, target, error)
        if (tree?.isMain) throw worktreeFault(error, `'${tree.directory}' is a main working tree`)
        const gone = tree?.directory ?? resolve(workspace.directory, target)
        const kept = tree && (await secure(opened, tree, error))
        // The branch of another name is somebody's own.
        const { branch = "", ...rest } = tree ?? { directory: gone, isMain: false }
        if (tree) {
          const own = branch.startsWith(BRANCH) ? { ...rest, branch } : rest
          await dropWorktree(workspace.git, await mainOf(opened), own)
        }
        await remember(workspace.projectID, (sandboxes) => sandboxes.filter((one) => one !== gone))
        return kept
      })
    },

    async reset(directory, target) {
      const error = "WorktreeResetFailedError"
      const opened = await known(directory)
      const { workspace } = opened
      return order.run(workspace.projectID, async () => {
        const tree = await mine(opened, target, error)
        if (!tree) throw worktreeFault(error, "Worktree not found")
        if (tree.isMain) throw worktreeFault(error, "Cannot reset the primary workspace")
        if (tree.isGone) throw worktreeFault(error, `${tree.directory} is gone: it can only be removed.`)
        if (tree.branch !== undefined && !tree.branch.startsWith(BRANCH))
          throw worktreeFault(error, `The branch ${tree.branch} was not made by this program: it is not set back.`)
        const to = await defaultBranch(workspace)
        if (!to) throw worktreeFault(error, "Default branch not found")
        const kept = await secure(opened, tree, error)
        await resetWorktree(workspace.git, tree.directory, to.ref)
        const { projectID } = workspace
        readying.start({ directory: tree.directory, name: basename(tree.directory), projectID })
        return kept
      })
    },

    async kept(directory) {
      const { workspace } = await at(directory)
      return workspace.repository ? keptWork(workspace.git, workspace.directory) : []
    },

    isStarting: readying.isStarting,

    async close() {
      await Promise.all([readying.close(), order.settled()])
    },
  }
}

/** What of a name can be part of a folder's and a branch's. */
const asSlug = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .slice(0, MAX_SLUG_CHARACTERS)
    .replaceAll(/^-+|-+$/g, "")
