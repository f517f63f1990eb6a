import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  type Stats,
} from "node:fs"
import { mayBeOdd, pathBytes, pathText } from "./odd-path.ts"

/**
 * What the system says of one path, at once and whatever bytes its name is made of. Nothing here throws for what a path
 * is: files come, go and are replaced while they are looked at.
 */

/** Undefined when there is nothing; `unknown` when that cannot be told. */
export function statOf(path: string): Stats | "unknown" | undefined {
  try {
    return lstatSync(pathBytes(path), { throwIfNoEntry: false })
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    if (syscall === undefined) throw error
    // A folder above it has become a file.
    return code === "ENOTDIR" ? undefined : "unknown"
  }
}

export function linkTarget(path: string): string | undefined {
  try {
    return pathText(readlinkSync(pathBytes(path), { encoding: "buffer" }))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return undefined
  }
}

/** Undefined when it may not be read. Pipes and devices are left out. */
export function namesIn(path: string): Map<string, "file" | "folder"> | undefined {
  const found = new Map<string, "file" | "folder">()
  try {
    const entries = readdirSync(pathBytes(path), { withFileTypes: true })
    if (!entries.some(({ name }) => mayBeOdd(name))) {
      for (const entry of entries) add(found, entry.name, entry)
      return found
    }
    for (const entry of readdirSync(pathBytes(path), { withFileTypes: true, encoding: "buffer" })) {
      add(found, pathText(entry.name as unknown as Buffer), entry)
    }
    return found
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return undefined
  }
}

interface Kinds {
  isDirectory(): boolean
  isFile(): boolean
  isSymbolicLink(): boolean
}

function add(found: Map<string, "file" | "folder">, name: string, entry: Kinds): void {
  if (entry.isDirectory()) found.set(name, "folder")
  else if (entry.isFile() || entry.isSymbolicLink()) found.set(name, "file")
}

/** Undefined when it cannot be read, or is no longer of that size. */
export function readFile(path: string, size: number): Buffer | undefined {
  let fd: number
  try {
    fd = openSync(pathBytes(path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return undefined
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile() || stat.size !== size) return undefined
    const bytes = Buffer.allocUnsafe(size)
    let done = 0
    while (done < size) {
      const count = readSync(fd, bytes, done, size - done, done)
      if (count === 0) return undefined
      done += count
    }
    return bytes
  } finally {
    closeSync(fd)
  }
}
