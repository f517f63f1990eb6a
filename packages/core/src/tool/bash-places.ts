import { readdir, stat } from "node:fs/promises"
import { dirname, isAbsolute, relative, resolve, sep } from "node:path"
import { ToolFailure } from "../lib/fault.ts"
import { globMatches } from "../permission/shell-expand.ts"
import type { NamedFile } from "../permission/shell-paths.ts"
import { isInside, type FileRef, type Paths } from "../workspace/paths.ts"
import type { Place } from "./file-asks.ts"

/** The files that the words of a command stand for, looked up before it runs. Reads folders, changes nothing. */
export interface FoundPlace extends Place {
  access: NamedFile["access"]
  /** It is here to be compared with rules; whether there is such a file was not looked at. */
  isName: boolean
  /** Which files in there are written is known only when it runs. */
  isLoose?: true
}

/** How many words of programs nobody knows are looked up; the rest are taken for files of their name. */
const MAX_LOOKUPS = 64
/** How many files of a glob are named; more belong to a rule for the folder. */
const MAX_MATCHES = 200
/** What a glob may stand for although it is not there yet: the files that are asked for by default. */
const LIKELY = [".env", ".env.local"]

/** How many folders are read to see what patterns for folders stand for; a monorepo has some hundred. */
const MAX_EXPANDED = 2_000

const PATTERN = /[*?[]/

const atStart = (path: string, start: string | undefined) => (start === undefined ? path : `${start}/${path}`)

/** @param folders where relative paths may begin, absolute */
export function createPlaces(folders: readonly string[], paths: Paths) {
  let lookups = 0
  let expanded = 0
  let unexpanded: string | undefined

  async function find(named: NamedFile): Promise<FoundPlace[]> {
    const { path, access, isGlob, within: folder, isGuess, isDeep } = named
    const isFixed = isAbsolute(path) || path === "~" || path.startsWith("~/")
    if (isGuess && isFixed && !isGlob && !(await couldBe(path))) return []
    const starts = isFixed ? [undefined] : folders
    const found = await Promise.all(
      starts.map(async (start) => {
        if (folder !== undefined && PATTERN.test(folder)) return await inFolders(named, folder, start)
        if (folder !== undefined && !(await isFolder(start === undefined ? folder : `${start}/${folder}`))) return []
        if (access === "fill") return await filled(path, start)
        if (isGlob) return (await matchesOf(path, start, access)).map(loose)
        return access === "maybe"
          ? await guess(path, start)
          : [loose({ ...(await place(path, start)), access, isName: false })]
      }),
    )
    return found.flat()

    function loose(found: FoundPlace): FoundPlace {
      return isDeep && found.kind === "directory" && !found.isName ? { ...found, isLoose: true } : found
    }
  }

  /** The same in each folder that a pattern for folders stands for. */
  async function inFolders(named: NamedFile, pattern: string, start: string | undefined): Promise<FoundPlace[]> {
    const found = await expand(pattern, start)
    const all = found.map((within) => ({ ...named, path: within + named.path.slice(pattern.length), within }))
    const fixed = all.map((one) => ({ ...one, path: atStart(one.path, start), within: atStart(one.within, start) }))
    return (await Promise.all(fixed.map(find))).flat()
  }

  /** What is there that a pattern stands for, as the shell would write it. */
  async function expand(pattern: string, start: string | undefined): Promise<string[]> {
    let found = [pattern.startsWith("/") ? "/" : ""]
    for (const segment of pattern.split("/").filter(Boolean)) {
      const next = await Promise.all(
        found.map(async (folder) => {
          if (!PATTERN.test(segment)) return [`${folder}${segment}/`]
          if (++expanded > MAX_EXPANDED) {
            unexpanded ??= pattern
            return []
          }
          const { real } = (await place(folder === "" ? "." : folder, start)).file
          const names = await readdir(real).catch(() => [])
          return names.filter((name) => globMatches(segment, name)).map((name) => `${folder}${name}/`)
        }),
      )
      found = next.flat().slice(0, MAX_MATCHES)
    }
    return found.map((path) => (path === "/" ? path : path.slice(0, -1)))
  }

  /** The folder, and a name that stands for all that may be in it. */
  async function filled(path: string, start: string | undefined): Promise<FoundPlace[]> {
    const glob = path.search(PATTERN)
    const known = glob < 0 ? path : path.slice(0, path.lastIndexOf("/", glob) + 1)
    const all = [known === "" ? "." : known, ...(glob < 0 ? [] : await expand(path, start))]
    const found = await Promise.all(all.map((one) => place(one, start)))
    return found.flatMap((at): FoundPlace[] => [
      { ...at, kind: "directory", access: "look", isName: false },
      { file: within(at.file), kind: "file", access: "write", isName: true, isLoose: true },
    ])
  }

  /** Something is there, or could be made there: the folder of a new file exists, and is not the root of everything. */
  async function couldBe(path: string): Promise<boolean> {
    const { file, isMissing } = await place(path, undefined)
    if (!isMissing) return true
    const parent = dirname(file.absolute)
    return parent !== dirname(parent) && !(await place(parent, undefined)).isMissing
  }

  const isFolder = async (path: string) => (await place(path, undefined)).kind === "directory"

  /** A word that is a file if there is one. */
  async function guess(path: string, start: string | undefined): Promise<FoundPlace[]> {
    if (++lookups > MAX_LOOKUPS) return [nameIn(path, start, "read")]
    const at = await place(path, start)
    if (at.isMissing) return []
    return [{ ...at, access: at.kind === "file" ? "read" : "look", isName: false }]
  }

  async function matchesOf(
    path: string,
    start: string | undefined,
    access: NamedFile["access"],
  ): Promise<FoundPlace[]> {
    const cut = path.lastIndexOf("/") + 1
    const [folder, glob] = [path.slice(0, cut), path.slice(cut)]
    const use = access === "maybe" ? "read" : access
    const likely = LIKELY.filter((name) => globMatches(glob, name)).map((name) => nameIn(folder + name, start, use))
    const own = [nameIn(path, start, use), ...likely]
    if (PATTERN.test(folder)) {
      const all = await Promise.all((await expand(path, start)).map((one) => place(one, start)))
      return [
        ...own,
        ...all.filter((it) => !it.isMissing).map((it): FoundPlace => ({ ...it, access: use, isName: false })),
      ]
    }
    const real = (await place(folder === "" ? "." : folder, start)).file.real
    const names = (await readdir(real).catch(() => [])).filter((name) => globMatches(glob, name)).slice(0, MAX_MATCHES)
    const found = await Promise.all(names.map((name) => place(folder + name, start)))
    return [...own, ...found.map((it): FoundPlace => ({ ...it, access: use, isName: false }))]
  }

  function nameIn(path: string, start: string | undefined, access: NamedFile["access"]): FoundPlace {
    const real = start === undefined ? resolve(path) : resolve(start, path)
    const root = paths.roots.find((one) => isInside(one, real))
    const name = relative(root ?? paths.roots[0] ?? real, real)
      .split(sep)
      .join("/")
    const file: FileRef = { absolute: real, real, relative: name, inside: true, ...(root !== undefined && { root }) }
    return { file, kind: "file", access, isName: true }
  }

  async function place(path: string, start: string | undefined): Promise<Place & { isMissing: boolean }> {
    // Not normalised: `link/..` is the parent of what the link leads to.
    const written = atStart(path, start)
    try {
      const file = await paths.resolve(written)
      // What does not exist, or may not be looked at, is taken for a file: then the question names its folder.
      const found = await stat(file.real).catch(() => undefined)
      return { file, kind: found?.isDirectory() ? "directory" : "file", isMissing: found === undefined }
    } catch (error) {
      if (!(error instanceof ToolFailure)) throw error
      // Devices, loops of links: nothing our own tools would open, so for a command it is a place outside.
      const absolute = resolve(written)
      return {
        file: { absolute, real: absolute, relative: absolute, inside: false },
        kind: "file",
        isMissing: false,
      }
    }
  }

  /** The folders that those of the paths stand for which are patterns. */
  async function foldersFor(all: readonly string[]): Promise<string[]> {
    const patterns = all.filter((path) => PATTERN.test(path) && !path.startsWith("~"))
    const found = patterns.flatMap((pattern) =>
      (isAbsolute(pattern) ? [undefined] : folders).map(async (start) =>
        (await expand(pattern, start)).map((path) => atStart(path, start)),
      ),
    )
    return (await Promise.all(found)).flat()
  }

  return { find, foldersFor, unexpanded: () => unexpanded }
}

/** What rules call everything in a folder. */
const within = ({ absolute, real, relative, ...rest }: FileRef): FileRef => ({
  ...rest,
  absolute: `${absolute}/*`,
  real: `${real}/*`,
  relative: relative === "" ? "*" : `${relative}/*`,
})
