import type { KeptWork } from "@opencode/protocol/worktree.ts"
import type { Git } from "./git.ts"

/** The names under which `kept-work.ts` keeps what a worktree held: which there are, and when they may go. */

/**
 * Whoever misses work of a worktree looks for it within days; three months outlast a holiday, an illness and a release.
 * For ever would be longer than anybody remembers what a name stands for, with every object that it holds.
 */
export const KEPT_DAYS = 90
const KEPT_MS = KEPT_DAYS * 24 * 60 * 60 * 1000

const FOLDER = "refs/opencode/kept"
/** What is called otherwise there is somebody's own. */
const NAME = /^refs\/opencode\/kept\/(.+)-(\d{13})$/

export const keptName = (name: string, now: number): string => `${FOLDER}/${name}-${now}`

/** Newest first. None where git is missing or cannot tell. */
export async function keptWork(git: Git, from: string): Promise<KeptWork[]> {
  const listed = await git.run(from, ["for-each-ref", "--format=%(refname) %(objectname)", FOLDER])
  const lines = listed?.stdout.toString().split("\n") ?? []
  return lines
    .flatMap((line) => {
      const [ref = "", commit = ""] = line.split(" ")
      const [, name = "", time = ""] = NAME.exec(ref) ?? []
      return name === "" ? [] : [{ name, ref, commit, time: Number(time) }]
    })
    .sort((a, b) => b.time - a.time)
}

/**
 * Lets go of what was kept for so long. What a name held stays in the repository until git tidies up, two weeks later by
 * its own defaults.
 * @returns what went: all of it, or nothing when git refused
 */
export async function letOldGo(git: Git, from: string, now: number): Promise<KeptWork[]> {
  const old = (await keptWork(git, from)).filter(({ time }) => now - time > KEPT_MS)
  if (old.length === 0) return []
  // Only while they lead where they led: a name that somebody moved is theirs.
  const input = old.map(({ ref, commit }) => `delete ${ref} ${commit}\n`).join("")
  return (await git.run(from, ["update-ref", "--stdin"], { input })) ? old : []
}
