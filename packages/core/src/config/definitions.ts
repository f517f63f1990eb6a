import type { Dirent } from "node:fs"
import { readdir, realpath, stat } from "node:fs/promises"
import { join, relative, sep } from "node:path"
import { isInside } from "../workspace/paths.ts"
import type { Layer } from "./layers.ts"
import { readSmallFile, type FileText } from "./read.ts"

/** What can be defined by a Markdown file each, and in folders of which names. `mode` is an old word for `agent`. */
const KINDS = {
  agent: ["agent", "agents"],
  mode: ["mode", "modes"],
  command: ["command", "commands"],
} as const

export type DefinitionKind = keyof typeof KINDS

/** A file that defines one agent or command. */
export interface Definition {
  kind: DefinitionKind
  /** Its path in the folder without the ending: `review`, `git/commit`. */
  name: string
  file: string
  read(): Promise<FileText & { leadsTo?: string }>
}

/** A folder with configuration in it. */
export interface ConfigFolder {
  layer: Layer
  path: string
  /** Files outside of this folder belong to somebody else, also when a link leads to them. */
  within?: string | undefined
  /** Told of each place that was looked at. */
  seen?: ((path: string) => void) | undefined
}

/** More than anybody keeps, and few enough to read at every start. */
const MAX_FILES = 1_000
const MAX_DEPTH = 8
/** A link to the top of a disk must not have us walk through it. */
const MAX_FOLDERS = 2_000
/** Large, and never written by hand. */
const WITHOUT_DEFINITIONS = new Set([".git", "node_modules"])

/** The definitions in a folder, by kind and then by name, so that the order never depends on the disk. */
export async function findDefinitions({ path, within, seen }: Omit<ConfigFolder, "layer">): Promise<Definition[]> {
  const found = await Promise.all(
    (Object.keys(KINDS) as DefinitionKind[]).flatMap((kind) =>
      KINDS[kind].map(async (name) => {
        const folder = join(path, name)
        const files = await filesBelow(folder, { isWanted: (file) => file.endsWith(".md"), told: seen })
        return files.sort().map((file): Definition => {
          const title = relative(folder, file).slice(0, -".md".length).split(sep).join("/")
          return { kind, name: title, file, read: () => readWithin(file, within) }
        })
      }),
    ),
  )
  return found.flat()
}

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
        if (depth < MAX_DEPTH && !WITHOUT_DEFINITIONS.has(entry.name)) waiting.push({ folder: path, depth: depth + 1 })
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
