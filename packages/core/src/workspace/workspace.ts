import { stat } from "node:fs/promises"
import { resolve } from "node:path"
import { fault } from "../lib/fault.ts"
import type { RunningProcess, StartProcess } from "../process/spawn.ts"
import { forClients } from "./asked-path.ts"
import { canonicalPath } from "./canonical.ts"
import { createGit, type Git } from "./git.ts"
import { createPaths, type Paths, type PathsOptions } from "./paths.ts"
import { mainWorktree } from "./linked-worktrees.ts"
import { findWorktree, type Repository } from "./repository.ts"
import { createSearch, type Search } from "./search.ts"

/** A folder as the agent sees it: where it ends, which project it is, and the tools to look at it. */
export interface Workspace {
  /** Canonical. */
  readonly directory: string
  /** The top of the git working tree; "/" without git, as clients expect. Boundaries are in `roots`, not here. */
  readonly worktree: string
  /** What the agent may touch without asking; at least one. */
  readonly roots: readonly string[]
  readonly vcs?: "git"
  readonly repository?: Repository
  /** The root commit, the same in every clone and working tree; "global" without git or without commits. */
  readonly projectID: string
  readonly paths: Paths
  readonly git: Git
  readonly search: Search
  /** Ends what git and searches still do. */
  close(): Promise<void>
}

export interface WorkspaceOptions {
  directory: string
  /** Further roots, beside the worktree. */
  roots?: readonly string[]
  home: string
  /** Folders that never need a question. */
  allowed?: readonly string[]
  /** Where this program keeps its settings and its data. */
  own?: readonly string[]
  opening?: PathsOptions["opening"]
  /** The environment for git and ripgrep. */
  env: Readonly<Record<string, string | undefined>>
  start: StartProcess
  /** Opens a folder that no longer exists too: what was said in it stays readable, and what runs in it fails. */
  mayBeGone?: boolean
  /** What an earlier run found out, so that git need not walk the history again. */
  rememberedProjectID(worktree: string): string | undefined
  remember(worktree: string, projectID: string): void
}

/** @throws fault bad_request when the folder does not exist */
export async function openWorkspace(options: WorkspaceOptions): Promise<Workspace> {
  const directory = await forClients(() => canonicalPath(resolve(options.directory)))
  const found = await stat(directory).catch(() => undefined)
  if (!found?.isDirectory() && !options.mayBeGone)
    throw fault("bad_request", `The folder ${options.directory} does not exist.`)

  const repository = await findWorktree(directory)
  const children = new Set<RunningProcess>()
  const start: StartProcess = (child) => {
    const started = options.start(child)
    children.add(started)
    const forget = () => void children.delete(started)
    started.exited.then(forget, forget)
    return started
  }
  const git = createGit({ start, env: options.env })
  const paths = await createPaths({
    directory,
    roots: [repository?.worktree ?? directory, ...(options.roots ?? [])],
    home: options.home,
    allowed: options.allowed ?? [],
    own: options.own ?? [],
    opening: options.opening,
  })
  return {
    directory,
    worktree: repository?.worktree ?? "/",
    roots: paths.roots,
    ...(repository ? { vcs: "git", repository } : {}),
    projectID: repository ? await identify(repository, git, options) : "global",
    paths,
    git,
    search: createSearch({ start, env: options.env }),
    async close() {
      await Promise.all(Array.from(children, (child) => child.kill()))
    },
  }
}

/** The same, for somebody who waits no longer than this. */
export const endedBy = (signal: AbortSignal, { paths, ...rest }: Workspace): Workspace => ({
  ...rest,
  paths: { ...paths, resolve: (input, options) => paths.resolve(input, { signal, ...options }) },
})

async function identify(repository: Repository, git: Git, options: WorkspaceOptions): Promise<string> {
  const { worktree } = repository
  // A linked working tree belongs to the project of the main one, whatever its own branch has for a history.
  const remembered = options.rememberedProjectID(mainWorktree(repository) ?? worktree)
  if (remembered) return remembered
  const root = await git.rootCommit(worktree)
  if (root) options.remember(worktree, root)
  return root ?? "global"
}
