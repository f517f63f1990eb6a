import { opendir, stat } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { toolFailure } from "../lib/fault.ts"
import { holdFolder } from "./held-folder.ts"
import { sentence } from "./open-file.ts"

export interface DirectoryEntry {
  name: string
  /** What a symbolic link leads to. */
  kind: "file" | "directory" | "other"
}

/** Names that are read before sorting; a folder with more (a mail spool) is listed in part. */
const MAX_NAMES = 20_000
/** More suggestions than this are noise. */
const MAX_SUGGESTIONS = 3

/** Sorted by name, without following into anything. The path is a resolved one. `more` says that entries are missing. */
export async function listDirectory(
  path: string,
  limit: number,
): Promise<{ entries: DirectoryEntry[]; total: number; more: boolean }> {
  const all: { name: string; kind: DirectoryEntry["kind"]; isLink: boolean }[] = []
  let complete = true
  await using folder = await holdFolder(path).catch((error) => tell(path, error))
  try {
    for await (const entry of await opendir(folder.at("."))) {
      if (all.length >= MAX_NAMES) {
        complete = false
        break
      }
      const kind = entry.isDirectory() ? "directory" : entry.isFile() ? "file" : "other"
      all.push({ name: entry.name, kind, isLink: entry.isSymbolicLink() })
    }
  } catch (error) {
    tell(path, error)
  }
  all.sort((a, b) => (a.name < b.name ? -1 : 1))
  const entries = await Promise.all(
    all
      .slice(0, limit)
      .map(async ({ name, kind, isLink }) => ({ name, kind: isLink ? await kindOf(folder.at(name)) : kind })),
  )
  return { entries, total: all.length, more: !complete || all.length > limit }
}

function tell(path: string, error: unknown): never {
  if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
  throw toolFailure(sentence(path, error), { code: (error as NodeJS.ErrnoException).code })
}

async function kindOf(path: string): Promise<DirectoryEntry["kind"]> {
  try {
    const found = await stat(path)
    return found.isDirectory() ? "directory" : found.isFile() ? "file" : "other"
  } catch {
    // A link to nothing.
    return "other"
  }
}

/**
 * Existing paths in the same folder that a missing one may have meant, the nearest first.
 * @param real where the folder really is
 */
export async function nearNames(path: string, real: string = dirname(path)): Promise<string[]> {
  const folder = dirname(path)
  const wanted = basename(path).toLowerCase()
  const listed = await listDirectory(real, MAX_NAMES).catch(() => undefined)
  return (listed?.entries ?? [])
    .map(({ name }) => ({ name, distance: nameDistance(wanted, name.toLowerCase()) }))
    .filter(({ distance }) => distance <= Math.max(1, Math.floor(wanted.length / 3)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MAX_SUGGESTIONS)
    .map(({ name }) => join(folder, name))
}

/** One name inside the other is near ("loop" and "loop.ts"); otherwise the number of edits. */
function nameDistance(a: string, b: string): number {
  if (a === b) return 0
  if (a.length > 2 && b.length > 2 && (a.includes(b) || b.includes(a))) return 1
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
