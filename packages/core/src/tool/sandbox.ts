import { lstat, readFile, realpath, stat } from "node:fs/promises"
import { basename, dirname, join, relative, sep } from "node:path"
import type { SandboxSetting } from "../config/sandbox.ts"
import { toolFailure } from "../lib/fault.ts"
import { guardedIn, guardedInGit } from "../permission/guarded.ts"
import { collect } from "../process/collect.ts"
import type { MountPoint, MountPoints } from "../process/mount-points.ts"
import type { Confinement } from "../process/sandbox.ts"
import type { StartProcess } from "../process/spawn.ts"
import { which } from "../process/which.ts"
import { isInside } from "../workspace/paths.ts"
import type { Workspace } from "../workspace/workspace.ts"

/**
 * Where commands run that may touch less than the user. What was asked for and cannot be had is refused, never left out
 * in silence.
 */
export interface Sandbox {
  /** Why there is none, in one sentence; undefined when commands can be run in one. Looked for once. */
  missing(): Promise<string | undefined>
  /** Whether nothing of the workspace can be changed in it. */
  onlyReads(command: { readOnly: boolean }): boolean
  /** What a command in it can do, for a model whose command failed and may have failed because of it. */
  bounds(command: { readOnly: boolean }): string
  /** Makes one ready for one command. @throws tool failure when it cannot be made safe */
  enter(command: { readOnly: boolean; cwd: string }): Promise<Room>
}

export interface Room {
  confinement: Confinement
  /** After the command has ended: takes away what was there for it only. */
  leave(): Promise<void>
}

export interface SandboxDeps {
  setting: SandboxSetting
  workspace: Pick<Workspace, "directory" | "roots" | "repository">
  home: string
  /** Folders and files of ours that no command may see: credentials, conversations, sockets. They need not exist. */
  hidden: readonly string[]
  /** Folders of ours that commands work with: temporary files, saved output. */
  shared: readonly string[]
  /** What commands may read though it lies in what is hidden: clones of repositories that are referred to. */
  readable: readonly string[]
  /** Where bubblewrap is looked for. */
  path: string | undefined
  platform: string
  start: StartProcess
  /** One for all sandboxes of a folder, so that they do not take from each other what they need. */
  mountPoints: MountPoints
}

/** @returns undefined when none was asked for */
export function createSandbox(deps: SandboxDeps): Sandbox | undefined {
  const { setting } = deps
  if (setting.mode === "off") return undefined
  let looked: Promise<Found> | undefined
  const look = () => (looked ??= find(deps))
  const onlyReads = ({ readOnly }: { readOnly: boolean }) => readOnly || setting.mode === "read-only"

  return {
    missing: async () => {
      const found = await look()
      return "problem" in found ? found.problem : undefined
    },
    onlyReads,
    bounds: (command) =>
      `${onlyReads(command) ? NOTHING : WORKSPACE} What it puts into /tmp and what it leaves running ends with it.` +
      (setting.network && !command.readOnly ? "" : " It has no network."),

    async enter({ readOnly, cwd }) {
      const found = await look()
      if ("problem" in found) throw toolFailure(found.problem)
      const isReadOnly = onlyReads({ readOnly })
      const hidden = await sorted([...deps.hidden, ...SOCKETS])
      const place = { ...found, hidden, cwd, network: setting.network && !readOnly }
      if (isReadOnly) return { confinement: await readOnlyPlace(place, deps), leave: async () => {} }
      const base = await readOnlyPlace(place, deps)
      const { roots } = deps.workspace
      const writable = [...roots, ...(await linkedGit(deps.workspace)), ...(await canonical(deps.shared))]
      const wanted = await guarded(deps.workspace)
      // From here on nothing may fail: what is held has to be released.
      const held = orRefuse(() => deps.mountPoints.hold(wanted))
      return { confinement: { ...base, writable, protected: held.paths }, leave: held.release }
    },
  }
}

const NOTHING = "it can change no file of the workspace."
const WORKSPACE =
  "it can change files of the workspace, but not what git, editors and agents obey (.git/hooks, .git/config, .vscode, …)."

/** The sockets of other programs, some of which do for anybody what a command may not: the bus, containers, terminals. */
const SOCKETS = ["/run", "/var/run"]
/** What lies there and is no socket: how names are resolved, and the programs of some systems. */
const HARMLESS = [
  ...["/run/systemd/resolve", "/run/NetworkManager/resolv.conf", "/run/resolvconf"],
  ...["/run/current-system", "/run/wrappers", "/run/opengl-driver"],
]

interface Site {
  program: string
  hidden: Confinement["hidden"]
  cwd: string
  network: boolean
}

async function readOnlyPlace({ program, hidden, cwd, network }: Site, deps: SandboxDeps): Promise<Confinement> {
  const isOurs = [...hidden.folders, ...hidden.files].some((path) => isInside(path, cwd))
  const own = await canonical([...deps.shared, ...deps.readable])
  const visible = [...deps.workspace.roots, ...own, ...HARMLESS, ...(isOurs ? [] : [cwd])]
  return { program, hidden, network, writable: [], protected: [], visible: await existing(visible) }
}

function orRefuse<T>(prepare: () => T): T {
  try {
    return prepare()
  } catch (error) {
    const { message } = error as Error
    throw toolFailure(`The command was not run: its sandbox could not be prepared (${message}).`)
  }
}

/** What is protected in a workspace that may be written to. @throws tool failure for what a mount cannot protect */
async function guarded({ roots, directory, repository }: SandboxDeps["workspace"]): Promise<MountPoint[]> {
  const folders = [...new Set(roots.flatMap((root) => way(root, directory)))]
  const points = folders.flatMap(guardedIn)
  for (const folder of folders) {
    const git = join(folder, ".git")
    const isRepository = (await lstat(git).catch(() => undefined))?.isDirectory()
    points.push(...(isRepository ? guardedInGit(git) : [{ path: git, kind: "folder" as const }]))
  }
  if (repository && (await linkedGit({ roots, repository })).length > 0) {
    points.push(...guardedInGit(repository.commonDir))
    for (const name of ["commondir", "gitdir"]) points.push({ path: join(repository.gitDir, name), kind: "file" })
    points.push({ path: join(repository.gitDir, "config.worktree"), kind: "file" })
  }
  const needed = await Promise.all(points.map(async (point) => ((await isNeeded(point)) ? [point] : [])))
  return needed.flat()
}

/** A folder of modules that is not there is nothing that git would look into. */
async function isNeeded({ path }: MountPoint): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSymbolicLink()) {
    throw toolFailure(
      `The command was not run: ${path} is a symbolic link, which the sandbox cannot protect. ` +
        'The user can put in its place what it leads to, or set `sandbox` to "read-only" or "off".',
    )
  }
  return found !== undefined || !["modules", "worktrees"].includes(basename(path))
}

/** The folders from a root to where the work is. */
function way(root: string, directory: string): string[] {
  if (!isInside(root, directory)) return [root]
  const names = relative(root, directory).split(sep).filter(Boolean)
  return [root, ...names.map((_, index) => join(root, ...names.slice(0, index + 1)))]
}

/**
 * Where a linked working tree keeps its index, and the objects that it shares. Only when that place says so itself: the
 * file in the working tree could name any folder.
 */
async function linkedGit({ roots, repository }: Pick<Workspace, "roots" | "repository">): Promise<string[]> {
  if (!repository) return []
  const { worktree, gitDir, commonDir } = repository
  if (dirname(gitDir) !== join(commonDir, "worktrees") || roots.some((root) => isInside(root, gitDir))) return []
  const back = await readFile(join(gitDir, "gitdir"), "utf8").catch(() => "")
  return back.trim() === join(worktree, ".git") ? [commonDir, gitDir] : []
}

async function sorted(paths: readonly string[]): Promise<Confinement["hidden"]> {
  const real = await canonical(paths)
  const found = await Promise.all(real.map(async (path) => ({ path, kind: await stat(path).catch(() => undefined) })))
  return {
    folders: found.flatMap(({ path, kind }) => (kind?.isDirectory() ? [path] : [])),
    files: found.flatMap(({ path, kind }) => (kind?.isFile() ? [path] : [])),
  }
}

/** Those that exist, where they really are: a mount must not be led astray by a link. */
const canonical = async (paths: readonly string[]): Promise<string[]> => {
  const found = await Promise.all(
    paths.map((path) =>
      realpath(path).then(
        (real) => [real],
        () => [],
      ),
    ),
  )
  return found.flat()
}

const existing = async (paths: readonly string[]): Promise<string[]> => {
  const found = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        () => [path],
        () => [],
      ),
    ),
  )
  return found.flat()
}

type Found = { program: string } | { problem: string }

async function find({ platform, workspace: { roots }, home, setting, path, start }: SandboxDeps): Promise<Found> {
  const refused = (why: string) => ({ problem: `The command was not run: \`sandbox\` is set, and ${why}.` })
  if (platform !== "linux") return refused("there is a sandbox for commands on Linux only")
  const [realHome = home] = await canonical([home])
  if (setting.mode === "workspace" && roots.some((root) => isInside(root, realHome))) {
    return refused("your home folder would be writable in it, with all that decides what is run at your next login")
  }
  // One that the project brought along is none.
  const folders = (path ?? "").split(":").filter((folder) => !roots.some((root) => isInside(root, folder)))
  const program = await which("bwrap", folders.join(":"))
  if (program === undefined) return refused("bubblewrap (`bwrap`) is not installed")
  const confinement = { program, writable: [], protected: [], hidden: { folders: [], files: [] }, visible: [] }
  const tried = await collect(start, {
    file: "/bin/sh",
    args: ["-c", ":"],
    cwd: "/",
    maxBytes: 1_024,
    env: { PATH: "/usr/bin:/bin" },
    deadlineMs: PROBE_MS,
    confinement: { ...confinement, network: false },
  })
  if (tried.code === 0) return { program }
  const said = tried.stderr.trim().split("\n")[0] || tried.failure || "it did not answer"
  return refused(`bubblewrap cannot make one here (${said.replace(/\.$/, "")})`)
}

/** It takes a few milliseconds; a machine that cannot do it in this time could not run commands in it either. */
const PROBE_MS = 10_000
