import { randomBytes } from "node:crypto"
import { constants, type Stats } from "node:fs"
import { access, lstat, open, rename, rm, type FileHandle } from "node:fs/promises"
import { basename, dirname } from "node:path"
import { toolFailure } from "../lib/fault.ts"
import { canonicalPath } from "./canonical.ts"
import { elsewhere, holdFolder } from "./held-folder.ts"
import { sentence } from "./open-file.ts"

interface WriteOptions {
  mode?: number
}

/**
 * Replaces a file as a whole: readers see the old bytes or the new ones, and a crash leaves one of the two. A symbolic
 * link is written through to its target. An existing file keeps its mode and, where allowed, its owner; a read-only
 * file is refused, although a rename would not ask.
 */
export async function writeFileAtomic(
  path: string,
  bytes: string | Uint8Array,
  options: WriteOptions = {},
): Promise<{ created: boolean }> {
  return writeResolved(await canonicalPath(path), bytes, options)
}

/** The same for a path that was resolved before, and asked about: a link that came into the way since is not followed. */
export async function writeResolved(
  real: string,
  bytes: string | Uint8Array,
  { mode }: WriteOptions = {},
): Promise<{ created: boolean }> {
  return told(real, async () => {
    await using folder = await holdFolder(dirname(real), { make: true })
    const target = folder.at(basename(real))
    const existing = await existingFile(target, real)
    // A short name of its own: the target's name may already be as long as the file system allows.
    const temporary = folder.at(`.opencode-${randomBytes(6).toString("hex")}.tmp`)
    await replace({ target, temporary }, bytes, existing, mode)
    return { created: existing === undefined }
  })
}

/** Removes a file by a path that was resolved before. */
export async function removeResolved(real: string): Promise<void> {
  await told(real, async () => {
    await using folder = await holdFolder(dirname(real))
    await rm(folder.at(basename(real)))
  })
}

async function told<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw toolFailure(sentence(path, error), { code: (error as NodeJS.ErrnoException).code })
  }
}

async function existingFile(target: string, path: string): Promise<Stats | undefined> {
  const stat = await lstat(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw error
  })
  if (!stat) return undefined
  if (stat.isSymbolicLink()) throw elsewhere(path)
  if (stat.isDirectory()) throw toolFailure(`${path} is a directory, not a file.`)
  if (!stat.isFile()) throw toolFailure(`${path} is not a regular file.`)
  await access(target, constants.W_OK)
  return stat
}

async function replace(
  { target, temporary }: { target: string; temporary: string },
  bytes: string | Uint8Array,
  existing: Stats | undefined,
  mode?: number,
) {
  try {
    const handle = await open(temporary, "wx", mode ?? 0o666)
    try {
      await handle.writeFile(bytes)
      if (existing) await keepOwner(handle, existing)
      // The mode given to open is reduced by the umask; an explicit one and an existing one are meant exactly.
      const exact = mode ?? (existing ? existing.mode & 0o7777 : undefined)
      if (exact !== undefined) await handle.chmod(exact)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** Root in a container would otherwise take over the user's files. Others may not give files away and need not. */
export async function keepOwner(handle: FileHandle, { uid, gid }: Stats): Promise<void> {
  const own = await handle.stat()
  if (own.uid === uid && own.gid === gid) return
  await handle.chown(uid, gid).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "EPERM") throw error
  })
}
