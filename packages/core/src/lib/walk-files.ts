import { lstat, readdir, rmdir } from "node:fs/promises"
import { join } from "node:path"

export interface FoundFile {
  path: string
  /** To where the walk began, with `/`; the name itself when that was a file. */
  relative: string
  /** What the disk has for it, where the system tells. */
  bytes: number
  /** Milliseconds since the epoch. */
  changed: number
}

/** As the system counts `blocks`, whatever the size of those on disk. */
const BLOCK_BYTES = 512

/** Everything below a folder that is no folder, or the file itself. Links are not followed; what is gone is left out. */
export async function* walkFiles(path: string, relative = ""): AsyncGenerator<FoundFile> {
  const found = await lstat(path).catch(gone)
  if (!found) return
  if (!found.isDirectory()) {
    const bytes = found.blocks ? found.blocks * BLOCK_BYTES : found.size
    yield { path, relative: relative || path, bytes, changed: found.mtimeMs }
    return
  }
  for (const name of await namesIn(path)) yield* walkFiles(join(path, name), relative ? `${relative}/${name}` : name)
}

/** None of a folder that is not there or may not be read. */
export async function namesIn(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(gone)) ?? []
}

/** The folders below it that hold nothing; not the folder itself. */
export async function removeEmptyFolders(folder: string): Promise<void> {
  for (const name of await namesIn(folder)) {
    const path = join(folder, name)
    if (!(await lstat(path).catch(gone))?.isDirectory()) continue
    await removeEmptyFolders(path)
    await rmdir(path).catch(gone)
  }
}

function gone(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
}
