import { sniffMime } from "../../workspace/sniff.ts"

/**
 * What the first bytes of an image say of it, read without decoding anything: a small file can stand for a picture that
 * fills the memory. Pure and total.
 */
export interface ImageHeader {
  mime: string
  /** In pixels, as stored. Absent where the format says it deep inside, or the file breaks off before. */
  width?: number
  height?: number
  /** More than one picture: some providers refuse it. */
  isAnimated?: boolean
}

/** How far into a JPEG its size is looked for: photographs carry a preview and a map of colours before it. */
export const HEADER_BYTES = 512 * 1024

export function imageHeader(bytes: Buffer): ImageHeader | undefined {
  const mime = sniffMime(bytes)
  if (!mime?.startsWith("image/")) return undefined
  return READERS[mime]?.(bytes) ?? { mime }
}

const READERS: Readonly<Record<string, (bytes: Buffer) => ImageHeader>> = {
  "image/png": png,
  "image/jpeg": jpeg,
  "image/gif": gif,
  "image/webp": webp,
}

function png(bytes: Buffer): ImageHeader {
  const mime = "image/png"
  if (bytes.length < 24) return { mime }
  const isAnimated = bytes.subarray(0, HEADER_BYTES).includes("acTL")
  return { mime, width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20), ...(isAnimated ? { isAnimated } : {}) }
}

/** Whether a GIF moves is said by its last byte: all of them are treated as if they did. */
function gif(bytes: Buffer): ImageHeader {
  const mime = "image/gif"
  if (bytes.length < 10) return { mime }
  return { mime, width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8), isAnimated: true }
}

const MOVES = 0x02

function webp(bytes: Buffer): ImageHeader {
  const mime = "image/webp"
  if (bytes.length < 30) return { mime }
  switch (bytes.toString("latin1", 12, 16)) {
    case "VP8 ":
      return { mime, width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff }
    case "VP8L": {
      const bits = bytes.readUInt32LE(21)
      return { mime, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    case "VP8X": {
      const isAnimated = ((bytes[20] ?? 0) & MOVES) !== 0
      const size = { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 }
      return { mime, ...size, ...(isAnimated ? { isAnimated } : {}) }
    }
    default:
      return { mime }
  }
}

/** Walks over the segments before the picture; one of them has its size. */
function jpeg(bytes: Buffer): ImageHeader {
  const mime = "image/jpeg"
  for (let at = 2; at + 9 < bytes.length && at < HEADER_BYTES;) {
    if (bytes[at] !== 0xff) break
    const marker = bytes[at + 1] ?? 0
    if (marker === 0xff) {
      at += 1 // filling before a marker
      continue
    }
    if (isFrame(marker)) return { mime, height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) }
    at += 2 + bytes.readUInt16BE(at + 2)
  }
  return { mime }
}

/** C0 to CF start a frame, but for three that define tables. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
