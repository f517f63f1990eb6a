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
  /** How many bytes may still be read, for all definitions together, and what they found not to be there. */
  budget: { bytes: number; missing?: Set<string> }
}

/** Files of one definition. A program of a repository has hundreds; whoever has more is told apart by these. */
const MAX_FILES = 500
/** Words of one definition that are tried as paths. */
const MAX_WORDS = 300
/** Of these, folders in which the others are tried. */
const MAX_FOLDERS = 5
/** No path is longer. */
const MAX_PATH = 1_000
/**
 * Bytes that one reading of the settings may hash: a second of work. A repository that names more must not keep the
 * program busy; what is left is told apart by size and by the time of its state, which nobody can set.
 */
export const MAX_HASHED_BYTES = 256 * 1024 * 1024
const MAX_SOURCE_BYTES = 2_000_000

export async function localFiles(definition: unknown, input: LocalFilesInput): Promise<LoadedFile[]> {
  const found = new Map<string, string>()
  const waiting: string[] = []
  const add = async (path: string, from: "anywhere" | "project" | "word" = "project"): Promise<void> => {
    if (input.budget.missing?.has(path)) return
    const real = await realpath(path).catch(() => undefined)
    if (real === undefined) input.budget.missing?.add(path)
    // Where it is missing, its folder tells when it comes: one place for all the names that were tried in it.
    input.seen(real === undefined ? dirname(path) : path)
    if (real === undefined || real === input.within) return
    if (from !== "anywhere" && !isInside(input.within, real)) return
    // `test` is a word before it is a folder.
    if (from === "word" && !(await stat(real)).isFile()) return
    if (!found.has(real) && found.size + waiting.length < MAX_FILES) waiting.push(real)
  }
  for (const name of fileVariables(definition)) await add(pathOf(name.slice("{file:".length, -1), input), "anywhere")
  const words = wordsOf(definition)
  for (const base of [...input.bases, ...(await foldersOf(words, input))])
    for (const word of words) {
      const path = resolve(base, word)
      await add(path, isPath(word) ? "project" : "word")
      if (extname(word) === "") for (const ending of ENDINGS) await add(path + ending, "word")
      for (const name of moduleFiles(word))
        // What is missing is watched for in its folder, and not in folders for all words that might be one.
        if (await isFolder(resolve(base, dirname(name)), input.budget)) await add(resolve(base, name), "word")
    }

  for (let path = waiting.shift(); path !== undefined && found.size < MAX_FILES; path = waiting.shift()) {
    if (found.has(path)) continue
    const kind = await stat(path).catch(() => undefined)
    if (kind?.isDirectory()) {
      for (const name of (await readdir(path).catch(() => [])).sort()) {
        if (name !== "node_modules" && name !== ".git") await add(join(path, name))
      }
    } else if (kind?.isFile()) {
      found.set(path, await hashOf(path, input.budget))
      for (const imported of await importsOf(path)) for (const one of asFile(imported)) await add(one)
    }
  }
  return [...found].map(([path, hash]) => ({ name: relative(input.within, path), hash })).sort(byName)
}

/** Folders of the project among the words: what is behind `cd scripts` is looked for there. */
async function foldersOf(words: readonly string[], { bases, within, budget }: LocalFilesInput): Promise<string[]> {
  const found = new Set<string>()
  for (const word of words)
    for (const base of bases) {
      const named = resolve(base, word)
      const path = budget.missing?.has(named) ? undefined : await realpath(named).catch(() => undefined)
      if (path === undefined || path === within || !isInside(within, path) || bases.includes(path)) continue
      if (found.size < MAX_FOLDERS && (await isFolder(path, budget))) found.add(path)
    }
  return [...found]
}

async function isFolder(path: string, { missing }: LocalFilesInput["budget"]): Promise<boolean> {
  if (missing?.has(path)) return false
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
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

/** As they are written. */
export const fileVariables = (definition: unknown): string[] =>
  textsOf(definition).flatMap((text) => text.match(/\{file:[^{}]+\}/g) ?? [])

/** What of its texts could be the name of a file, as a whole or word by word, as a shell would take them. */
function wordsOf(definition: unknown): string[] {
  const words = textsOf(definition).flatMap((text) => [text, ...text.split(/[\s"'`=;|&<>(),]+/)])
  const paths = words.map((word) => word.replace(/^file:\/\//, "")).filter(isWord)
  return [...new Set(paths)].slice(0, MAX_WORDS)
}

const isWord = (word: string): boolean =>
  word.length < MAX_PATH && !/^\.{0,2}\/*$/.test(word) && !word.startsWith("-") && !word.includes("\0")
const isPath = (word: string): boolean => /[./]/.test(word)

/** What `node server` and `python -m notes.server` run, where these are folders. */
function moduleFiles(word: string): string[] {
  if (!/^[\w-]+(?:[./][\w-]+)*$/.test(word)) return []
  const folder = word.replaceAll(".", "/")
  const files = ["__main__.py", "__init__.py", "index.js", "index.mjs", "index.cjs", "index.ts"]
  return [...(folder === word ? [] : [`${folder}.py`]), ...files.map((name) => `${folder}/${name}`)]
}

async function hashOf(path: string, budget: LocalFilesInput["budget"]): Promise<string> {
  const { size, ctimeMs } = await stat(path)
  if (size > budget.bytes) return `${size} ${ctimeMs}`
  budget.bytes -= size
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

const ENDINGS = [".ts", ".js", ".mjs", ".mts", ".cjs", ".tsx", ".jsx", ".json", ".py"]

/** As programs that load modules complete a name. */
const asFile = (path: string): string[] => [
  path,
  ...ENDINGS.map((ending) => path + ending),
  path.replace(/\.js$/, ".ts"),
]
