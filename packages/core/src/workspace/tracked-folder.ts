import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join, relative } from "node:path"
import { promisify } from "node:util"
import { gunzip, gzip } from "node:zlib"
import { fault } from "../lib/fault.ts"
import { replaceFile } from "../lib/replace-file.ts"
import { rulesMaker } from "./ignore-rules.ts"
import type { Kept, Shelf } from "./snapshot-shelf.ts"
import { createTree } from "./snapshot-tree.ts"

/**
 * A folder as undo would see it, kept under a name: to be compared later, by hand. What undo itself keeps lives no longer
 * than a command; this is for finding out why it saw what it saw.
 */
export interface TrackedFile {
  mode: number
  /** Where a link leads. */
  target?: string
  /** Base64; absent when the file is too large to be kept. */
  bytes?: string
}

/** By the path relative to the folder. */
export type TrackedFolder = Record<string, TrackedFile>

/** As for undo: more files are not looked at. */
const MAX_FILES = 30_000
/** Of all files together; it is held in memory once. */
const MAX_BYTES = 128 * 1024 * 1024

export async function lookAtFolder(directory: string, except: readonly string[]): Promise<TrackedFolder> {
  const bodies = new Map<Kept, Buffer>()
  const tree = createTree({
    roots: [directory],
    shelf: shelfOf(bodies),
    makeRules: await rulesMaker(),
    changing: () => {},
    newFolder: () => {},
    maxFiles: MAX_FILES,
    except,
  })
  for (const _ of tree.refresh());
  const files = [...tree.entries].map(([path, { mode, target, kept }]): [string, TrackedFile] => {
    const bytes = kept && bodies.get(kept)
    return [
      relative(directory, path),
      { mode, ...(target === undefined ? {} : { target }), ...(bytes ? { bytes: bytes.toString("base64") } : {}) },
    ]
  })
  return Object.fromEntries(files.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function shelfOf(bodies: Map<Kept, Buffer>): Shelf {
  let sum = 0
  const pack = { name: "", fd: -1, end: 0, live: 0 }
  return {
    put(bytes) {
      if ((sum += bytes.length) > MAX_BYTES) return undefined
      const kept = { pack, at: bodies.size, size: bytes.length, crc: 0 }
      bodies.set(kept, Buffer.from(bytes))
      return kept
    },
    read: (kept) => bodies.get(kept),
    drop: (kept) => void bodies.delete(kept),
    known: new Map(),
    save: () => {},
    close: () => {},
  }
}

const fileOf = (data: string, hash: string): string => join(data, "snapshot", "tracked", hash)

/** @returns its name: the same content has the same */
export async function keepTracked(data: string, folder: TrackedFolder): Promise<string> {
  const text = JSON.stringify(folder)
  const hash = createHash("sha1").update(text).digest("hex")
  replaceFile(fileOf(data, hash), (await promisify(gzip)(text)).toString("base64"))
  return hash
}

/** @throws fault `bad_request` for a name that is none */
export async function readTracked(data: string, hash: string): Promise<TrackedFolder> {
  const packed = /^[0-9a-f]{40}$/.test(hash) ? await readFile(fileOf(data, hash), "utf8").catch(gone) : undefined
  if (!packed) throw fault("bad_request", `There is no snapshot ${hash}: \`debug snapshot track\` makes one.`)
  return JSON.parse((await promisify(gunzip)(Buffer.from(packed, "base64"))).toString()) as TrackedFolder
}

function gone(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
}

/** Pure. The paths that are not what they were, in order. */
export function changedFiles(before: TrackedFolder, after: TrackedFolder): string[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return paths.filter((path) => JSON.stringify(before[path]) !== JSON.stringify(after[path]))
}
