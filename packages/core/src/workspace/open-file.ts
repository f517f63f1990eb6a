import { constants } from "node:fs"
import { open, type FileHandle } from "node:fs/promises"
import { toolFailure } from "../lib/fault.ts"
import { elsewhere, isInItsPlace } from "./held-folder.ts"

/**
 * Opens a regular file for reading, and nothing else. The path must be a resolved one: a link in its place or above it
 * means that it was exchanged after it was asked about. Without O_NONBLOCK a FIFO would hold the open for ever.
 */
export async function openRegular(path: string): Promise<FileHandle & AsyncDisposable> {
  let handle: FileHandle
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    throw toolFailure(sentence(path, error), { code: (error as NodeJS.ErrnoException).code })
  }
  const stat = await handle.stat()
  if (stat.isFile()) {
    if (await isInItsPlace(handle, path)) return handle
    await handle.close()
    throw elsewhere(path)
  }
  await handle.close()
  throw toolFailure(stat.isDirectory() ? `${path} is a directory, not a file.` : `${path} is not a regular file.`)
}

/** One sentence for the errors of the file system that people and models can do something about. */
export function sentence(path: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  switch (code) {
    case "ENOENT":
      return `File not found: ${path}`
    case "ENOTDIR":
      return `A part of the path ${path} is a file, not a directory.`
    case "EACCES":
    case "EPERM":
      return `No permission to access ${path}.`
    case "ELOOP":
      return `${path} was replaced by a symbolic link.`
    case "EROFS":
      return `${path} is on a read-only file system.`
    case "ENOSPC":
    case "EDQUOT":
      return `There is no space left to write ${path}.`
    case "EISDIR":
      return `${path} is a directory, not a file.`
    case "ENXIO":
      return `${path} is not a regular file.`
    case "ENAMETOOLONG":
      return "The path is too long."
    default:
      return `${path} cannot be accessed: ${message}`
  }
}
