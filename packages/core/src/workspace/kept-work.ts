import { lstat, rm } from "node:fs/promises"
import { join } from "node:path"
import { fault } from "../lib/fault.ts"
import type { Git } from "./git.ts"
import { keptName } from "./kept-names.ts"
import { REFUSALS, type LinkedWorktree } from "./linked-worktrees.ts"
import { findWorktree } from "./repository.ts"

/**
 * What a working tree holds that is nowhere else stays in the repository under a name of its own before the tree goes or
 * is set back: changes that nobody committed and new files as a commit, with the tree's own commits below it. Files that
 * git ignores are not among it.
 */
interface KeepInput {
  git: Git
  /** A folder of the repository that stays. */
  from: string
  tree: LinkedWorktree
  /** A word for the name. */
  name: string
  /** Milliseconds since the epoch. */
  now: number
}

/** Files of a large repository on a slow disk, each of which is read. */
const LONG_MS = 600_000
const IN_OUR_NAME = Object.fromEntries(
  ["AUTHOR", "COMMITTER"].flatMap((role) => [
    [`GIT_${role}_NAME`, "opencode"],
    [`GIT_${role}_EMAIL`, "opencode@localhost"],
  ]),
)

/** @returns the name of what was kept; undefined when there was nothing. @throws fault `unavailable`: nothing may go */
export async function keepWork(input: KeepInput): Promise<string | undefined> {
  if (input.tree.isGone) return keepCommits(input)
  const { git, tree, name, now } = input
  const { directory, branch } = tree
  const repository = await findWorktree(directory)
  if (repository?.worktree !== directory) throw cannot(`${directory} is no working tree any more`)
  if (await hasModules(repository.gitDir)) throw cannot("it has submodules, which have histories of their own")

  const line = async (args: string[], env: Record<string, string> = {}): Promise<string | undefined> => {
    const result = await git.compare(directory, args, { env, accept: REFUSALS, deadlineMs: LONG_MS })
    return result?.code === 0 ? result.stdout.toString().trim() : undefined
  }
  const head = await line(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])
  if (head === undefined) throw cannot("git does not find its last commit")
  const index = join(repository.gitDir, "opencode-kept-index")
  const env = { ...IN_OUR_NAME, GIT_INDEX_FILE: index }
  try {
    // A new index: one that is there may pass over changes of files that somebody marked.
    const isWhole =
      (await line(["read-tree", head], env)) !== undefined && (await line(["add", "-A"], env)) !== undefined
    const files = isWhole ? await line(["write-tree"], env) : undefined
    if (!files) throw cannot("git cannot read all of its files")
    if (await hasRepository(git, directory, files)) throw cannot("another repository lies in it")
    const isClean = files === (await line(["rev-parse", `${head}^{tree}`]))
    if (isClean && (await isElsewhere(git, directory, { head, branch }))) return undefined
    const message = `Uncommitted work of the worktree ${name}`
    const commit = isClean ? head : await line(["commit-tree", files, "-p", head, "-m", message], env)
    const ref = keptName(name, now)
    if (!commit || (await line(["update-ref", ref, commit, ""])) === undefined) throw cannot("git cannot keep its work")
    return ref
  } finally {
    await rm(index, { force: true })
  }
}

/** All that is left of a tree whose folder is gone. */
async function keepCommits({ git, from, tree, name, now }: KeepInput): Promise<string | undefined> {
  const { head = "", branch } = tree
  if (/^0*$/.test(head) || (await isElsewhere(git, from, { head, branch }))) return undefined
  const ref = keptName(name, now)
  if (!(await git.run(from, ["update-ref", ref, head, ""]))) throw cannot("git cannot keep its commits")
  return ref
}

const cannot = (why: string) =>
  fault("unavailable", `What is in the worktree could not be kept: ${why}. Nothing was changed.`)

const hasModules = (gitDir: string): Promise<boolean> => isThere(join(gitDir, "modules"))

const isThere = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  )

/**
 * Of a repository in the tree git keeps only a number, and its files would be lost. One that is not there is an empty
 * folder. It is not asked what has changed in it: its own settings would say what runs then.
 */
async function hasRepository(git: Git, directory: string, files: string): Promise<boolean> {
  const result = await git.run(directory, ["ls-tree", "-r", "-z", "--full-tree", files], { deadlineMs: LONG_MS })
  if (!result || result.cut) throw cannot("git cannot list its files")
  const numbers = result.stdout
    .toString()
    .split("\0")
    .flatMap((entry) => /^160000 [^\t]*\t([^]+)$/.exec(entry)?.[1] ?? [])
  const found = await Promise.all(numbers.map((path) => isThere(join(directory, path, ".git"))))
  return found.includes(true)
}

/** Whether another branch or tag leads to the commit. */
async function isElsewhere(
  git: Git,
  directory: string,
  { head, branch }: { head: string; branch?: string | undefined },
) {
  // Two: one may be the branch that goes.
  const args = ["for-each-ref", "--count=2", "--format=%(refname)", "--contains", head]
  const result = await git.run(directory, args, { deadlineMs: LONG_MS })
  const found = result?.stdout.toString().split("\n").filter(Boolean) ?? []
  return found.some((ref) => ref !== `refs/heads/${branch}`)
}
