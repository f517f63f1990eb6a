import { dirname, join, relative, resolve, sep } from "node:path"
import type { Environment, Folders } from "./folders.ts"
import type { Layer } from "./layers.ts"
import { readSmallFile } from "./read.ts"

/** A text with configuration in it, or a file that is there and cannot be read. */
export type Source = { layer: Layer; file?: string; name?: string; folder: string } & (
  | { text: string }
  | { problem: string }
)

export interface Places {
  env: Environment
  folders: Folders
  /** Where the user works. */
  directory: string
  /** The root of the repository around it, or `/` when there is none. */
  worktree: string
  managedFolder?: string | undefined
}

interface Candidate {
  layer: Layer
  file: string
  /** Somebody named this file, so that its absence is worth a word. */
  isNamed?: boolean
}

const NAMES = ["config.json", "opencode.json", "opencode.jsonc"]

/**
 * Every text to read, lowest first: the user's files, `OPENCODE_CONFIG`, the project's files from the root down, its
 * `.opencode` folders from the root down, `OPENCODE_CONFIG_DIR`, `OPENCODE_CONFIG_CONTENT`, the managed folder.
 * Costs one failed open for each place without a file.
 */
export async function findSources(places: Places): Promise<Source[]> {
  const { env, folders, directory, managedFolder } = places
  const before: Candidate[] = NAMES.map((name) => ({ layer: "user", file: join(folders.config, name) }))
  if (env.OPENCODE_CONFIG) {
    before.push({ layer: "user", file: resolve(directory, env.OPENCODE_CONFIG), isNamed: true })
  }
  if (!isSet(env.OPENCODE_DISABLE_PROJECT_CONFIG)) before.push(...projectFiles(places))

  const after: Candidate[] = []
  if (folders.extraConfig) {
    const extra = resolve(directory, folders.extraConfig)
    after.push(...NAMES.map((name) => ({ layer: "environment" as const, file: join(extra, name) })))
  }
  const managed: Candidate[] = managedFolder
    ? NAMES.map((name) => ({ layer: "managed", file: join(managedFolder, name) }))
    : []

  const candidates = withoutDoubles([...before, ...after, ...managed])
  const found = (await Promise.all(candidates.map(readCandidate))).filter((source) => source !== undefined)
  const content = env.OPENCODE_CONFIG_CONTENT
  if (!content) return found
  const inline: Source = { layer: "environment", name: "OPENCODE_CONFIG_CONTENT", folder: directory, text: content }
  const isManaged = (source: Source) => source.layer === "managed"
  return [...found.filter((source) => !isManaged(source)), inline, ...found.filter(isManaged)]
}

/** Variables that switch something on: `1` or `true`. */
export const isSet = (value: string | undefined): boolean => value === "1" || value?.toLowerCase() === "true"

function projectFiles({ directory, worktree }: Places): Candidate[] {
  const levels = levelsBetween(worktree, directory)
  const at = (folder: string, names: string[]) =>
    names.map((name): Candidate => ({ layer: "project", file: join(folder, name) }))
  return [
    ...levels.flatMap((folder) => at(folder, [".opencode.json", "opencode.json", "opencode.jsonc"])),
    ...levels.flatMap((folder) => at(join(folder, ".opencode"), NAMES)),
  ]
}

/**
 * The folders from the root down to the directory. Without a repository there is only the directory: in a folder that
 * everybody can write to, such as `/tmp`, anybody could put a file above it.
 */
function levelsBetween(worktree: string, directory: string): string[] {
  const steps = relative(worktree, directory)
  if (dirname(worktree) === worktree || steps.startsWith("..")) return [directory]
  const levels = [worktree]
  for (const name of steps.split(sep).filter(Boolean)) levels.push(join(levels.at(-1) ?? worktree, name))
  return levels
}

/** A file in two places (a project that is the user's configuration folder) counts where it is trusted. */
function withoutDoubles(candidates: Candidate[]): Candidate[] {
  const trusted = new Set(candidates.filter(({ layer }) => layer !== "project").map(({ file }) => file))
  return candidates.filter(({ layer, file }) => layer !== "project" || !trusted.has(file))
}

async function readCandidate({ layer, file, isNamed }: Candidate): Promise<Source | undefined> {
  const read = await readSmallFile(file)
  if ("missing" in read)
    return isNamed ? { layer, file, folder: dirname(file), problem: "it does not exist" } : undefined
  return { layer, file, folder: dirname(file), ...read }
}
