import { lstat, readlink, realpath } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import { toolFailure } from "../lib/fault.ts"

/** What the kernel allows in one path. */
const MAX_LINKS = 40

/**
 * Where the kernel would end up: links followed one by one, `..` applied to where a link leads and not to its text.
 * What does not exist yet is appended to its deepest existing ancestor; a link to something that does not exist is
 * followed, because writing through it creates the target.
 */
export async function canonicalPath(path: string, links = 0): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === "ELOOP" || links > MAX_LINKS) throw toolFailure(`${path} leads through a loop of symbolic links.`)
    if (code === "ENAMETOOLONG") throw toolFailure("The path is too long.")
  }
  const parent = dirname(path)
  if (parent === path) return path
  const folder = await canonicalPath(parent, links)
  const name = basename(path)
  if (name === ".") return folder
  if (name === "..") return dirname(folder)
  const own = join(folder, name)
  const target = await linkTarget(own)
  return target === undefined ? own : await canonicalPath(resolve(folder, target), links + 1)
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return (await lstat(path)).isSymbolicLink() ? await readlink(path) : undefined
  } catch {
    // Missing, or in a folder we may not look into: there the kernel refuses us as well.
    return undefined
  }
}
