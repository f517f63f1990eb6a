import { stat } from "node:fs/promises"
import { dirname, join } from "node:path"
import { toolFailure } from "../lib/fault.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { requireSamePlace, type Place } from "./file-asks.ts"

/** Where a search looks. */
export interface SearchPlace extends Place {
  /** Canonical folder. */
  cwd: string
  /** When the path names a file: only this one. */
  only?: string
  exists: boolean
}

/** An empty path is what some models give for "here". */
export async function placeToSearch(path: string | undefined, { paths, directory }: Workspace): Promise<SearchPlace> {
  const file = await paths.resolve(path || directory)
  const found = await stat(file.real).catch(() => undefined)
  const exists = found !== undefined
  if (found?.isFile()) return { file, kind: "file", cwd: dirname(file.real), only: file.real, exists }
  return { file, kind: "directory", cwd: file.real, exists }
}

/**
 * A pattern that begins outside the folder it is looked for in (`/etc/*.conf`, `../other/*.ts`) as the folder that it
 * names and the rest: whoever is asked must see where it leads.
 */
export function splitPattern(pattern: string, path = ""): { pattern: string; path: string } {
  const segments = pattern.split("/")
  const isElsewhere = pattern.startsWith("/") || segments[0] === "~" || segments[0] === ".."
  if (!isElsewhere) return { pattern, path }
  const special = segments.findIndex((segment) => /[*?{}[\]()!]/.test(segment))
  const fixed = special === -1 ? segments.length - 1 : special
  const folder = segments.slice(0, fixed).join("/") || "/"
  return { pattern: segments.slice(fixed).join("/"), path: /^[/~]/.test(folder) || !path ? folder : join(path, folder) }
}

/** For `run`: told before the question it would say what exists outside the workspace. */
export async function requireThere({ file, exists }: SearchPlace, { paths }: Workspace): Promise<void> {
  if (!exists) throw toolFailure(`There is no file or folder ${file.absolute}.`)
  await requireSamePlace(file, paths)
}
