import { constants } from "node:fs"
import { lstat, mkdir, open, readlink, realpath, type FileHandle } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { toolFailure } from "../lib/fault.ts"

/**
 * A folder that was looked at may be exchanged for a link to another one before a file in it is opened. Here it is
 * opened first, then looked at, and used by its handle: who exchanges it later exchanges something else.
 */
export interface HeldFolder extends AsyncDisposable {
  /** By which to open, make, rename and remove what is directly in it. Not for showing. */
  at(name: string): string
}

/**
 * @param real canonical
 * @param make what is missing of it
 * @throws the error of the file system; tool failure when the path leads through a link by now
 */
export async function holdFolder(real: string, { make = false } = {}): Promise<HeldFolder> {
  const missing: string[] = []
  let path = real
  let folder = await opened(path)
  for (; folder === undefined; folder = await opened(path)) {
    if (!make || dirname(path) === path) throw await lstatError(path)
    missing.unshift(basename(path))
    path = dirname(path)
  }
  for (const name of missing) {
    await using above: HeldFolder = folder
    await mkdir(above.at(name)).catch(ignoreExisting)
    path = join(path, name)
    const next: HeldFolder | undefined = await opened(path, above.at(name))
    if (next === undefined) throw await lstatError(path)
    folder = next
  }
  return folder
}

/** Undefined when there is nothing. @param by how to reach it, when that is safer than its path */
async function opened(path: string, by = path): Promise<HeldFolder | undefined> {
  let handle: FileHandle
  try {
    handle = await open(by, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT") return undefined
    // One that may be entered and not be listed: its path has to do.
    if (code === "EACCES" && (await realpath(path).catch(() => undefined)) === path) return byPath(path)
    if (code === "ENOTDIR" && (await lstat(path).catch(() => undefined))?.isSymbolicLink()) throw elsewhere(path)
    throw error
  }
  if (!(await isInItsPlace(handle, path))) {
    await handle.close()
    throw elsewhere(path)
  }
  const way = `/proc/self/fd/${handle.fd}`
  const isReachable = (await readlink(way).catch(() => undefined)) !== undefined
  return {
    at: (name) => join(isReachable ? way : path, name),
    [Symbol.asyncDispose]: () => handle.close(),
  }
}

/** Whether what is open is what its path names, and no link leads there. Asked after it was opened, it stays true of it. */
export async function isInItsPlace(handle: FileHandle, path: string): Promise<boolean> {
  const there = await readlink(`/proc/self/fd/${handle.fd}`).catch(() => undefined)
  // Replaced since, as editors do when they save: it was there when it was opened.
  if (there === path || there === `${path} (deleted)`) return true
  // Where the system does not say it, or spells it in another way.
  const [own, now, real] = await Promise.all([
    handle.stat(),
    lstat(path).catch(() => undefined),
    realpath(path).catch(() => undefined),
  ])
  return real === path && now?.ino === own.ino && now.dev === own.dev
}

export const elsewhere = (path: string): Error => toolFailure(`${path} leads somewhere else than before.`)

const byPath = (path: string): HeldFolder => ({
  at: (name) => join(path, name),
  [Symbol.asyncDispose]: async () => {},
})

/** What the system says of a path at which nothing could be opened. */
const lstatError = (path: string): Promise<Error> =>
  lstat(path).then(
    () => elsewhere(path),
    (error: Error) => error,
  )

const ignoreExisting = (error: NodeJS.ErrnoException): void => {
  if (error.code !== "EEXIST") throw error
}
