import { stat } from "node:fs/promises"
import { basename, dirname, isAbsolute } from "node:path"
import { fault, type Fault } from "../lib/fault.ts"
import type { WorktreeErrorName } from "@opencode/protocol/worktree.ts"
import { canonicalPath } from "./canonical.ts"
import type { Git } from "./git.ts"
import type { Repository } from "./repository.ts"

/** Working trees beside the main one, as git keeps them. What they hold that is nowhere else: `kept-work.ts`. */
export interface LinkedWorktree {
  /** Canonical. */
  directory: string
  /** Undefined when HEAD is detached. */
  branch?: string
  /** The commit it is at. */
  head?: string
  /** Somebody deleted the folder; git still knows it. */
  isGone?: true
  /** The one that the repository was made with. */
  isMain: boolean
}

/** Files of a large repository on a slow disk. */
const LONG_MS = 600_000
/** How git says no. */
export const REFUSALS = [1, 2, 128, 129, 255]

export const worktreeFault = (name: WorktreeErrorName, message: string): Fault => fault("worktree", message, { name })

/** The folder of the main working tree; undefined for one that is main itself, or belongs to a bare repository. */
export const mainWorktree = ({ gitDir, commonDir }: Repository): string | undefined =>
  gitDir !== commonDir && basename(commonDir) === ".git" ? dirname(commonDir) : undefined

export async function linkedWorktrees(git: Git, worktree: string): Promise<LinkedWorktree[]> {
  const listed = await git.run(worktree, ["worktree", "list", "--porcelain"])
  if (!listed) throw worktreeFault("WorktreeListFailedError", "Git is missing, or cannot list the working trees.")
  const blocks = listed.stdout.toString().split("\n\n").filter(Boolean)
  return Promise.all(
    blocks.map(async (block, index) => {
      const valueOf = (name: string) => block.match(new RegExp(`^${name} (.*)$`, "m"))?.[1]
      const directory = valueOf("worktree") ?? ""
      const branch = valueOf("branch")?.replace(/^refs\/heads\//, "")
      const head = valueOf("HEAD")
      return {
        directory: isAbsolute(directory) ? await canonicalPath(directory) : directory,
        ...(branch === undefined ? {} : { branch }),
        ...(head === undefined ? {} : { head }),
        ...((await isThere(directory)) ? {} : { isGone: true as const }),
        isMain: index === 0,
      }
    }),
  )
}

/** A folder that cannot be looked at may well be there. */
const isThere = (directory: string): Promise<boolean> =>
  stat(directory).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
  )

export async function hasBranch(git: Git, worktree: string, branch: string): Promise<boolean> {
  const args = ["show-ref", "--verify", "--quiet", `refs/heads/${branch}`]
  return (await git.run(worktree, args, { accept: [1] }))?.code === 0
}

/** Makes the folder and the branch, at once: the files come with `fillWorktree`. @throws fault `worktree` */
export async function addWorktree(git: Git, from: string, made: { directory: string; branch: string }): Promise<void> {
  const args = ["worktree", "add", "--quiet", "--no-checkout", "-b", made.branch, "--", made.directory]
  const problem = await problemOf(git.run(from, args, { accept: REFUSALS }))
  if (problem !== undefined) throw worktreeFault("WorktreeCreateFailedError", problem)
}

/** @returns what went wrong */
export const fillWorktree = (git: Git, directory: string, signal?: AbortSignal): Promise<string | undefined> =>
  problemOf(git.compare(directory, ["reset", "--hard", "--quiet"], { accept: REFUSALS, deadlineMs: LONG_MS, signal }))

/** The files go, whatever they are. What is worth keeping has been kept. @throws fault `worktree` */
export async function dropWorktree(git: Git, from: string, { directory, branch }: LinkedWorktree): Promise<void> {
  const args = ["worktree", "remove", "--force", "--", directory]
  const problem = await problemOf(git.run(from, args, { accept: REFUSALS, deadlineMs: LONG_MS }))
  if (problem !== undefined) throw worktreeFault("WorktreeRemoveFailedError", problem)
  if (branch !== undefined) await git.run(from, ["branch", "--quiet", "-D", "--", branch], { accept: REFUSALS })
}

/** Files that git ignores stay: some of them cannot be had again. @throws fault `worktree` */
export async function resetWorktree(git: Git, directory: string, to: string): Promise<void> {
  for (const args of [
    ["reset", "--hard", "--quiet", to, "--"],
    ["clean", "-ffdq"],
  ]) {
    const problem = await problemOf(git.compare(directory, args, { accept: REFUSALS, deadlineMs: LONG_MS }))
    if (problem !== undefined) throw worktreeFault("WorktreeResetFailedError", problem)
  }
}

/** What git says of a command that failed, in its first words. */
async function problemOf(running: ReturnType<Git["run"]>): Promise<string | undefined> {
  const result = await running
  if (!result) return "Git is missing, or did not come to an end."
  return result.code === 0 ? undefined : firstComplaint(result.stderr)
}

const firstComplaint = (stderr: string): string =>
  stderr.split("\n").find((line) => /^(fatal|error): /.test(line)) ?? (stderr.trim().split("\n")[0] || "Git failed.")
