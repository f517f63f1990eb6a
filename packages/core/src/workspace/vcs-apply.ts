import { lstat, readlink, rm, symlink } from "node:fs/promises"
import { join } from "node:path"
import { fault } from "../lib/fault.ts"
import type { Collected } from "../process/collect.ts"
import { readAllBytes, removeResolved, writeResolved } from "./files.ts"
import type { Git } from "./git.ts"

/**
 * Applies a patch that a person gives through a client; like `git apply` in a terminal it asks nobody, and may change
 * any file of the worktree that git keeps, control files as well: what they would run or allow is still held back until
 * it is approved. Git itself refuses names that lead out of the worktree, through links, or into `.git`. It looks at all
 * of the patch before it writes; what it wrote before a disk failed it is put back here.
 */
export async function applyPatch(worktree: string | undefined, git: Git, patch: string): Promise<void> {
  if (worktree === undefined) throw refused("the project is not git-based", "non-git")
  const apply = async (...flags: string[]) => {
    const args = ["apply", "--whitespace=nowarn", ...flags, "-"]
    return git.compare(worktree, args, { input: patch, accept: [1, 128] })
  }
  // From here on its names are good.
  const checked = await apply("--check")
  if (checked?.code !== 0) throw refused(firstLine(checked?.stderr), "not-clean")
  const before = await stateOf(worktree, await touched(apply))
  const result = await apply()
  if (result?.code === 0) return
  await putBack(before)
  throw refused(firstLine(result?.stderr), "not-clean")
}

/** Bytes of the files a patch changes, which are kept until it is applied. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024
const MAX_TOUCHED = 5_000

const refused = (why: string, reason: "non-git" | "not-clean") =>
  fault("patch_refused", `Patch can't be applied: ${why}`, { reason })

const firstLine = (stderr: string | undefined): string =>
  stderr
    ?.split("\n")
    .find((line) => /^(error|fatal): /.test(line))
    ?.replace(/^\w+: /, "") ?? "git does not say why"

/** By its names after and, in reverse, before: a rename has both. */
async function touched(apply: (...flags: string[]) => Promise<Collected | undefined>): Promise<string[]> {
  const names = new Set<string>()
  for (const way of [[], ["--reverse"]]) {
    const result = await apply(...way, "--numstat", "-z")
    if (result?.code !== 0) throw refused(firstLine(result?.stderr), "not-clean")
    for (const record of result.stdout.toString().split("\0")) {
      const name = record.match(/^\S+\t\S+\t([^]+)$/)?.[1]
      if (name !== undefined) names.add(name)
    }
  }
  if (names.size === 0) throw refused("it changes no file", "not-clean")
  if (names.size > MAX_TOUCHED) throw fault("too_large", `The patch changes more than ${MAX_TOUCHED} files.`)
  return [...names]
}

interface Before {
  path: string
  bytes?: Buffer
  mode?: number
  link?: string
}

async function stateOf(worktree: string, names: readonly string[]): Promise<Before[]> {
  const states: Before[] = []
  let room = MAX_KEPT_BYTES
  for (const name of names) {
    const path = join(worktree, name)
    const stat = await lstat(path).catch(() => undefined)
    if (stat?.isSymbolicLink()) states.push({ path, link: await readlink(path) })
    else if (stat?.isFile()) {
      room -= stat.size
      if (room < 0) throw fault("too_large", "The files that the patch changes are too large.")
      // One that may not be read is refused by git as well; nothing is to be put back then.
      const bytes = await readAllBytes(path, MAX_KEPT_BYTES).catch(() => undefined)
      if (bytes) states.push({ path, bytes, mode: stat.mode & 0o7777 })
    } else if (!stat) states.push({ path })
  }
  return states
}

/** Touches only what is not as it was. */
async function putBack(states: readonly Before[]): Promise<void> {
  for (const { path, bytes, mode, link } of states) {
    const [now] = await stateOf("", [path])
    if (link !== undefined) {
      if (now?.link === link) continue
      await rm(path, { force: true })
      await symlink(link, path)
    } else if (bytes === undefined) {
      if (now?.bytes !== undefined || now?.link !== undefined) await removeResolved(path)
    } else if (!now?.bytes?.equals(bytes)) await writeResolved(path, bytes, mode === undefined ? {} : { mode })
  }
}
