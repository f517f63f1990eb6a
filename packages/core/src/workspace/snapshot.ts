import { createHash } from "node:crypto"
import { readdirSync, rmSync, statSync } from "node:fs"
import { dirname, join } from "node:path"
import { setImmediate as nextRound } from "node:timers/promises"
import type { FileState } from "../store/change-store.ts"
import { canonicalPath } from "./canonical.ts"
import { rulesMaker } from "./ignore-rules.ts"
import { isInside } from "./paths.ts"
import { openShelf, type Entry, type Shelf } from "./snapshot-shelf.ts"
import { createTree, TreeTooLarge, YOUNG_MS, type Tree } from "./snapshot-tree.ts"

/**
 * What happened to the files of a workspace while a command ran. No git: our own walk, which costs a question to the
 * system for each file, and copies of the files that changed since the last one.
 */
export interface Snapshots {
  /** Looks at all files, then watches: what changes until `end` is the window's. */
  begin(): Promise<SnapshotWindow | Unseen>
  close(): void
}

export interface SnapshotWindow {
  end(): Promise<Observed[] | Unseen>
}

/** Why nobody can say what changed: a sentence. */
export interface Unseen {
  unseen: string
}

export interface Observed {
  path: string
  before: ObservedState
  after: ObservedState
  /** How many of the folders above it came with it. */
  folders: number
}

/** Without a hash yet: `read` gives the bytes of a file, where they were kept, for as long as the window's end is handled. */
export interface ObservedState {
  state: FileState
  read?: () => Buffer | undefined
}

/** A walk over so many costs about 100 ms of the processor, twice for each command. */
const MAX_FILES = 30_000
/** How long the process may be kept from everything else at a time. */
const SLICE_MS = 8
/** A folder with too many files will not have fewer soon, and to count them costs as much as to look at them. */
const TOO_LARGE_FOR_MS = 10 * 60 * 1000
/** More changes than a person would look through, and each costs two files: a branch that was switched, a dependency. */
const MAX_OBSERVED = 2_000
/** The copies of all workspaces together; those that were not used for longest go. */
const MAX_SHELVES_BYTES = 1024 * 1024 * 1024
/** Bounded work: the next opening goes on. */
const SHELVES_REMOVED_AT_ONCE = 2

const PERMISSIONS = 0o7777

type Before = Entry | "skipped" | undefined

interface Open {
  /** Milliseconds since the epoch. */
  began: number
  before: Map<string, Before>
  newFolders: Set<string>
}

export interface SnapshotOptions {
  roots: readonly string[]
  /** For the copies of this workspace alone. */
  folder: string
  /** Canonical folders that are left out, should they be in a root: our own. */
  except?: readonly string[]
  /** Default: `MAX_FILES` and `MAX_OBSERVED`. */
  limits?: Limits
}

interface Limits {
  /** In the roots. */
  files: number
  /** Changed by one command. */
  observed: number
}

const LIMITS: Limits = { files: MAX_FILES, observed: MAX_OBSERVED }

/** Each set of roots has its copies in a folder of its own below the data folder. @param own folders of this program */
export async function snapshotsOf(roots: readonly string[], data: string, own: readonly string[]): Promise<Snapshots> {
  const name = createHash("sha256").update(roots.join("\0")).digest("hex").slice(0, 32)
  const except = await Promise.all([data, ...own].map((folder) => canonicalPath(folder)))
  return createSnapshots({ roots, except, folder: join(data, "snapshot", name) })
}

export function createSnapshots({ roots, folder, except = [], limits = LIMITS }: SnapshotOptions): Snapshots {
  const tooLarge: Unseen = {
    unseen: `the folder has more than ${limits.files} files, so what commands change in it is not kept`,
  }
  const windows = new Set<Open>()
  let opened: { tree: Tree; shelf: Shelf } | undefined
  let tooLargeSince = -Infinity
  let queue: Promise<unknown> = Promise.resolve()

  async function open(): Promise<{ tree: Tree; shelf: Shelf }> {
    trimShelves(folder)
    const shelf = openShelf(folder)
    const tree = createTree({
      roots: roots.filter((root) => !roots.some((other) => other !== root && isInside(other, root))),
      shelf,
      makeRules: await rulesMaker(),
      changing(path, before) {
        for (const window of windows) if (!window.before.has(path)) window.before.set(path, before)
      },
      maxFiles: limits.files,
      except,
      newFolder: (path) => windows.forEach((window) => window.newFolders.add(path)),
    })
    return { tree, shelf }
  }

  /** One at a time: a walk changes what the next one starts from. */
  function inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = queue.then(act, act)
    queue = turn.catch(() => {}) // whoever asked for it hears of it
    return turn
  }

  async function refresh(): Promise<Tree | Unseen> {
    const isFirst = opened === undefined
    const { tree, shelf } = (opened ??= await open())
    try {
      let since = performance.now()
      for (const _ of tree.refresh()) {
        if (performance.now() - since < SLICE_MS) continue
        await nextRound()
        since = performance.now()
      }
    } catch (error) {
      if (!(error instanceof TreeTooLarge)) throw error
      close()
      tooLargeSince = performance.now()
      return tooLarge
    }
    if (isFirst) releaseUnused(shelf, tree)
    return tree
  }

  function close(): void {
    opened?.shelf.close()
    opened = undefined
  }

  async function end(window: Open): Promise<Observed[] | Unseen> {
    try {
      const tree = opened ? await refresh() : tooLarge
      if ("unseen" in tree || !opened) return tooLarge
      return observedIn(window, tree, { shelf: opened.shelf, most: limits.observed })
    } finally {
      windows.delete(window)
      if (opened && windows.size === 0) opened.shelf.save(opened.tree.entries)
    }
  }

  return {
    begin: () =>
      inTurn(async () => {
        if (performance.now() - tooLargeSince < TOO_LARGE_FOR_MS) return tooLarge
        const tree = await refresh()
        if ("unseen" in tree) return tree
        const window: Open = { began: Date.now(), before: new Map(), newFolders: new Set() }
        windows.add(window)
        return { end: () => inTurn(() => end(window)) }
      }),
    close,
  }
}

function observedIn(
  { began, before, newFolders }: Open,
  tree: Tree,
  { shelf, most }: { shelf: Shelf; most: number },
): Observed[] | Unseen {
  const found: Observed[] = []
  for (const [path, old] of before) {
    const now = tree.look(path, old === "skipped" ? undefined : old)
    if (now !== "unknown" && isSame(old, now, shelf)) continue
    // It only came into sight, because the command changed what is ignored.
    if (old === "skipped" && (!now || (now !== "unknown" && now.ctimeMs < began - YOUNG_MS))) continue
    if (found.length >= most) return { unseen: `the command changed more than ${most} files, so they are not kept` }
    let folders = 0
    for (let above = dirname(path); newFolders.has(above); above = dirname(above)) folders++
    found.push({ path, before: observed(old, shelf), after: observed(now, shelf), folders })
  }
  return found
}

function isSame(a: Before, b: Entry | undefined, shelf: Shelf): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined || a === "skipped") return false
  if (a.kind !== b.kind || (a.mode & PERMISSIONS) !== (b.mode & PERMISSIONS)) return false
  if (a.kind === "link") return a.target === b.target
  if (a.size !== b.size) return false
  if (a.kept && a.kept === b.kept) return true
  const [old, now] = [a.kept && shelf.read(a.kept), b.kept && shelf.read(b.kept)]
  return old && now ? old.equals(now) : isSameMoment(a, b)
}

/** Of files that are too large to be looked into, or whose copies are damaged. */
const isSameMoment = (a: Entry, b: Entry): boolean =>
  a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.ino === b.ino

function observed(entry: Before | "unknown", shelf: Shelf): ObservedState {
  if (entry === undefined) return { state: { kind: "absent" } }
  if (entry === "unknown" || entry === "skipped") return { state: { kind: "unknown" } }
  if (entry.kind === "link") return { state: { kind: "link", target: entry.target ?? "" } }
  const { kept } = entry
  const state: FileState = { kind: "file", mode: entry.mode & PERMISSIONS, size: entry.size }
  return kept ? { state, read: () => shelf.read(kept) } : { state }
}

/** What an earlier process kept of files that have changed since, or are gone. */
function releaseUnused({ known, drop }: Shelf, { entries }: Tree): void {
  for (const [path, { kept }] of known) if (kept && entries.get(path)?.kept !== kept) drop(kept)
  known.clear()
}

/** Copies are a cache: a workspace that is opened again makes them anew. */
function trimShelves(own: string): void {
  const shelves = namesIn(dirname(own)).map((name) => {
    const folder = join(dirname(own), name)
    const files = namesIn(folder).map((file) => statSync(join(folder, file), { throwIfNoEntry: false }))
    const bytes = files.reduce((sum, file) => sum + (file?.size ?? 0), 0)
    return { folder, bytes, used: Math.max(0, ...files.map((file) => file?.mtimeMs ?? 0)) }
  })
  let sum = shelves.reduce((all, { bytes }) => all + bytes, 0)
  const others = shelves.filter(({ folder }) => folder !== own).sort((a, b) => a.used - b.used)
  for (const { folder, bytes } of others.slice(0, SHELVES_REMOVED_AT_ONCE)) {
    if (sum <= MAX_SHELVES_BYTES) return
    rmSync(folder, { recursive: true, force: true })
    sum -= bytes
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return [] // nothing was ever kept
  }
}
