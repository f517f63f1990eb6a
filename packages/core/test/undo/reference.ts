import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs"

/** The files below a folder as texts that are equal when they are: kind, mode and bytes. Without what is git's own. */
export type Files = Map<string, string>

export function filesBelow(folder: string, prefix = "", found: Files = new Map()): Files {
  for (const name of readdirSync(folder)) {
    if (name === ".git") continue
    const path = `${folder}/${name}`
    const stat = lstatSync(path)
    if (stat.isDirectory()) filesBelow(path, `${prefix}${name}/`, found)
    else if (stat.isSymbolicLink()) found.set(prefix + name, `link ${readlinkSync(path)}`)
    else found.set(prefix + name, `file ${(stat.mode & 0o7777).toString(8)} ${readFileSync(path, "latin1")}`)
  }
  return found
}

export interface Did {
  path: string
  before: string | undefined
  after: string | undefined
}

export const difference = (before: Files, after: Files): Did[] =>
  [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => ({ path, before: before.get(path), after: after.get(path) }))

/** What a revert replaced, by path. */
export type Touched = Map<string, { was: string | undefined; now: string | undefined }>

/**
 * What undoing is, in its plainest form: the changes one by one, the newest first, each taken back from what it left and
 * from nothing else. First an earlier revert is taken back in the same manner.
 */
export function undoOn(disk: Files, touched: Touched, changes: Did[]): { disk: Files; touched: Touched } {
  const wanted: Files = new Map(disk)
  const base: Files = new Map(disk)
  const blocked = new Set<string>()
  for (const [path, { was, now }] of touched) {
    if (disk.get(path) === now) put(base, path, was)
    else if (disk.get(path) !== was) blocked.add(path)
    put(wanted, path, base.get(path))
  }
  for (const { path, before, after } of changes.toReversed()) {
    if (blocked.has(path)) continue
    if (wanted.get(path) === after) put(wanted, path, before)
    else if (wanted.get(path) !== before) blocked.add(path)
  }
  const result: Files = new Map(disk)
  const left: Touched = new Map(touched)
  const changed = [...new Set([...touched.keys(), ...changes.map(({ path }) => path)])]
  const goes = changed.filter((path) => !wanted.has(path) && disk.has(path))
  for (const path of goes) result.delete(path)
  const comes = changed.filter((path) => wanted.has(path) && disk.get(path) !== wanted.get(path))
  const done = new Set(goes)
  for (const path of comes.sort((a, b) => a.split("/").length - b.split("/").length)) {
    if (!hasRoom(result, path)) continue
    put(result, path, wanted.get(path))
    done.add(path)
  }
  for (const path of done) {
    if (base.get(path) === wanted.get(path)) left.delete(path)
    else left.set(path, { was: base.get(path), now: wanted.get(path) })
  }
  return { disk: result, touched: left }
}

function put(files: Files, path: string, content: string | undefined): void {
  if (content === undefined) files.delete(path)
  else files.set(path, content)
}

/** No file and no link stands where a folder has to be, and no folder with files where the file has to be. */
const hasRoom = (files: Files, path: string): boolean =>
  ![...files.keys()].some((other) => path.startsWith(`${other}/`) || other.startsWith(`${path}/`))
