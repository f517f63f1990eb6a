/**
 * The bytes of files as they were, by their hash, in a folder for each project. Invariants: a file here is whole (it gets
 * its name when it is complete) and what is read is checked against its name; a file that is younger than
 * `COLLECT_AFTER_MS` is never removed, and whoever is about to name one makes it young.
 */
import { createHash, randomBytes } from "node:crypto"
import { existsSync, rmSync, statSync, utimesSync } from "node:fs"
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises"
import path from "node:path"
import { promisify } from "node:util"
import { deflateRaw, inflateRaw } from "node:zlib"
import type { StoredContent } from "./change-store.ts"
import { diskFault, systemCode } from "./storage-error.ts"

export interface Contents {
  /**
   * @param place names the folder: letters, digits, "-" and "_"
   * @param quick may be lost in a power cut, not in a crash of the process
   * @throws fault `storage`
   */
  put(place: string, bytes: Uint8Array, options?: { quick?: boolean }): Promise<StoredContent>
  /** Undefined when it is gone or damaged. */
  read(place: string, hash: string): Promise<Buffer | undefined>
  has(place: string, hash: string): boolean
  /** @returns false when it is too young, or cannot be removed now */
  remove(content: Pick<StoredContent, "place" | "hash">, now: number): boolean
  /** The files of one of the 256 parts of all places: what crashes left behind is found a part at a time. */
  part(index: number): Promise<{ place: string; hash: string }[]>
}

/** A file younger than this may belong to a row that has not committed yet. */
const COLLECT_AFTER_MS = 60 * 60 * 1000
/** A file is made young again when it is older than this, which leaves the rest of the hour to commit the row. */
const REFRESH_AFTER_MS = 15 * 60 * 1000
/** Below a block of the file system nothing is gained. */
const COMPRESS_FROM_BYTES = 4096
/** Fast, and nearly as good as the rest on source text. */
const LEVEL = 3
const [RAW, DEFLATED] = [0, 1]
/** The smallest gain that is worth the time to unpack it. */
const GAIN = 0.9

const deflate = promisify<Uint8Array, { level: number }, Buffer>(deflateRaw)
const inflate = promisify<Uint8Array, Buffer>(inflateRaw)

export const hashOfBytes = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

export function createContents(folder: string): Contents {
  /** 256 folders, because some file systems and tools are slow with a hundred thousand files in one. */
  const fileOf = (place: string, hash: string) => path.join(folder, place, hash.slice(0, 2), hash.slice(2))

  return {
    async put(place, bytes, { quick = false } = {}) {
      const hash = hashOfBytes(bytes)
      const file = fileOf(place, hash)
      try {
        const size = renewed(file) ?? (await write(file, await pack(bytes), quick))
        return { place, hash, bytes: size }
      } catch (error) {
        throw diskFault(error, `Writing ${file}`)
      }
    },

    async read(place, hash) {
      try {
        const bytes = await unpack(await readFile(fileOf(place, hash)))
        return bytes && hashOfBytes(bytes) === hash ? bytes : undefined
      } catch (error) {
        // Gone, unreadable, or its packing is damaged: all the same to whoever wants the bytes.
        if (systemCode(error) === undefined) throw error
        return undefined
      }
    },

    has: (place, hash) => existsSync(fileOf(place, hash)),

    remove({ place, hash }, now) {
      const file = fileOf(place, hash)
      const found = statSync(file, { throwIfNoEntry: false })
      if (!found) return true
      if (now - found.mtimeMs < COLLECT_AFTER_MS) return false
      try {
        rmSync(file, { force: true })
        return true
      } catch (error) {
        if (systemCode(error) === undefined) throw error
        return false
      }
    },

    async part(index) {
      const name = (index % 256).toString(16).padStart(2, "0")
      const places = await list(folder)
      const found = await Promise.all(
        places.map(async (place) =>
          (await list(path.join(folder, place, name))).map((rest) => ({ place, hash: name + rest })),
        ),
      )
      return found.flat()
    },
  }
}

async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    const code = systemCode(error)
    if (code === "ENOENT" || code === "ENOTDIR") return []
    throw error
  }
}

/** The size of a file that is there, made young so that nobody collects it now. */
function renewed(file: string): number | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found) return undefined
  const now = Date.now()
  if (now - found.mtimeMs < REFRESH_AFTER_MS) return found.size
  try {
    utimesSync(file, now / 1000, now / 1000)
    return found.size
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined // it was collected just now
  }
}

async function write(file: string, packed: Buffer, quick: boolean): Promise<number> {
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 })
  const unfinished = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`
  try {
    const handle = await open(unfinished, "wx", 0o600)
    try {
      await handle.writeFile(packed)
      if (!quick) await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(unfinished, file)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
  return packed.length
}

async function pack(bytes: Uint8Array): Promise<Buffer> {
  if (bytes.length >= COMPRESS_FROM_BYTES) {
    const small = await deflate(bytes, { level: LEVEL })
    if (small.length < bytes.length * GAIN) return Buffer.concat([Buffer.of(DEFLATED), small])
  }
  return Buffer.concat([Buffer.of(RAW), bytes])
}

async function unpack(packed: Buffer): Promise<Buffer | undefined> {
  if (packed[0] === RAW) return packed.subarray(1)
  return packed[0] === DEFLATED ? await inflate(packed.subarray(1)) : undefined
}
