import { constants } from "node:fs"
import { open } from "node:fs/promises"
import { isStandIn } from "../process/stand-in.ts"
import { isBinary } from "../workspace/sniff.ts"

/** Configuration is written by hand; a megabyte of it is a mistake or an attack. */
export const MAX_FILE_BYTES = 1_000_000

export type FileText = { text: string } | { missing: true } | { problem: string }

/** A regular file's text. Does not wait for pipes and devices, and reads no more than the limit. */
export async function readSmallFile(path: string): Promise<FileText> {
  let handle
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = await handle.stat()
    // While a command runs in a sandbox, one stands in the place of a file that there is not.
    if (stat.isDirectory() && isStandIn(stat)) return { missing: true }
    if (!stat.isFile()) return { problem: "it is not a regular file" }
    const { size } = stat
    if (size > MAX_FILE_BYTES) return { problem: `it is larger than ${MAX_FILE_BYTES / 1_000_000} MB` }
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, 0)
    const bytes = buffer.subarray(0, bytesRead)
    if (isBinary(bytes)) return { problem: "it is not text" }
    return { text: bytes.toString("utf8").replace(/^\uFEFF/, "") }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined) throw error
    return code === "ENOENT" || code === "ENOTDIR" ? { missing: true } : { problem: `reading it failed (${code})` }
  } finally {
    await handle?.close()
  }
}
