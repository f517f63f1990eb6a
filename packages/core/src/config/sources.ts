import { stat } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { levelsUp } from "../workspace/paths.ts"
import { findDefinitions, type ConfigFolder, type Definition } from "./definitions.ts"
import { MAX_FILES, readWithin } from "./files-below.ts"
import type { Environment, Folders } from "./folders.ts"
import type { Layer } from "./layers.ts"

/** A text with configuration in it, or a file that is there and cannot be read. */
export type Source = {
  layer: Layer
  file?: string
  name?: string
  folder: string
  /** It is no file that could hold rules. */
  isHarmless?: true
  /** A Markdown file that defines one member. */
  defines?: Pick<Definition, "kind" | "name">
  /** Of a project: the folder that holds it, or the `.opencode` that it is in. */
  level?: string
  /** A link leads there, out of the project. */
  leadsTo?: string
} & ({ text: string } | { problem: string })

/** A command of its own file is shown to a model, and may well speak of `{env:…}` itself. */
export const isPlain = ({ defines }: Source): boolean => defines?.kind === "command"

export interface Places {
  env: Environment
  folders: Folders
  /** Where the user works. */
  directory: string
  /** The root of the repository around it, or `/` when there is none. */
  worktree: string
  managedFolder?: string | undefined
  /** What the project's files say is in effect as if the user had written it. */
  trusted?: boolean | undefined
  /** Of all places only the user's own folders. */
  onlyUser?: boolean | undefined
  /** Told of each place that was looked at. */
  seen?: ((path: string) => void) | undefined
}

/** A file that may hold configuration, or a folder whose Markdown files may. */
type Candidate =
  | {
      layer: Layer
      file: string
      level?: string
      within?: string | undefined
      /** Somebody named this file, so that its absence is worth a word. */
      isNamed?: boolean
    }
  | (ConfigFolder & { level?: string })

const NAMES = ["config.json", "opencode.json", "opencode.jsonc"]

/**
 * Every text to read, lowest first: the user's files, those of `~/.opencode`, `OPENCODE_CONFIG`, the project's files from the root down, its
 * `.opencode` folders from the root down, `OPENCODE_CONFIG_DIR`, `OPENCODE_CONFIG_CONTENT`, the managed folder. The
 * Markdown files of a folder come after its settings. Costs one failed open for each place without a file.
 */
export async function findSources(places: Places): Promise<Source[]> {
  const { env, folders, directory, managedFolder } = places
  const before: Candidate[] = [folders.config, join(folders.home, ".opencode")].flatMap((path) =>
    inFolder({ layer: "user", path }),
  )
  if (places.onlyUser) return (await Promise.all(before.map((candidate) => readCandidate(candidate, places)))).flat()
  if (env.OPENCODE_CONFIG) {
    before.push({ layer: "user", file: resolve(directory, env.OPENCODE_CONFIG), isNamed: true })
  }
  if (!isSet(env.OPENCODE_DISABLE_PROJECT_CONFIG)) before.push(...projectFiles(places))

  const after: Candidate[] = []
  if (folders.extraConfig) {
    after.push(...inFolder({ layer: "environment", path: resolve(directory, folders.extraConfig) }))
  }
  const managed = managedFolder ? inFolder({ layer: "managed", path: managedFolder }) : []

  const candidates = withoutDoubles([...before, ...after, ...managed])
  const found = (await Promise.all(candidates.map((candidate) => readCandidate(candidate, places)))).flat()
  const content = env.OPENCODE_CONFIG_CONTENT
  if (!content) return found
  const inline: Source = { layer: "environment", name: "OPENCODE_CONFIG_CONTENT", folder: directory, text: content }
  const isManaged = (source: Source) => source.layer === "managed"
  return [...found.filter((source) => !isManaged(source)), inline, ...found.filter(isManaged)]
}

/** Variables that switch something on: `1` or `true`. */
export const isSet = (value: string | undefined): boolean => value === "1" || value?.toLowerCase() === "true"

const inFolder = (folder: ConfigFolder & { level?: string }): Candidate[] => [
  ...NAMES.map((name): Candidate => {
    const { path, seen: _, ...rest } = folder
    return { ...rest, file: join(path, name) }
  }),
  folder,
]

/** The folders of a project that may hold its configuration, from its root down. */
export const projectLevels = ({ directory, worktree }: Pick<Places, "directory" | "worktree">): string[] =>
  levelsBetween(worktree, directory)

/** The project's places, lowest first. */
export function projectFiles({ trusted, ...place }: Pick<Places, "directory" | "worktree" | "trusted">): Candidate[] {
  const levels = projectLevels(place)
  // Not the repository's root: that may be a home folder under version control, with everything in it.
  const inside = (level: string) => ({ level, within: trusted ? undefined : level })
  return [
    ...levels.flatMap((folder) =>
      [".opencode.json", "opencode.json", "opencode.jsonc"].map((name): Candidate => ({
        layer: "project",
        file: join(folder, name),
        ...inside(folder),
      })),
    ),
    ...levels.flatMap((level) => inFolder({ layer: "project", path: join(level, ".opencode"), ...inside(level) })),
  ]
}

/**
 * The folders from the root down to the directory. Without a repository there is only the directory: in a folder that
 * everybody can write to, such as `/tmp`, anybody could put a file above it.
 */
export const levelsBetween = (worktree: string, directory: string): string[] =>
  dirname(worktree) === worktree ? [directory] : levelsUp(directory, worktree).reverse()

/** A place named twice (a project that is the user's configuration folder) counts where it is trusted. */
function withoutDoubles(candidates: Candidate[]): Candidate[] {
  const placeOf = (candidate: Candidate) => ("file" in candidate ? candidate.file : candidate.path)
  const trusted = new Set(candidates.filter(({ layer }) => layer !== "project").map(placeOf))
  return candidates.filter((candidate) => candidate.layer !== "project" || !trusted.has(placeOf(candidate)))
}

async function readCandidate(candidate: Candidate, { seen }: Places): Promise<Source[]> {
  if (!("file" in candidate)) return readDefinitions({ ...candidate, seen })
  const { layer, file, isNamed, level, within } = candidate
  seen?.(file)
  const read = await readWithin(file, within)
  const of = level === undefined ? {} : { level }
  if (!("missing" in read)) return [{ layer, file, folder: dirname(file), ...of, ...read }]
  return isNamed ? [{ layer, file, folder: dirname(file), problem: "it does not exist" }] : []
}

async function readDefinitions(folder: ConfigFolder & { level?: string }): Promise<Source[]> {
  const { layer, path } = folder
  const there = await stat(path).catch(() => undefined)
  if (!there) {
    // Looking for each folder that might be in it would cost every start two dozen looks.
    folder.seen?.(path)
    return []
  }
  if (!there.isDirectory())
    return [{ layer, file: path, folder: path, isHarmless: true, problem: "it is not a folder" }]
  const definitions = await findDefinitions(folder)
  const of = folder.level === undefined ? {} : { level: folder.level }
  const sources = await Promise.all(
    definitions.map(async ({ kind, name, file, read }): Promise<Source[]> => {
      folder.seen?.(file)
      const text = await read()
      // Gone since it was listed, or a link to nowhere.
      if ("missing" in text) return []
      return [{ layer: folder.layer, file, folder: dirname(file), defines: { kind, name }, ...of, ...text }]
    }),
  )
  return [...fullFolders(definitions).map((full) => ({ layer, file: full, folder: full, ...FULL })), ...sources.flat()]
}

const FULL = { isHarmless: true, problem: `no more than ${MAX_FILES} of its files are read` } as const

/** Those with as many files as are read of one. */
function fullFolders(definitions: readonly Definition[]): string[] {
  const counts = new Map<string, number>()
  for (const { file, name } of definitions) {
    const folder = file.slice(0, -`/${name}.md`.length)
    counts.set(folder, (counts.get(folder) ?? 0) + 1)
  }
  return [...counts].flatMap(([folder, count]) => (count < MAX_FILES ? [] : [folder]))
}
