import { dirname, relative, sep } from "node:path"
import { toolFailure } from "../lib/fault.ts"
import type { Ask } from "../permission/ask.ts"
import { isControlFile, isWorkingTree } from "../permission/control-files.ts"
import { isInside, parentPattern, type FileRef, type Paths } from "../workspace/paths.ts"

/** What the tools ask before they touch a file. The order is that of the questions: first whether we may go there. */

export interface Place {
  file: FileRef
  kind: "file" | "directory"
}

export const asksForFile = (
  permission: "read" | "edit",
  place: Place,
  metadata: Record<string, unknown> = {},
): Ask[] => [...asksOutside([place]), ...asksInside(permission, [place.file], metadata)]

/** One question for several files. */
export const asksForFiles = (
  permission: "read" | "edit",
  files: FileRef[],
  metadata: Record<string, unknown>,
): Ask[] => [
  ...asksOutside(files.map((file): Place => ({ file, kind: "file" }))),
  ...asksInside(permission, files, metadata),
]

/** One question for all files of them that decide what runs later: changing these is nothing to be done by the way. */
function asksForControl(files: FileRef[], metadata: Record<string, unknown>): Ask[] {
  const control = files.filter((file) => file.isOurs || namesOf(file).some(isControlFile))
  if (control.length === 0) return []
  const patterns = [...new Set(control.map(ruleName))]
  // Each change of one is a decision of its own, so "always" means no more than "once".
  return [{ permission: "control_file", patterns, always: [], metadata, ...aliases(control) }]
}

/** By which a file can be one that decides what runs later: where it is, and the links that lead there. */
function namesOf(file: FileRef): string[] {
  const within = [linkName(file), ruleName(file)]
  return file.root !== undefined && isWorkingTree(file.root) ? within : [...within, file.real]
}

function asksInside(permission: "read" | "edit", files: FileRef[], metadata: Record<string, unknown>): Ask[] {
  const patterns = [...new Set(files.map(ruleName))]
  const ask = { permission, patterns, always: ["*"], metadata, ...aliases(files) }
  return permission === "read" ? [ask] : [...asksForControl(files, metadata), ask]
}

/** One question for all places outside the workspace. The answer "always" opens the folders, not only these files. */
export function asksOutside(places: Place[], metadata: Record<string, unknown> = {}): Ask[] {
  const outside = places.filter(({ file }) => !file.inside)
  const [first] = outside
  if (first === undefined) return []
  const patterns = [...new Set(outside.map(({ file, kind }) => parentPattern(file, kind)))]
  const parentDir = first.kind === "directory" ? first.file.real : dirname(first.file.real)
  const facts = { filepath: first.file.real, parentDir, ...metadata }
  return [{ permission: "external_directory", patterns, always: patterns, metadata: facts }]
}

/** A link that was put in the way after the question leads to something else than was asked about. */
export async function requireSamePlace({ real, absolute }: FileRef, paths: Paths): Promise<void> {
  if ((await paths.resolve(real)).real !== real) throw toolFailure(`${absolute} leads somewhere else than before.`)
}

/** How rules call a file that a search found: below a root by its way from there. @param real canonical */
export function relativeName(real: string, { roots }: Paths): string {
  const around = roots.filter((root) => isInside(root, real)).sort((a, b) => b.length - a.length)
  return around[0] === undefined ? real : relative(around[0], real).split(sep).join("/")
}

/** How a file is called in titles: relative to its root. */
export const nameOf = (file: FileRef): string => file.relative || "."

/** How rules call a file: relative to its root, absolute outside of all. */
export const ruleName = (file: FileRef): string => (file.root === undefined ? file.real : nameOf(file))

/** As it was written, which may have been through a link. */
const linkName = (file: FileRef): string =>
  file.root === undefined ? file.absolute : relative(file.root, file.absolute).split(sep).join("/")

/** Rules may also mean the whole path, or the link that was used; these names can only tighten the answer. */
function aliases(files: FileRef[]): Pick<Ask, "aliases"> {
  const found: Record<string, string[]> = {}
  for (const file of files) {
    const name = ruleName(file)
    const others = [...new Set([file.real, file.absolute, linkName(file)])].filter((it) => it !== "" && it !== name)
    if (others.length > 0) found[name] = [...new Set([...(Object.hasOwn(found, name) ? found[name]! : []), ...others])]
  }
  return Object.keys(found).length > 0 ? { aliases: found } : {}
}
