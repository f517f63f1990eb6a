import { createHash } from "node:crypto"
import { constants, createReadStream } from "node:fs"
import { open, readdir, readFile, realpath, stat } from "node:fs/promises"
import { dirname, extname, isAbsolute, join, relative, resolve } from "node:path"
import { isInside } from "../workspace/paths.ts"

/**
 * The files that a definition loads when it is carried out, by their content. Whoever approved the definition approved
 * these; when one of them changes, it is another definition. What a program finds by itself (a package that is installed,
 * a module whose name is computed) nobody can tell from outside: `docs/threat-model.md` says so.
 */
export interface LoadedFile {
  /** As it is named in the definition's folder. */
  name: string
  hash: string
}

export interface LocalFilesInput {
  /** What relative names are looked for in. */
  bases: readonly string[]
  /** Canonical; files outside of it are not the project's. Those that `{file:…}` names count wherever they are. */
  within: string
  home: string
  /** Told of each path that the answer depends on. */
  seen(path: string): void
}

/** Files of one definition. A program of a repository has hundreds; whoever has more is told apart by these. */
const MAX_FILES = 500
/** Words of one definition that are tried as paths. */
const MAX_WORDS = 300
/** No path is longer. */
const MAX_PATH = 1_000
/** Larger ones are told apart by size and time. */
const MAX_HASHED_BYTES = 64 * 1024 * 1024
const MAX_SOURCE_BYTES = 2_000_000

export async function localFiles(definition: unknown, input: LocalFilesInput): Promise<LoadedFile[]> {
  const found = new Map<string, string>()
  const waiting: string[] = []
  const add = async (path: string, isAnywhere = false): Promise<void> => {
    input.seen(path)
    const real = await realpath(path).catch(() => undefined)
    if (real === undefined || real === input.within || (!isAnywhere && !isInside(input.within, real))) return
    if (!found.has(real) && found.size + waiting.length < MAX_FILES) waiting.push(real)
  }
  for (const name of fileVariables(definition)) await add(pathOf(name, input), true)
  for (const word of wordsOf(definition)) for (const base of input.bases) await add(resolve(base, word))

  for (let path = waiting.shift(); path !== undefined && found.size < MAX_FILES; path = waiting.shift()) {
    if (found.has(path)) continue
    const kind = await stat(path).catch(() => undefined)
    if (kind?.isDirectory()) {
      for (const name of (await readdir(path).catch(() => [])).sort()) {
        if (name !== "node_modules" && name !== ".git") await add(join(path, name))
      }
    } else if (kind?.isFile()) {
      found.set(path, await hashOf(path))
      for (const imported of await importsOf(path)) for (const one of asFile(imported)) await add(one)
    }
  }
  return [...found].map(([path, hash]) => ({ name: relative(input.within, path), hash })).sort(byName)
}

const byName = (a: LoadedFile, b: LoadedFile): number => (a.name < b.name ? -1 : 1)

function pathOf(name: string, { bases, home }: LocalFilesInput): string {
  if (/^~(?=[/\\]|$)/.test(name)) return join(home, name.slice(1))
  return isAbsolute(name) ? name : resolve(bases[0] ?? home, name)
}

function textsOf(definition: unknown): string[] {
  if (typeof definition === "string") return [definition]
  if (typeof definition !== "object" || definition === null) return []
  return Object.values(definition).flatMap(textsOf)
}

const fileVariables = (definition: unknown): string[] =>
  textsOf(definition).flatMap((text) => [...text.matchAll(/\{file:([^{}]+)\}/g)].map(([, name = ""]) => name))

/** What of its texts could be the name of a file, as a whole or word by word, as a shell would take them. */
function wordsOf(definition: unknown): string[] {
  const words = textsOf(definition).flatMap((text) => [text, ...text.split(/[\s"'`=;|&<>(),]+/)])
  const paths = words.map((word) => word.replace(/^file:\/\//, "")).filter(isPathLike)
  return [...new Set(paths)].slice(0, MAX_WORDS)
}

const isPathLike = (word: string): boolean =>
  word.length < MAX_PATH && /[./]/.test(word) && !/^\.{0,2}\/*$/.test(word) && !word.includes("\0")

async function hashOf(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path)
  if (size > MAX_HASHED_BYTES) return `${size} ${mtimeMs}`
  const hash = createHash("sha256")
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(() => undefined)
  if (!handle) return "unreadable"
  for await (const piece of createReadStream(path, { fd: handle })) hash.update(piece as Buffer)
  return hash.digest("hex")
}

const SOURCES = new Set([".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"])

async function importsOf(path: string): Promise<string[]> {
  if (!SOURCES.has(extname(path))) return []
  const { size } = await stat(path)
  if (size > MAX_SOURCE_BYTES) return []
  const text = await readFile(path, "utf8").catch(() => "")
  const found = text.matchAll(/(?:\bfrom|\bimport|\brequire|\bURL)\s*\(?\s*["'`](\.{1,2}\/[^"'`]+)["'`]/g)
  return [...found].map(([, name = ""]) => resolve(dirname(path), name))
}

/** As programs that load modules complete a name. */
const asFile = (path: string): string[] => [
  path,
  ...[".ts", ".js", ".mjs", ".mts", ".cjs", ".tsx", ".jsx", ".json"].map((end) => path + end),
  path.replace(/\.js$/, ".ts"),
]
