import { randomBytes } from "node:crypto"
import { constants, type Stats } from "node:fs"
import { access, lstat, mkdir, open, rename, rm, type FileHandle } from "node:fs/promises"
import { dirname, join } from "node:path"
import { toolFailure } from "../lib/fault.ts"
import { canonicalPath } from "./canonical.ts"
import { sentence } from "./open-file.ts"

/**
 * Replaces a file as a whole: readers see the old bytes or the new ones, and a crash leaves one of the two. A symbolic
 * link is written through to its target. An existing file keeps its mode and, where allowed, its owner; a read-only
 * file is refused, although a rename would not ask.
 */
export async function writeFileAtomic(
  path: string,
  bytes: string | Uint8Array,
  options: { mode?: number } = {},
): Promise<{ created: boolean }> {
  const target = await canonicalPath(path)
  try {
    const existing = await existingFile(target)
    await mkdir(dirname(target), { recursive: true })
    await replace(target, bytes, existing, options.mode)
    return { created: existing === undefined }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw toolFailure(sentence(path, error), { code: (error as NodeJS.ErrnoException).code })
  }
}

async function existingFile(path: string): Promise<Stats | undefined> {
  const stat = await lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw error
  })
  if (!stat) return undefined
  if (stat.isDirectory()) throw toolFailure(`${path} is a directory, not a file.`)
  if (!stat.isFile()) throw toolFailure(`${path} is not a regular file.`)
  await access(path, constants.W_OK)
  return stat
}

async function replace(target: string, bytes: string | Uint8Array, existing: Stats | undefined, mode?: number) {
  // A short name of its own: the target's name may already be as long as the file system allows.
  const temporary = join(dirname(target), `.opencode-${randomBytes(6).toString("hex")}.tmp`)
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
