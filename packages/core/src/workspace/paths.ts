import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path"
import { toolFailure } from "../lib/fault.ts"
import { canonicalPath } from "./canonical.ts"

/**
 * The only place that resolves a path. Everything is decided on canonical paths, segment by segment, and everything
 * that is opened afterwards is `real`: what was asked about is what is touched.
 */
export interface FileRef {
  /** As it was written, made absolute. For showing. */
  absolute: string
  /** With symbolic links resolved as far as the path exists. For asking and for opening. */
  real: string
  /** `real` relative to its root (to the first root when outside), with "/" between segments; "" is the root itself. */
  relative: string
  /** In one of the roots, or in a folder that is always allowed. */
  inside: boolean
  /** In a folder where this program keeps what it obeys or remembers; not in one that is always allowed, nor in a root. */
  isOurs?: true
  /** The root it lies in; absent outside and in the always allowed folders. */
  root?: string
}

export interface Paths {
  /** Canonical. The first is the worktree, or the folder itself without one. */
  readonly roots: readonly string[]
  /** Further folders outside the roots that need no question from now on. */
  allow(folders: readonly string[]): Promise<void>
  /** @throws tool failure for NUL bytes, loops of links, the device trees, and what cannot be fetched */
  resolve(input: string, options?: ResolveOptions): Promise<FileRef>
}

interface ResolveOptions {
  signal?: AbortSignal | undefined
  /** Takes the files as they are: what is kept elsewhere is not fetched first. */
  isAsIs?: true
}

export interface PathsOptions {
  /** What relative paths are relative to. */
  directory: string
  roots: readonly string[]
  home: string
  /** Folders outside the roots that need no question: temporary files, saved tool output. */
  allowed: readonly string[]
  /** Where this program keeps its settings and its data. */
  own?: readonly string[]
  /** Has what is kept elsewhere there, before somebody looks. @returns whether that changed anything */
  opening?: Opening | undefined
}

export type Opening = (real: string, signal: AbortSignal | undefined) => Promise<boolean>

/** These are views into processes and devices, not files: reading one can leak our environment or never end. */
const DEVICE_TREES = ["/proc", "/sys", "/dev"]

/** Plans are written there all the time, and nothing obeys them. */
const PLAN = /\/plans\/[^/]+\.md$/

export async function createPaths(options: PathsOptions): Promise<Paths> {
  const canonical = (paths: readonly string[]) => Promise.all(paths.map((path) => canonicalPath(resolve(path))))
  const roots = await canonical(options.roots)
  const allowed = await canonical(options.allowed)
  const own = await canonical(options.own ?? [])

  return {
    roots,
    async allow(folders) {
      for (const folder of await canonical(folders)) if (!allowed.includes(folder)) allowed.push(folder)
    },
    async resolve(input, { signal, isAsIs } = {}) {
      if (input.includes("\0")) throw toolFailure("The path contains a NUL byte.")
      const written = expandHome(input, options.home)
      // Not normalised: `link/..` is the parent of the link's target, which only the file system knows.
      const way = isAbsolute(written) ? written : `${options.directory}${sep}${written}`
      let real = await canonicalPath(way)
      if (!isAsIs && (await options.opening?.(real, signal))) real = await canonicalPath(way)
      const absolute = resolve(options.directory, written)
      for (const path of [absolute, real]) refuseDevice(path, input)
      const root = deepest(roots, real)
      const isAllowed = allowed.some((folder) => isInside(folder, real))
      const isKept = own.some((folder) => isInside(folder, real)) && !PLAN.test(real)
      return {
        absolute,
        real,
        relative: relative(root ?? roots[0] ?? options.directory, real)
          .split(sep)
          .join("/"),
        inside: root !== undefined || isAllowed,
        ...(root === undefined && !isAllowed && isKept ? { isOurs: true } : {}),
        ...(root === undefined ? {} : { root }),
      }
    },
  }
}

/** True for the parent itself. Both must be absolute and canonical; `/proj` does not contain `/proj-secret`. */
export function isInside(parent: string, child: string): boolean {
  const way = relative(parent, child)
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

/** The folders from the nearest up to the top, both included; only the nearest when it is not below the top. */
export function levelsUp(directory: string, top: string): string[] {
  const levels = [directory]
  for (let at = dirname(directory); isInside(top, at) && at !== levels.at(-1); at = dirname(at)) levels.push(at)
  return levels
}

/** What the `external_directory` question names: everything directly in the folder of the file, or in the folder. */
export function parentPattern(file: FileRef, kind: "file" | "directory" = "file"): string {
  return join(kind === "file" ? dirname(file.real) : file.real, "*")
}

function expandHome(input: string, home: string): string {
  return input === "~" || input.startsWith("~/") ? home + input.slice(1) : input
}

function refuseDevice(path: string, input: string): void {
  if (path === "/dev/null" || !DEVICE_TREES.some((tree) => isInside(tree, path))) return
  throw toolFailure(`${input} is not a file: /proc, /sys and /dev cannot be used as files.`)
}

const deepest = (roots: readonly string[], path: string): string | undefined =>
  roots.filter((root) => isInside(root, path)).sort((a, b) => b.length - a.length)[0]
