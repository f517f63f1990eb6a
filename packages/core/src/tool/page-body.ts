import type { IncomingMessage } from "node:http"
import type { Transform } from "node:stream"
import { toolFailure } from "../lib/fault.ts"

/**
 * A body, unpacked, up to a limit that is counted while it streams: what comes out of the unpacker counts, so a small
 * body that unpacks to a huge one ends at the limit as well.
 * @throws tool failure when it is larger, or packed in a way nobody asked for
 */
export async function readBody(message: IncomingMessage, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const tooLarge = () => toolFailure(`The page is larger than ${maxBytes / 1024 / 1024} MB, and was not taken.`)
  if (Number(message.headers["content-length"] ?? 0) > maxBytes) throw tooLarge()
  const unpack = await unpacker(message.headers["content-encoding"])
  const { pipeline } = await import("node:stream/promises")
  const parts: Buffer[] = []
  let total = 0
  const isTooLarge = () => total > maxBytes
  const collect = async (pieces: AsyncIterable<Buffer>) => {
    for await (const piece of pieces) {
      total += piece.length
      if (isTooLarge()) throw tooLarge()
      parts.push(piece)
    }
  }
  try {
    await (unpack ? pipeline(message, unpack, collect, { signal }) : pipeline(message, collect, { signal }))
  } catch (error) {
    // The pipeline may tell how the streams ended instead of why.
    throw isTooLarge() ? tooLarge() : error
  }
  return Buffer.concat(parts)
}

async function unpacker(encoding = "identity"): Promise<Transform | undefined> {
  const name = encoding.trim().toLowerCase()
  if (name === "" || name === "identity") return undefined
  const { createBrotliDecompress, createGunzip, createInflate } = await import("node:zlib")
  if (name === "gzip" || name === "x-gzip") return createGunzip()
  if (name === "deflate") return createInflate()
  if (name === "br") return createBrotliDecompress()
  throw toolFailure(`The page is packed as ${JSON.stringify(encoding)}, which was not asked for.`)
}
