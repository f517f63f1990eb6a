import { relative, sep } from "node:path"
import { setImmediate } from "node:timers/promises"
import { pathGlob } from "./path-glob.ts"
import { forClients } from "./asked-path.ts"
import type { Search } from "./search.ts"

/** Finds files of a folder by a piece of their name, while a person types it. */
export interface FileFinder {
  find(query: FinderQuery): Promise<string[]>
  close(): void
}

export interface FinderQuery {
  /** With `*` or `?` a glob, else letters in this order. Empty: the newest files. */
  query: string
  kind: "file" | "directory" | "any"
  limit: number
}

interface Listing {
  files: string[]
  /** With "/" at the end. */
  folders: string[]
}

/** The newest ones of larger folders. Names take about 10 MB then. */
const MAX_FILES = 100_000
/** Answers may be this old: a person types a word within it, and looks at its files once. */
const FRESH_MS = 3_000
/** Unused for this long, the names are forgotten. */
const KEPT_MS = 60_000
/** Paths that are weighed by their letters: 20 ms of work. One letter fits nearly all; then those with it in their names. */
const MAX_WEIGHED = 5_000
/** Paths looked at before others get their turn. */
const BATCH = 10_000

export function createFileFinder({
  directory,
  search,
  now,
}: {
  directory: string
  search: Pick<Search, "listFiles">
  now(): number
}): FileFinder {
  let kept: { at: number; listing: Promise<Listing> } | undefined
  let forgetting: NodeJS.Timeout | undefined

  const read = async (): Promise<Listing> => {
    const { files } = await forClients(() => search.listFiles({ cwd: directory, limit: MAX_FILES }))
    const names = files.map((file) => relative(directory, file).split(sep).join("/"))
    return { files: names, folders: foldersOf(names) }
  }

  const listing = (): Promise<Listing> => {
    clearTimeout(forgetting)
    forgetting = setTimeout(() => (kept = undefined), KEPT_MS).unref()
    if (kept && now() - kept.at < FRESH_MS) return kept.listing
    const current = { at: now(), listing: read() }
    current.listing.then(
      () => (current.at = now()),
      () => {
        if (kept === current) kept = undefined
      },
    )
    return (kept = current).listing
  }

  return {
    async find({ query, kind, limit }) {
      const { files, folders } = await listing()
      const paths = kind === "file" ? files : kind === "directory" ? folders : [...folders, ...files]
      const wanted = query.trim()
      if (wanted === "") return (kind === "any" ? files : paths).slice(0, limit)
      if (/[*?]/.test(wanted)) return firstOf(paths, pathGlob(wanted), limit)
      return nearest(wanted, paths, limit)
    },
    close() {
      clearTimeout(forgetting)
      kept = undefined
    },
  }
}

function foldersOf(files: readonly string[]): string[] {
  const folders = new Set<string>()
  for (const file of files) {
    for (let at = file.lastIndexOf("/"); at > 0; at = file.lastIndexOf("/", at - 1)) {
      const folder = file.slice(0, at + 1)
      if (folders.has(folder)) break
      folders.add(folder)
    }
  }
  return [...folders]
}

async function firstOf(paths: readonly string[], fits: (path: string) => boolean, limit: number): Promise<string[]> {
  const found: string[] = []
  for (const [index, path] of paths.entries()) {
    if (index % BATCH === BATCH - 1) await setImmediate()
    if (fits(path) && found.push(path) >= limit) break
  }
  return found
}

async function nearest(query: string, paths: readonly string[], limit: number): Promise<string[]> {
  const { default: fuzzysort } = await import("fuzzysort")
  const words = query.toLowerCase().split(/\s+/)
  const tiers: string[][] = [[], [], []]
  for (const [index, path] of paths.entries()) {
    if (index % BATCH === BATCH - 1) await setImmediate()
    const tier = tierOf(words, path.toLowerCase())
    if (tier !== undefined) tiers[tier]?.push(path)
  }
  const weighed = fuzzysort.go(query, tiers.flat().slice(0, MAX_WEIGHED), { limit, threshold: 0 })
  // Otherwise the library keeps what it made of each path, for ever.
  fuzzysort.cleanup()
  return weighed.map(({ target }) => target)
}

/** The lower the likelier; undefined when the letters are not in the path. */
function tierOf(words: readonly string[], path: string): number | undefined {
  const name = path.slice(path.lastIndexOf("/", path.length - 2) + 1)
  if (words.every((word) => name.includes(word))) return 0
  if (words.every((word) => path.includes(word))) return 1
  return words.every((word) => isWithin(word, path)) ? 2 : undefined
}

function isWithin(letters: string, path: string): boolean {
  let at = -1
  for (const letter of letters) if ((at = path.indexOf(letter, at + 1)) < 0) return false
  return true
}
