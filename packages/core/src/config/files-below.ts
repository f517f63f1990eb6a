import type { Dirent } from "node:fs"
import { readdir, realpath, stat } from "node:fs/promises"
import { join } from "node:path"
import { isInside } from "../workspace/paths.ts"
import { readSmallFile, type FileText } from "./read.ts"

/** More than anybody keeps, and few enough to read at every start. */
export const MAX_FILES = 1_000
const MAX_DEPTH = 8
/** A link to the top of a disk must not have us walk through it. */
const MAX_FOLDERS = 2_000
/** Large, and never written by hand. */
const NEVER = new Set([".git", "node_modules"])

interface Wanted {
  isWanted(name: string): boolean
  /** Folders outside of this one are not looked into, also not through a link. */
  within?: string | undefined
  /** Told of each folder that was looked into. */
  told?: ((path: string) => void) | undefined
}

/** Files of certain names in a folder and those below it, links to folders followed. */
export async function filesBelow(top: string, { isWanted, within, told = () => {} }: Wanted): Promise<string[]> {
  const files: string[] = []
  const waiting = [{ folder: top, depth: 0 }]
  /** Folders by their real path: links may lead in circles. */
  const seen = new Set<string>()
  for (let next = waiting.shift(); next && files.length < MAX_FILES; next = waiting.shift()) {
    const { folder, depth } = next
    const real = await realpath(folder).catch(() => folder)
    if (seen.has(real) || (within !== undefined && !isInside(within, real))) continue
    if (seen.size === MAX_FOLDERS) break
    seen.add(real)
    told(folder)
    // A folder that is not there, or cannot be listed, defines nothing.
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      const path = join(folder, entry.name)
      if (await isFolder(entry, path)) {
        if (depth < MAX_DEPTH && !NEVER.has(entry.name)) waiting.push({ folder: path, depth: depth + 1 })
      } else if (isWanted(entry.name)) files.push(path)
    }
  }
  return files.slice(0, MAX_FILES)
}

/** Also through a link: people keep such folders elsewhere. */
async function isFolder(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory()
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
}

/** A file's text; with where it is when that is outside of the folder. */
export async function readWithin(file: string, within: string | undefined): Promise<FileText & { leadsTo?: string }> {
  const read = await readSmallFile(file)
  if (within === undefined || "missing" in read) return read
  const target = await realpath(file).catch(() => file)
  return isInside(within, target) ? read : { ...read, leadsTo: target }
}
