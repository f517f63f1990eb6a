/**
 * A copy of a database that another program may be using. Opening the original would make files beside it, and closing
 * it could empty its log into it; so SQLite only ever sees the copy. Invariant: the copy is of one moment.
 */
import { constants } from "node:fs"
import { copyFile, mkdir, rm, stat, statfs } from "node:fs/promises"
import { join } from "node:path"
import { fault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"

/** The log and the journal are part of the database; the index of the log is made again from it. */
const SUFFIXES = ["", "-wal", "-journal"]
/** A program at work writes every second or so, and its log is emptied into the database much less often. */
const TRIES = 10
const RETRY_MS = 300

/**
 * @param folder is made, and holds the copy alone
 * @returns the path of the copy
 * @throws fault `storage` when there is no room, `unavailable` when the original never held still
 */
export async function copyDatabase(file: string, folder: string, host: Pick<Host, "sleep">): Promise<string> {
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const before = await state(file)
    await assertRoom(before, folder)
    const copy = join(folder, "copy.db")
    for (const [index, suffix] of SUFFIXES.entries()) if (before[index]) await copyOne(file + suffix, copy + suffix)
    if (isSame(before, await state(file))) return copy
    await host.sleep(RETRY_MS)
  }
  throw fault("unavailable", `The database ${file} is being written to all the time. End the program that uses it.`, {
    file,
  })
}

/** A file that is gone since it was looked at makes the state another one, and the copy is made again. */
async function copyOne(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw fault("storage", `Copying ${from} failed: ${error.code}.`, { from }, error)
  })
}

interface FileState {
  ino: bigint
  size: bigint
  mtimeNs: bigint
}

const state = (file: string): Promise<(FileState | undefined)[]> =>
  Promise.all(SUFFIXES.map((suffix) => stat(file + suffix, { bigint: true }).catch(() => undefined)))

const isSame = (before: (FileState | undefined)[], after: (FileState | undefined)[]): boolean =>
  before.every((one, index) => {
    const other = after[index]
    return one?.ino === other?.ino && one?.size === other?.size && one?.mtimeNs === other?.mtimeNs
  })

/** Also for what the import stores of it. */
const ROOM_FACTOR = 2n
const MB = 1024n * 1024n

async function assertRoom(files: (FileState | undefined)[], folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder, { bigint: true })
  const needed = files.reduce((sum, file) => sum + (file?.size ?? 0n), 0n) * ROOM_FACTOR
  if (bavail * bsize >= needed) return
  throw fault(
    "storage",
    `An import needs ${needed / MB} MB on the disk of ${folder}, which has ${(bavail * bsize) / MB}.`,
  )
}
