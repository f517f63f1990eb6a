import { randomBytes } from "node:crypto"
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs"
import { join } from "node:path"
import { crc32 } from "node:zlib"
import { replaceFile } from "../lib/replace-file.ts"

/**
 * Copies of the files of a workspace as they were last seen, so that what a command overwrites can be brought back.
 * A cache: it may be thrown away at any time, nothing in it is promised to be there, and what is read is checked. So no
 * write here waits for the disk. Packs are only ever appended to, by the process that made them; a process keeps those
 * that it uses open, so that another one may delete them under it.
 */
export interface Kept {
  pack: Pack
  at: number
  size: number
  crc: number
}

export interface Pack {
  name: string
  fd: number
  /** Bytes written. */
  end: number
  /** Bytes that some file still has. */
  live: number
}

/** A file as it was last seen, by everything that changes when somebody writes it. */
export interface Entry {
  kind: "file" | "link"
  mode: number
  size: number
  mtimeMs: number
  ctimeMs: number
  ino: number
  /** Where its bytes are; absent when it is too large, or there is no room. */
  kept?: Kept
  target?: string
  /** It was so new when it was looked at that a later change might bear the same time. */
  young: boolean
}

export interface Shelf {
  /** Undefined when there is no room. */
  put(bytes: Buffer): Kept | undefined
  /** Undefined when it is damaged. */
  read(kept: Kept): Buffer | undefined
  /** Nobody needs these bytes here any more. */
  drop(kept: Kept): void
  /** What an earlier process knew of the files, by path. */
  known: Map<string, Entry>
  /** Writes down what is known, when enough of it is new to be worth it. */
  save(entries: ReadonlyMap<string, Entry>): void
  close(): void
}

/** All copies of one workspace: the sources of large projects are below, and what is above is mostly data. */
const MAX_BYTES = 256 * 1024 * 1024
/** A pack that is full is not written to again; small enough that to read its files anew is no work. */
const PACK_BYTES = 32 * 1024 * 1024
/** What a next process reads again by itself costs less than to write the list of all files. */
const SAVE_FROM_BYTES = 1024 * 1024
/** A pack of which less is in use is given up: its files are read again when they are next looked at. */
const LEAST_LIVE = 0.25
/** Another process may be about to list it. */
const ORPHAN_AFTER_MS = 24 * 60 * 60 * 1000
const VERSION = 1

/** @param folder of this workspace alone */
export function openShelf(folder: string): Shelf {
  const packs = new Map<string, Pack>()
  let writing: Pack | undefined
  let unsaved = 0
  const index = join(folder, "index.json")
  const known = load()

  function load(): Map<string, Entry> {
    const found = new Map<string, Entry>()
    for (const [path, mode, size, mtimeMs, ctimeMs, ino, name, at, crc] of rowsOf(index)) {
      const pack = packs.get(name) ?? openPack(name)
      if (!pack || at + size > pack.end) continue
      pack.live += size
      found.set(path, { kind: "file", mode, size, mtimeMs, ctimeMs, ino, kept: { pack, at, size, crc }, young: false })
    }
    return found
  }

  function openPack(name: string): Pack | undefined {
    try {
      const fd = openSync(join(folder, name), "r")
      const pack = { name, fd, end: statSync(join(folder, name)).size, live: 0 }
      packs.set(name, pack)
      return pack
    } catch {
      return undefined // deleted by another process: its files are read again
    }
  }

  function packFor(size: number): Pack {
    if (writing && writing.end + size <= PACK_BYTES) return writing
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const name = `${randomBytes(8).toString("hex")}.pack`
    writing = { name, fd: openSync(join(folder, name), "wx+", 0o600), end: 0, live: 0 }
    packs.set(name, writing)
    return writing
  }

  const sum = (of: "end" | "live") => [...packs.values()].reduce((all, pack) => all + pack[of], 0)

  /** Gives up the packs of which nothing is needed, and one of which little is. */
  function tidy(entries: ReadonlyMap<string, Entry>): void {
    const sparse = [...packs.values()].find((pack) => pack !== writing && pack.live < pack.end * LEAST_LIVE)
    if (!sparse) return
    for (const entry of entries.values()) if (entry.kept?.pack === sparse) delete entry.kept
    giveUp(sparse)
  }

  function giveUp(pack: Pack): void {
    packs.delete(pack.name)
    closeSync(pack.fd)
    rmSync(join(folder, pack.name), { force: true })
  }

  return {
    known,

    put(bytes) {
      if (sum("live") + bytes.length > MAX_BYTES || sum("end") + bytes.length > 2 * MAX_BYTES) return undefined
      const pack = packFor(bytes.length)
      const at = pack.end
      for (let done = 0; done < bytes.length;) {
        done += writeSync(pack.fd, bytes, done, bytes.length - done, at + done)
      }
      pack.end += bytes.length
      pack.live += bytes.length
      unsaved += bytes.length
      return { pack, at, size: bytes.length, crc: crc32(bytes) }
    },

    read({ pack, at, size, crc }) {
      if (!packs.has(pack.name)) return undefined
      const bytes = Buffer.allocUnsafe(size)
      for (let done = 0; done < size;) {
        const count = readSync(pack.fd, bytes, done, size - done, at + done)
        if (count === 0) return undefined
        done += count
      }
      return crc32(bytes) === crc ? bytes : undefined
    },

    drop: (kept) => void (kept.pack.live -= kept.size),

    save(entries) {
      if (unsaved < SAVE_FROM_BYTES) return
      unsaved = 0
      tidy(entries)
      const rows = [...entries].flatMap(([path, { mode, size, mtimeMs, ctimeMs, ino, kept, young }]) =>
        kept && !young ? [[path, mode, size, mtimeMs, ctimeMs, ino, kept.pack.name, kept.at, kept.crc]] : [],
      )
      replaceFile(index, JSON.stringify({ version: VERSION, rows }))
      removeOrphans(folder, packs)
    },

    close() {
      for (const { fd } of packs.values()) closeSync(fd)
      packs.clear()
    },
  }
}

type Row = [string, number, number, number, number, number, string, number, number]

/** None when the list is missing, damaged, or of another version: everything is read again. */
function rowsOf(index: string): Row[] {
  try {
    const { version, rows } = JSON.parse(readFileSync(index, "utf8")) as { version?: number; rows?: unknown }
    return version === VERSION && Array.isArray(rows) ? rows.filter(isRow) : []
  } catch {
    return []
  }
}

function isRow(row: unknown): row is Row {
  if (!Array.isArray(row)) return false
  const [path, mode, size, mtimeMs, ctimeMs, ino, name, at, crc] = row
  return (
    typeof path === "string" &&
    typeof name === "string" &&
    /^[0-9a-f]+\.pack$/.test(name) &&
    [mode, size, mtimeMs, ctimeMs, ino, at, crc].every((value) => typeof value === "number")
  )
}

function removeOrphans(folder: string, packs: Map<string, Pack>): void {
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(".pack") || packs.has(name)) continue
    const found = statSync(join(folder, name), { throwIfNoEntry: false })
    if (found && Date.now() - found.mtimeMs > ORPHAN_AFTER_MS) rmSync(join(folder, name), { force: true })
  }
}
