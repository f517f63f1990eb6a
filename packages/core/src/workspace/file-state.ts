import { constants, type Stats } from "node:fs"
import { lstat, mkdir, open, readdir, readlink, rename, rm, rmdir, symlink } from "node:fs/promises"
import { dirname } from "node:path"
import type { FileState } from "../store/change-store.ts"
import { hashOfBytes } from "../store/contents.ts"
import { pathBytes, pathText } from "./odd-path.ts"
import { keepOwner } from "./write-file.ts"

/**
 * What is at a path, and making it so. Nothing here follows a link: the path names the thing itself, and the folders
 * above it must be what they say.
 */
export interface Found {
  state: FileState
  /** Of a file whose bytes were read. */
  bytes?: Buffer
  /** A folder stands there; the journal counts it as absent, but nothing can be written in its place. */
  isFolder?: true
  /** Of anything there. */
  stat?: Stats
}

/** Source files are far smaller; larger ones are data, of which two copies for each change would fill the disk. */
export const MAX_KEPT_BYTES = 10 * 1024 * 1024

const PERMISSIONS = 0o7777

/** What is there now, with its bytes; nothing below a link, which leads to somewhere else. Special files (pipes, devices) and what cannot be read are `unknown`. */
export async function findState(path: string): Promise<Found> {
  if (!(await isInPlace(path))) return { state: { kind: "absent" } }
  let stat: Stats
  try {
    stat = await lstat(pathBytes(path))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { state: { kind: code === "ENOENT" || code === "ENOTDIR" ? "absent" : "unknown" } }
  }
  if (stat.isDirectory()) return { state: { kind: "absent" }, isFolder: true, stat }
  if (stat.isSymbolicLink()) return { state: { kind: "link", target: await linkTarget(path) }, stat }
  if (!stat.isFile()) return { state: { kind: "unknown" }, stat }
  const mode = stat.mode & PERMISSIONS
  const bytes = stat.size > MAX_KEPT_BYTES ? undefined : await readQuietly(path)
  if (!bytes) return { state: { kind: "file", mode, size: stat.size }, stat }
  return { state: { kind: "file", mode, size: bytes.length, hash: hashOfBytes(bytes) }, bytes, stat }
}

/** Certain: what was not looked at is equal to nothing. */
export function isSameState(a: FileState, b: FileState): boolean {
  if (a.kind === "file" && b.kind === "file")
    return a.mode === b.mode && a.size === b.size && a.hash !== undefined && a.hash === b.hash
  if (a.kind === "link" && b.kind === "link") return a.target === b.target
  return a.kind === "absent" && b.kind === "absent"
}

/** Whether nobody put a link in the place of one of the folders above it: then the path would lead somewhere else. */
export async function isInPlace(path: string): Promise<boolean> {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const found = await lstat(pathBytes(folder)).catch(() => undefined)
    if (found?.isSymbolicLink()) return false
  }
  return true
}

/** How many of the folders above a path there are not. */
export async function missingFolders(path: string): Promise<number> {
  let count = 0
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const found = await lstat(pathBytes(folder)).catch(() => undefined)
    if (found) return count
    count++
  }
  return count
}

/**
 * Makes a path what it was, at once or not at all.
 * @param bytes those of a file
 * @throws the error of the file system
 */
export async function putState(path: string, state: FileState, bytes: Uint8Array = Buffer.alloc(0)): Promise<void> {
  if (state.kind === "absent") return await rm(pathBytes(path), { force: true })
  if (state.kind === "unknown") throw new Error("What is not known cannot be restored.")
  await mkdir(pathBytes(dirname(path)), { recursive: true })
  const temporary = pathBytes(temporaryOf(path))
  await rm(temporary, { force: true })
  try {
    if (state.kind === "link") await symlink(pathBytes(state.target), temporary)
    else
      await writeFile(temporary, bytes, { mode: state.mode, like: await lstat(pathBytes(path)).catch(() => undefined) })
    await rename(temporary, pathBytes(path))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** A name that says whose it is, so that what a crash left behind can be found, and nothing else has it. */
const temporaryOf = (path: string): string =>
  `${dirname(path)}/.opencode-${hashOfBytes(Buffer.from(JSON.stringify(path))).slice(0, 12)}.tmp`

/** Takes away what a crash in the middle of `putState` left beside a path, where it can. */
export async function removeLeftover(path: string): Promise<void> {
  try {
    await rm(pathBytes(temporaryOf(path)), { force: true })
  } catch (error) {
    // The folder is a file by now, or nobody may write in it: then there is nothing of ours, or nothing to be done.
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
  }
}

/** Takes away a folder with nothing in it but such folders: the journal does not know of them. @throws ENOTDIR for a file */
export async function removeEmptyFolder(path: string): Promise<void> {
  for (const name of await readdir(pathBytes(path), { encoding: "buffer" })) {
    await removeEmptyFolder(`${path}/${pathText(name)}`)
  }
  await rmdir(pathBytes(path))
}

/** Takes away the folders that a change made for its file, as far as nothing else is in them. */
export async function removeFolders(path: string, count: number): Promise<void> {
  let folder = dirname(path)
  for (let left = count; left > 0; left--, folder = dirname(folder)) {
    try {
      await rmdir(pathBytes(folder))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === "ENOENT") continue
      return // something of somebody else's is in it
    }
  }
}

async function writeFile(
  path: string | Buffer,
  bytes: Uint8Array,
  { mode, like }: { mode: number; like?: Stats | undefined },
) {
  const handle = await open(path, "wx", 0o600)
  try {
    await handle.writeFile(bytes)
    if (like?.isFile()) await keepOwner(handle, like)
    await handle.chmod(mode)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Undefined when it cannot be read, or is no longer a file of that size. */
async function readQuietly(path: string): Promise<Buffer | undefined> {
  try {
    const handle = await open(pathBytes(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    try {
      const stat = await handle.stat()
      return stat.isFile() && stat.size <= MAX_KEPT_BYTES ? await handle.readFile() : undefined
    } finally {
      await handle.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return undefined
  }
}

async function linkTarget(path: string): Promise<string> {
  return pathText(await readlink(pathBytes(path), { encoding: "buffer" }))
}
