import { createHash } from "node:crypto"
import { toolFailure } from "../lib/fault.ts"
import { openRegular } from "./open-file.ts"

/** Reading and writing files by their resolved path (`FileRef.real`), always with a limit. */
export { listDirectory, nearNames, type DirectoryEntry } from "./directory.ts"
export { isBinary, sniffMime } from "./sniff.ts"
export { readTextPage, type TextPage, type TextPageOptions } from "./text-page.ts"
export { removeResolved, writeFileAtomic, writeResolved } from "./write-file.ts"

export interface Fingerprint {
  size: number
  mtimeMs: number
  /** SHA-256 of the content, in hex; of a large file its time. */
  hash: string
}

const CHUNK_BYTES = 256 * 1024

/** The whole file. @throws tool failure when it is missing, not a regular file, or larger than `maxBytes` */
export async function readAllBytes(path: string, maxBytes: number): Promise<Buffer> {
  await using file = await openRegular(path)
  const tooLarge = () => toolFailure(`${path} is larger than ${maxBytes} bytes.`)
  const { size } = await file.stat()
  if (size > maxBytes) throw tooLarge()
  // One byte more than expected shows whether it grew meanwhile; the loop serves files that report no size.
  const parts: Buffer[] = []
  let total = 0
  for (;;) {
    const part = Buffer.allocUnsafe(Math.min(Math.max(size - total, 0) + 1, CHUNK_BYTES))
    const { bytesRead } = await file.read(part, 0, part.length, total)
    if (bytesRead === 0) return Buffer.concat(parts)
    total += bytesRead
    if (total > maxBytes) throw tooLarge()
    parts.push(part.subarray(0, bytesRead))
  }
}

/** Hashing more would cost seconds on each read of a large file; its size and time have to do. */
const MAX_HASHED_BYTES = 32 * 1024 * 1024

/** As much as tells images and encodings. */
const START_BYTES = 16

/** What a file was like, to tell later whether someone changed it since. Compare with `isSameContent`. */
export const fingerprint = async (path: string): Promise<Fingerprint> => (await lookAtFile(path)).fingerprint

/** What a file is like and how it begins. Take it before reading, so that a change in between is noticed. */
export async function lookAtFile(path: string): Promise<{ fingerprint: Fingerprint; start: Buffer }> {
  await using file = await openRegular(path)
  const { size, mtimeMs } = await file.stat()
  const isHashed = size <= MAX_HASHED_BYTES
  const chunk = Buffer.allocUnsafe(isHashed ? Math.min(size + 1, CHUNK_BYTES) : START_BYTES)
  const hash = createHash("sha256")
  const start = Buffer.alloc(START_BYTES)
  let at = 0
  do {
    const { bytesRead } = await file.read(chunk, 0, chunk.length, at)
    if (bytesRead === 0) break
    if (at < START_BYTES) chunk.copy(start, at, 0, bytesRead)
    hash.update(chunk.subarray(0, bytesRead))
    at += bytesRead
  } while (isHashed)
  return {
    fingerprint: { size, mtimeMs, hash: isHashed ? hash.digest("hex") : `time:${mtimeMs}` },
    start: start.subarray(0, at),
  }
}

/** A file that was only touched, or checked out again, is the same. */
export const isSameContent = (a: Fingerprint, b: Fingerprint): boolean => a.size === b.size && a.hash === b.hash
