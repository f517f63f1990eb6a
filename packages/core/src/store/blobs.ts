/**
 * Large bodies as files. Invariants: a file is whole and on disk before the row that names it commits, and is removed
 * only after the last such row is gone; so a crash can leave a file without a row, never a row without a file.
 * Names are hashes of the content: nothing a client chose ever becomes a path.
 */
import { createHash } from "node:crypto"
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs"
import { opendir } from "node:fs/promises"
import path from "node:path"
import { diskFault, systemCode } from "./storage-error.ts"
import type { Reader, Tx } from "./tx.ts"

/** A file younger than this may belong to a write that has not committed yet. */
const COLLECT_AFTER_MS = 60 * 60 * 1000

export interface Blobs {
  /**
   * Writes a body and returns its name. `named` is the name that the row has now: its file is there already. Any other
   * file is written anew even when it exists, because it may be an orphan about to be collected.
   * @throws fault `storage`
   */
  put(body: string, named: string | null): string
  /** The body, or undefined when its file is missing or cannot be read. */
  read(name: string): string | undefined
  /** After the commit, removes the files that no row names any more. */
  drop(tx: Tx, names: readonly string[]): void
  /** Removes what crashes left behind. @param now milliseconds since the epoch @returns how many files were removed */
  collect(now: number): Promise<number>
  /** What `collect` would remove. */
  orphans(now: number): Promise<{ file: string; bytes: number }[]>
}

export function createBlobs(folder: string, reader: Reader): Blobs {
  /** 256 folders, because some file systems and tools are slow with a hundred thousand files in one. */
  const place = (name: string) => path.join(folder, name.slice(0, 2), name)
  const isNamed = (name: string) => reader.get("SELECT 1 FROM part WHERE blob = ?", name) !== undefined

  return {
    put(body, named) {
      const name = createHash("sha256").update(body).digest("hex")
      const file = place(name)
      try {
        if (name !== named || !statSync(file, { throwIfNoEntry: false })) writeWhole(file, body)
      } catch (error) {
        throw diskFault(error, `Writing ${file}`)
      }
      return name
    },

    read(name) {
      const file = place(name)
      try {
        return readFileSync(file, "utf8")
      } catch (error) {
        if (systemCode(error) === undefined) throw error
        return undefined
      }
    },

    drop(tx, names) {
      if (names.length === 0) return
      tx.afterCommit(() => {
        for (const name of names) if (!isNamed(name)) removeQuietly(place(name))
      })
    },

    async collect(now) {
      let removed = 0
      for await (const file of filesBelow(folder)) {
        // All at once: a write of this process must not name the file between the question and the removal.
        const age = now - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? now)
        if (age < COLLECT_AFTER_MS || isNamed(path.basename(file))) continue
        removeQuietly(file)
        removed++
      }
      return removed
    },

    async orphans(now) {
      const found: { file: string; bytes: number }[] = []
      for await (const file of filesBelow(folder)) {
        const at = statSync(file, { throwIfNoEntry: false })
        if (!at || now - at.mtimeMs < COLLECT_AFTER_MS || isNamed(path.basename(file))) continue
        found.push({ file, bytes: at.size })
      }
      return found
    },
  }
}

function writeWhole(file: string, body: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const unfinished = `${file}.${process.pid}.tmp`
  rmSync(unfinished, { force: true })
  try {
    writeToDisk(unfinished, Buffer.from(body))
    renameSync(unfinished, file)
  } catch (error) {
    // Most likely the disk is full, and half a file would keep it so.
    removeQuietly(unfinished)
    throw error
  }
}

function writeToDisk(file: string, bytes: Buffer): void {
  const fd = openSync(file, "wx", 0o600)
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** No row needs it any more; a file that cannot be removed now is left for the next collection. */
function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true })
  } catch (error) {
    if (systemCode(error) === undefined) throw error
  }
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  let entries
  try {
    entries = await opendir(folder, { recursive: true })
  } catch (error) {
    // Nothing was ever stored.
    if (systemCode(error) === "ENOENT") return
    throw error
  }
  for await (const entry of entries) if (entry.isFile()) yield path.join(entry.parentPath, entry.name)
}
