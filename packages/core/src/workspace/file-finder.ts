import { sep } from "node:path"
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
  /** With `*` or `?` a glob, else letters in this order. Empty: the newest files and where they lie. */
  query: string
  kind: "file" | "directory" | "any"
  limit: number
}

type Listing = Record<FinderQuery["kind"], Named[]>

interface Named {
  /** Relative to the folder, with "/" between and, for a folder, at the end. */
  path: string
  /** The same in lower case; most paths are, and then it takes no memory. */
  folded: string
  /** Where its last name begins. */
  name: number
}

/** The newest ones of larger folders. Names take about 10 MB then. */
const MAX_FILES = 100_000
/** Of a folder in which nothing is looked for yet: as many as one answer has at most. */
const MAX_NEWEST = 200
/** Answers may be this old: a person types a word within it, and looks at its files once. */
const FRESH_MS = 3_000
/** Unused for this long, the names are forgotten. */
const KEPT_MS = 60_000
/** Paths that are weighed by their letters: 10 ms of work. One letter fits nearly all; then those with it in their names. */
const MAX_WEIGHED = 2_000
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
  const list = (order: "newest" | "path", limit: number) =>
    forClients(() => search.listFiles({ cwd: directory, order, limit }))

  const namesOf = (files: readonly string[]): string[] => {
    const above = directory.endsWith(sep) ? directory.length : directory.length + 1
    return files.map((file) => file.slice(above).replaceAll(sep, "/"))
  }
  const all = kept(now, async (): Promise<Listing> => {
    const found = await list("path", MAX_FILES)
    const names = namesOf((found.truncated ? await list("newest", MAX_FILES) : found).files)
    const files = names.map(named)
    const folders = foldersOf(names).map(named)
    return { file: files, directory: folders, any: [...folders, ...files] }
  })
  const newest = kept(now, async () => namesOf((await list("newest", MAX_NEWEST)).files))

  return {
    async find({ query, kind, limit }) {
      const wanted = query.trim()
      if (wanted === "" && kind !== "directory") {
        const files = await newest.get()
        return (kind === "file" ? files : withFolders(files)).slice(0, limit)
      }
      const paths = (await all.get())[kind]
      if (wanted === "") return paths.slice(0, limit).map(({ path }) => path)
      if (/[*?]/.test(wanted)) return firstOf(paths, pathGlob(wanted), limit)
      return nearest(wanted, paths, limit)
    },
    close() {
      all.forget()
      newest.forget()
    },
  }
}

/** Reads anew what is no longer fresh, and forgets what is not asked for. */
function kept<T>(now: () => number, read: () => Promise<T>): { get(): Promise<T>; forget(): void } {
  let held: { at: number; value: Promise<T> } | undefined
  let forgetting: NodeJS.Timeout | undefined
  return {
    get() {
      clearTimeout(forgetting)
      forgetting = setTimeout(() => (held = undefined), KEPT_MS).unref()
      if (held && now() - held.at < FRESH_MS) return held.value
      const current = { at: now(), value: read() }
      current.value.then(
        () => (current.at = now()),
        () => {
          if (held === current) held = undefined
        },
      )
      return (held = current).value
    },
    forget() {
      clearTimeout(forgetting)
      held = undefined
    },
  }
}

const named = (path: string): Named => ({
  path,
  folded: path.toLowerCase(),
  name: path.lastIndexOf("/", path.length - 2) + 1,
})

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

/** Each folder behind the first file that lies in it, so that a short list has both. */
function withFolders(files: readonly string[]): string[] {
  return [...new Set(files.flatMap((file) => [file, file.slice(0, file.lastIndexOf("/") + 1)]))].filter(Boolean)
}

async function firstOf(paths: readonly Named[], fits: (path: string) => boolean, limit: number): Promise<string[]> {
  const found: string[] = []
  for (const [index, { path }] of paths.entries()) {
    if (index % BATCH === BATCH - 1) await setImmediate()
    if (fits(path) && found.push(path) >= limit) break
  }
  return found
}

async function nearest(query: string, paths: readonly Named[], limit: number): Promise<string[]> {
  const { default: fuzzysort } = await import("fuzzysort")
  const words = query.toLowerCase().split(/\s+/)
  const tiers: string[][] = [[], [], []]
  for (let index = 0; index < paths.length; index++) {
    if (index % BATCH === BATCH - 1) await setImmediate()
    const one = paths[index]!
    const tier = tierOf(words, one)
    if (tier !== undefined) tiers[tier]!.push(one.path)
  }
  const weighed = fuzzysort.go(query, tiers.flat().slice(0, MAX_WEIGHED), { limit, threshold: 0 })
  // Otherwise the library keeps what it made of each path, for ever.
  fuzzysort.cleanup()
  return weighed.map(({ target }) => target)
}

/** The lower the likelier; undefined when the letters are not in the path. */
function tierOf(words: readonly string[], { folded, name }: Named): number | undefined {
  let tier = 0
  for (const word of words) {
    if (folded.indexOf(word, name) >= 0) continue
    if (folded.includes(word)) tier = Math.max(tier, 1)
    else if (isWithin(word, folded)) tier = 2
    else return undefined
  }
  return tier
}

function isWithin(letters: string, path: string): boolean {
  let at = -1
  for (const letter of letters) if ((at = path.indexOf(letter, at + 1)) < 0) return false
  return true
}
