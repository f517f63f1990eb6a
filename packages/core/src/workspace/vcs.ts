import type { File, VcsFileDiff, VcsFileStatus, VcsInfo } from "@opencode/protocol/file.ts"
import { join, relative } from "node:path"
import { fault } from "../lib/fault.ts"
import { refName, SAFE_DIFF } from "./git.ts"
import { parseChanges, type Change } from "./git-changes.ts"
import { newFilePatch } from "./new-file-patch.ts"
import { applyPatch } from "./vcs-apply.ts"
import type { Workspace } from "./workspace.ts"

/** What clients are told of the history of a folder. Names of files are relative to the worktree, as git has them. */
export interface Vcs {
  info(): Promise<VcsInfo>
  /** What is not committed in the folder, new files included. Empty without git. */
  status(): Promise<VcsFileStatus[]>
  /** The same in the older words, with names relative to the folder. */
  files(): Promise<File[]>
  /** The same with patches; `branch` since the branch left the default one, empty on that. */
  diff(mode: "git" | "branch", context?: number): Promise<VcsFileDiff[]>
  /** One patch of all that is not committed. */
  raw(): Promise<Uint8Array>
  /** All of a patch or nothing. @throws fault `patch_refused` */
  apply(patch: string): Promise<void>
}

type Folder = Pick<Workspace, "git" | "repository" | "directory">
type Repo = Folder & Pick<Required<Folder>, "repository">

/** A list that is longer is of nobody's making. */
const MAX_FILES = 10_000
/** New files that are read, for their lines and their patches. */
const MAX_NEW_FILES = 1_000
/** All patches of an answer; a file whose patch is beyond is listed without one. */
const MAX_PATCH_CHARACTERS = 4_000_000
/** As much as a client can give back: that is what a body may have. */
const MAX_RAW_BYTES = 32 * 1024 * 1024
/** As many lines around a change as git shows. */
const CONTEXT = 3
/** More than any file has. */
const MAX_CONTEXT = 1_000_000

export function createVcs(folder: Folder): Vcs {
  const { git, repository } = folder
  const repo: Repo | undefined = repository && { ...folder, repository }
  // One after the other: each may have to put back what was there before.
  let applying: Promise<unknown> = Promise.resolve()

  const status: Vcs["status"] = async () => (repo ? changed(repo, await headOf(repo)) : [])

  return {
    async info() {
      if (!repo) return {}
      const branch = await git.branch(repo.repository.worktree)
      const main = await defaultBranch(repo)
      return { ...(branch ? { branch } : {}), ...(main ? { default_branch: main.name } : {}) }
    },
    status,
    async files() {
      const top = repo?.repository.worktree ?? ""
      return (await status()).map(({ file, additions, deletions, status }) => ({
        path: relative(folder.directory, join(top, file)),
        added: additions,
        removed: deletions,
        status,
      }))
    },
    async diff(mode, context = CONTEXT) {
      const base = repo && (mode === "git" ? await headOf(repo) : await branchBase(repo))
      return repo && base ? within(await changed(repo, base, Math.min(context, MAX_CONTEXT))) : []
    },
    raw: async () => (repo ? await rawPatch(repo) : new Uint8Array()),
    apply(patch) {
      const applied = applying.then(() => applyPatch(repository?.worktree, git, patch))
      applying = applied.catch(() => undefined)
      return applied
    },
  }
}

/** @param context with patches, of so many lines around each change */
async function changed(repo: Repo, base: string, context?: number): Promise<Change[]> {
  const shown = context === undefined ? [] : ["-p", `-U${context}`]
  const known = await compared(repo, ["-z", "--raw", "--numstat", ...shown, base])
  const changes = parseChanges(known.stdout.toString(), known.cut)
  const files = new Set(changes.map(({ file }) => file))
  let read = 0
  let room = MAX_PATCH_CHARACTERS
  for (const file of (await newFiles(repo)).slice(0, MAX_FILES)) {
    if (files.has(file)) continue
    const isRead = room > 0 && read++ < MAX_NEW_FILES
    const made = isRead ? await newFilePatch(repo.repository.worktree, file) : { additions: 0 }
    if (!made) continue
    const patch = context !== undefined && "patch" in made ? made.patch.toString() : undefined
    room -= patch?.length ?? 0
    changes.push({ file, additions: made.additions, deletions: 0, status: "added", ...(patch ? { patch } : {}) })
  }
  return changes.sort((a, b) => (a.file < b.file ? -1 : 1)).slice(0, MAX_FILES)
}

function within(changes: Change[]): VcsFileDiff[] {
  let room = MAX_PATCH_CHARACTERS
  return changes.map(({ patch, ...rest }) => {
    if (patch === undefined || patch.length > room) return rest
    room -= patch.length
    return { ...rest, patch }
  })
}

async function rawPatch(repo: Repo): Promise<Uint8Array> {
  const { stdout, cut } = await compared(repo, ["-p", await headOf(repo)])
  // A part of a patch would be taken for all of it.
  const added = await newFiles(repo)
  if (cut || added.length > MAX_NEW_FILES) throw tooLarge()
  const parts: Buffer[] = [stdout]
  let room = MAX_RAW_BYTES - stdout.length
  for (const file of added) {
    const made = await newFilePatch(repo.repository.worktree, file)
    if (!made) continue
    room -= made.patch.length
    if (room < 0) throw tooLarge()
    parts.push(made.patch)
  }
  return Buffer.concat(parts)
}

async function compared({ git, repository: { worktree }, directory }: Repo, args: readonly string[]) {
  const result = await git.compare(worktree, ["diff", ...SAFE_DIFF, ...args, "--", ...inside(worktree, directory)])
  if (!result) throw unknown()
  return result
}

async function newFiles({ git, repository: { worktree }, directory }: Repo): Promise<string[]> {
  const args = ["ls-files", "-z", "--others", "--exclude-standard", "--", ...inside(worktree, directory)]
  const listed = await git.run(worktree, args)
  if (!listed) throw unknown()
  const names = listed.stdout.toString().split("\0")
  if (listed.cut) names.pop()
  // With "/" at the end it is another repository.
  return names.filter((name) => name !== "" && !name.endsWith("/"))
}

function inside(worktree: string, directory: string): string[] {
  const way = relative(worktree, directory)
  return way === "" ? [] : [way]
}

const tooLarge = () => fault("too_large", "The changes are too large for one patch.")

/** What is not known must not look like nothing. */
const unknown = () => fault("unavailable", "Git is missing, or cannot compare the files of this folder.")

/** Before the first commit all is new. */
async function headOf({ git, repository: { worktree } }: Repo): Promise<string> {
  if (await commitOf(git, worktree, "HEAD")) return "HEAD"
  const empty = await git.run(worktree, ["hash-object", "-t", "tree", "--stdin"], { input: "" })
  if (!empty) throw unknown()
  return empty.stdout.toString().trim()
}

async function commitOf(git: Repo["git"], worktree: string, ref: string): Promise<string | undefined> {
  const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${ref}^{commit}`]
  return (await git.run(worktree, args))?.stdout.toString().trim() || undefined
}

interface Branch {
  name: string
  ref: string
}

/** The one that the remote names, else the one of the usual names that is there. */
export async function defaultBranch({
  git,
  repository: { worktree },
}: Pick<Repo, "git" | "repository">): Promise<Branch | undefined> {
  const head = "refs/remotes/origin/HEAD"
  const named = (await git.run(worktree, ["symbolic-ref", "--quiet", head], { accept: [1, 128] }))?.stdout
  const ref = named?.toString().trim()
  if (ref?.startsWith("refs/remotes/origin/")) return { name: ref.slice("refs/remotes/origin/".length), ref }
  for (const name of ["main", "master"]) {
    const local = `refs/heads/${name}`
    if (await commitOf(git, worktree, local)) return { name, ref: local }
  }
  return undefined
}

async function branchBase(repo: Repo): Promise<string | undefined> {
  const { git, repository } = repo
  const main = await defaultBranch(repo)
  if (!main || (await git.branch(repository.worktree)) === main.name) return undefined
  const args = ["merge-base", "HEAD", refName(main.ref)]
  return (await git.run(repository.worktree, args))?.stdout.toString().trim() || undefined
}
