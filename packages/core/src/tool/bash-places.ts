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

/** @param folders where relative paths may begin, absolute */
export function createPlaces(folders: readonly string[], paths: Paths) {
  let lookups = 0

  async function find(named: NamedFile): Promise<FoundPlace[]> {
    const { path, access, isGlob, within: folder, isGuess, isDeep } = named
    const isFixed = isAbsolute(path) || path === "~" || path.startsWith("~/")
    if (isGuess && isFixed && !isGlob && !(await couldBe(path))) return []
    const starts = isFixed ? [undefined] : folders
    const found = await Promise.all(
      starts.map(async (start) => {
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

  /** The folder, and a name that stands for all that may be in it. */
  async function filled(path: string, start: string | undefined): Promise<FoundPlace[]> {
    const glob = path.search(/[*?[]/)
    const known = glob < 0 ? path : path.slice(0, path.lastIndexOf("/", glob) + 1)
    const at = await place(known === "" ? "." : known, start)
    return [
      { ...at, kind: "directory", access: "look", isName: false },
      { file: within(at.file), kind: "file", access: "write", isName: true, isLoose: true },
    ]
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
    if (/[*?[]/.test(folder)) return own
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
    const written = start === undefined ? path : `${start}/${path}`
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

  return { find }
}

/** What rules call everything in a folder. */
const within = ({ absolute, real, relative, ...rest }: FileRef): FileRef => ({
  ...rest,
  absolute: `${absolute}/*`,
  real: `${real}/*`,
  relative: relative === "" ? "*" : `${relative}/*`,
})
