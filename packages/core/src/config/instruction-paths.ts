import { opendir } from "node:fs/promises"
import { dirname, isAbsolute, join, relative, sep } from "node:path"
import { isInside, levelsUp } from "../workspace/paths.ts"

/** Where files of instructions are looked for. A name costs one look-up; only a pattern makes somebody list folders. */

/** Folders and files that the patterns of one reading may look at: some tens of milliseconds. */
export const MAX_LOOKED_AT = 10_000
/** A pattern that matches more means something else. */
const MAX_MATCHES = 100
/** What others wrote, and git's own. */
const NEVER = new Set([".git", "node_modules"])

/** The folders around a file below a folder, nearest first, without the folder itself. */
export function levelsBelow(directory: string, file: string): string[] {
  const around = dirname(file)
  return isInside(directory, around) && around !== directory ? levelsUp(around, directory).slice(0, -1) : []
}

export const isPattern = (text: string): boolean => /[*?[{]/.test(text)

export interface Budget {
  left: number
}

/** Files that match, sorted by name. @param pattern relative to the folder, or absolute */
export async function filesMatching(folder: string, pattern: string, budget: Budget): Promise<string[]> {
  const segments = pattern.split("/")
  const special = segments.findIndex(isPattern)
  const fixed = segments.slice(0, special)
  const base = isAbsolute(pattern) ? fixed.join("/") || "/" : join(folder, ...fixed)
  const rest = segments.slice(special).join("/")
  const { default: picomatch } = await import("picomatch")
  const matches = picomatch(rest, { dot: true })
  const depth = rest.includes("**") ? Infinity : rest.split("/").length
  const found: string[] = []
  for await (const path of filesIn(base, {
    depth,
    budget,
    avoids: (name) => NEVER.has(name) && !rest.includes(name),
  })) {
    if (matches(relative(base, path).split(sep).join("/"))) found.push(path)
  }
  return found.sort().slice(0, MAX_MATCHES)
}

interface Walk {
  depth: number
  budget: Budget
  avoids(name: string): boolean
}

/** Nearest first, so that what the budget does not reach lies deepest. Links to folders are not followed. */
async function* filesIn(base: string, { depth, budget, avoids }: Walk): AsyncGenerator<string> {
  const waiting = [{ folder: base, level: 1 }]
  for (let next = waiting.shift(); next; next = waiting.shift()) {
    const entries = await opendir(next.folder, { bufferSize: 256 }).catch(() => undefined)
    if (!entries) continue
    for await (const entry of entries) {
      if (--budget.left < 0) return
      if (avoids(entry.name)) continue
      const path = join(next.folder, entry.name)
      if (!entry.isDirectory()) yield path
      else if (next.level < depth) waiting.push({ folder: path, level: next.level + 1 })
    }
  }
}
