import type { Stats } from "node:fs"
import { linkTarget, namesIn, readFile, statOf } from "./disk-look.ts"
import { isIgnored, RULE_FILES, type IgnoreRules, type rulesMaker } from "./ignore-rules.ts"
import type { Entry, Shelf } from "./snapshot-shelf.ts"

/**
 * The files of a workspace as they were last seen. Looking again asks the system about each file and reads only those
 * that changed since. It is synchronous, which costs a fifth of the time, and pauses between folders.
 */
export interface Tree {
  readonly entries: ReadonlyMap<string, Entry>
  /** Looks at everything; each step is short. @throws TreeTooLarge */
  refresh(): Generator<void, void>
  /** Looks at one path, whatever is ignored. @param old what it was when it was last seen, if it is not in `entries` */
  look(path: string, old?: Entry): Entry | "unknown" | undefined
}

export interface TreeOptions {
  roots: readonly string[]
  shelf: Shelf
  makeRules: Awaited<ReturnType<typeof rulesMaker>>
  /** Called before the tree forgets what it knew of a path. `skipped`: something may have been there, unseen. */
  changing(path: string, before: Entry | "skipped" | undefined): void
  /** A folder that was not there before. */
  newFolder(path: string): void
  maxFiles: number
  /** Folders that are left out. */
  except: readonly string[]
}

export class TreeTooLarge extends Error {
  override readonly name = "TreeTooLarge"
}

/** Larger ones are data; their changes are noticed, and cannot be taken back. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024
const MAX_RULE_BYTES = 1024 * 1024
/** The repositories' own files, which are never touched, and folders that programs fill and people never edit. */
const SKIPPED = new Set([
  ".git",
  ".hg",
  ".svn",
  ".jj",
  "node_modules",
  "__pycache__",
  ".venv",
  ".tox",
  ".mypy_cache",
  ".pytest_cache",
  ".gradle",
  ".terraform",
])
/** Files of ours that are being written. */
const UNFINISHED = /^\.opencode-[0-9a-f]{12}\.tmp$/
/** The system's clock for files moves in steps of up to 10 ms: a later change within one would bear the same time. */
export const YOUNG_MS = 40
/** The same where times are whole seconds. */
const YOUNG_COARSE_MS = 2_100
/** Files looked at between two pauses: well under a millisecond. */
const BATCH = 100

interface Folder {
  path: string
  stamp: Pick<Stats, "mtimeMs" | "ctimeMs" | "ino"> | undefined
  young: boolean
  above: IgnoreRules | undefined
  rules: IgnoreRules | undefined
  folders: Map<string, Folder>
  files: Set<string>
  /** Ignored: nobody looks at what is in there. */
  skipped: Set<string>
  /** What shows up in it may have been there all the time: it was ignored, or could not be read. */
  hidden: boolean
  /** Files of which the same is true. */
  surfaced: Set<string>
  /** It was not there when its parent was last looked at. */
  isNew: boolean
}

export function createTree({ roots, shelf, makeRules, changing, newFolder, maxFiles, except }: TreeOptions): Tree {
  const entries = new Map<string, Entry>()
  const tops = new Map(roots.map((root) => [root, emptyFolder(root)]))

  function* visit(folder: Folder, above: IgnoreRules | undefined): Generator<void, void> {
    const stat = statOf(folder.path)
    if (stat === "unknown" || !stat?.isDirectory()) return forget(folder)
    if (entries.size > maxFiles) throw new TreeTooLarge()
    const rulesChanged = RULE_FILES.filter((name) => folder.files.has(name) && update(join(folder, name))).length > 0
    if (rulesChanged || folder.young || folder.above !== above || !isSameStamp(folder.stamp, stat)) {
      list(folder, stat, above)
    }
    let batch = 0
    for (const name of folder.files) {
      update(join(folder, name), folder.hidden || folder.surfaced.has(name))
      if (++batch % BATCH === 0) yield
    }
    folder.surfaced.clear()
    yield
    for (const child of folder.folders.values()) yield* visit(child, folder.rules)
    if (folder.stamp) folder.hidden = folder.isNew = false
  }

  /** The names alone, so that a tree that is too large is known before its files are read. @returns how many files */
  function* survey(folder: Folder, above: IgnoreRules | undefined, before: number): Generator<void, number> {
    const stat = statOf(folder.path)
    if (stat === "unknown" || !stat?.isDirectory()) return before
    list(folder, stat, above)
    yield
    let count = before + folder.files.size
    if (count > maxFiles) throw new TreeTooLarge()
    for (const child of folder.folders.values()) count = yield* survey(child, folder.rules, count)
    return count
  }

  /** Reads the names in a folder. */
  function list(folder: Folder, stat: Stats, above: IgnoreRules | undefined): void {
    const isKnown = folder.stamp !== undefined && !folder.hidden
    const found = namesIn(folder.path)
    if (!found) {
      forget(folder)
      folder.hidden = true
      return
    }
    const before = { files: folder.files, folders: folder.folders, skipped: folder.skipped }
    const texts = RULE_FILES.map((name) => (found.get(name) === "file" ? ruleText(join(folder, name)) : undefined))
    const rules = texts.some(Boolean) ? makeRules(folder.path, texts, above) : above
    const fresh = { files: new Set<string>(), folders: new Map<string, Folder>(), skipped: new Set<string>() }
    Object.assign(folder, { above, rules, stamp: stat, young: isYoung(stat), ...fresh })
    for (const [name, kind] of found) {
      const path = join(folder, name)
      const wasSkipped = before.skipped.has(name)
      if (isLeftOut(name, path) || isIgnored(path, kind === "folder", rules)) {
        folder.skipped.add(name)
      } else if (kind === "file") {
        folder.files.add(name)
        if (wasSkipped) folder.surfaced.add(name)
      } else {
        const known = before.folders.get(name)
        const child = known ?? emptyFolder(path, folder.hidden || wasSkipped)
        folder.folders.set(name, child)
        if (known || wasSkipped || !(isKnown || folder.isNew)) continue
        child.isNew = true
        newFolder(path)
      }
    }
    for (const name of before.files) if (!folder.files.has(name)) remove(join(folder, name))
    for (const [name, child] of before.folders) if (!folder.folders.has(name)) forget(child)
  }

  const isLeftOut = (name: string, path: string): boolean =>
    SKIPPED.has(name) || UNFINISHED.test(name) || except.includes(path)

  function forget(folder: Folder): void {
    for (const name of folder.files) remove(join(folder, name))
    for (const child of folder.folders.values()) forget(child)
    Object.assign(folder, emptyFolder(folder.path, folder.hidden))
  }

  function remove(path: string): void {
    const entry = entries.get(path)
    if (!entry) return
    changing(path, entry)
    entries.delete(path)
    if (entry.kept) shelf.drop(entry.kept)
  }

  /** @returns whether it is another than it was */
  function update(path: string, wasHidden = false): boolean {
    const old = entries.get(path)
    const now = look(path, old)
    if (now === old || now === "unknown") return false
    changing(path, old ?? (wasHidden ? "skipped" : undefined))
    if (now) entries.set(path, now)
    else entries.delete(path)
    if (old?.kept && now?.kept !== old.kept) shelf.drop(old.kept)
    return true
  }

  function look(path: string, old: Entry | undefined): Entry | "unknown" | undefined {
    const stat = statOf(path)
    if (stat === "unknown") return stat
    if (!stat || (!stat.isFile() && !stat.isSymbolicLink())) return undefined
    if (old && !old.young && isSameEntry(old, stat)) return old
    const { mtimeMs, ctimeMs, ino, mode, size } = stat
    const entry: Entry = { kind: "file", mode, size, mtimeMs, ctimeMs, ino, young: isYoung(stat) }
    if (stat.isSymbolicLink()) {
      const target = linkTarget(path)
      return target === undefined ? "unknown" : { ...entry, kind: "link", target }
    }
    const known = shelf.known.get(path)
    if (known?.kept && !entry.young && isSameEntry(known, stat)) return { ...entry, kept: known.kept }
    const bytes = size > MAX_FILE_BYTES ? undefined : readFile(path, size)
    if (!bytes) return entry
    // Written again with the same bytes, or only looked at again: one copy is enough.
    if (old?.kept && old.size === size && shelf.read(old.kept)?.equals(bytes)) return { ...entry, kept: old.kept }
    const kept = shelf.put(bytes)
    return kept ? { ...entry, kept } : entry
  }

  return {
    entries,
    look: (path, old) => look(path, entries.get(path) ?? old),
    *refresh() {
      let count = 0
      for (const folder of entries.size === 0 ? tops.values() : []) count = yield* survey(folder, undefined, count)
      for (const folder of tops.values()) yield* visit(folder, undefined)
    },
  }
}

const emptyFolder = (path: string, hidden = false): Folder => ({
  path,
  stamp: undefined,
  young: true,
  above: undefined,
  rules: undefined,
  folders: new Map(),
  files: new Set(),
  skipped: new Set(),
  hidden,
  surfaced: new Set(),
  isNew: false,
})

const join = ({ path }: Folder, name: string): string => (path === "/" ? `/${name}` : `${path}/${name}`)

/** By the time of the last change of anything about it, which nobody can set. */
const isYoung = ({ ctimeMs }: Pick<Stats, "ctimeMs">): boolean =>
  Date.now() - ctimeMs < (ctimeMs % 1000 === 0 ? YOUNG_COARSE_MS : YOUNG_MS)

const isSameStamp = (a: Folder["stamp"], b: Stats): boolean =>
  a !== undefined && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.ino === b.ino

const isSameEntry = (a: Entry, b: Stats): boolean =>
  a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.ino === b.ino && a.mode === b.mode

function ruleText(path: string): Buffer | undefined {
  const stat = statOf(path)
  return stat === "unknown" || !stat || stat.size > MAX_RULE_BYTES ? undefined : readFile(path, stat.size)
}
