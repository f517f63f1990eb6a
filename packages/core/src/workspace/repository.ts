import { readFile, stat } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"

/** What can be known of a git repository by reading its files. No process is started here. */
export interface Repository {
  /** The top folder of the working tree. */
  worktree: string
  /** Where its HEAD and index are. */
  gitDir: string
  /** Where objects and branches are; differs from `gitDir` in a linked working tree. */
  commonDir: string
}

/** The pointer files of git hold one short line; anything larger is not one. */
const MAX_POINTER_BYTES = 8 * 1024

/** Walks up from a canonical folder. Undefined when there is no repository around it. */
export async function findWorktree(directory: string): Promise<Repository | undefined> {
  for (let folder = directory; ; folder = dirname(folder)) {
    const gitDir = await gitDirOf(folder)
    if (gitDir) {
      const common = await pointer(join(gitDir, "commondir"))
      return { worktree: folder, gitDir, commonDir: common ? resolve(gitDir, common) : gitDir }
    }
    if (dirname(folder) === folder) return undefined
  }
}

/** The name after `refs/heads/`; undefined when HEAD is detached, "" when only git itself can tell (reftable). */
export async function readBranch({ gitDir }: Repository): Promise<string | undefined> {
  const head = await pointer(join(gitDir, "HEAD"))
  const branch = head?.match(/^ref: refs\/heads\/(.+)$/)?.[1]
  return branch === ".invalid" ? "" : branch
}

async function gitDirOf(folder: string): Promise<string | undefined> {
  const entry = join(folder, ".git")
  const found = await stat(entry).catch(() => undefined)
  if (!found) return undefined
  const target = found.isDirectory() ? entry : (await pointer(entry))?.match(/^gitdir: (.+)$/)?.[1]
  if (target === undefined) return undefined
  const gitDir = resolve(folder, target)
  // An empty `.git` folder is not a repository, neither for git nor for us.
  return (await pointer(join(gitDir, "HEAD"))) === undefined ? undefined : gitDir
}

async function pointer(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile() || found.size > MAX_POINTER_BYTES) return undefined
  const text = await readFile(path, "utf8").catch(() => "")
  return text.trim() || undefined
}
