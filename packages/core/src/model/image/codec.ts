import type { Sharp, SharpOptions } from "sharp"

/**
 * The library that decodes and encodes images. It is optional (native, 20 MB) and loaded with the first image; without
 * it images go as they are, or not at all.
 */
export interface Codec {
  /** Reads every pixel. @throws when one cannot be read */
  verify(bytes: Buffer): Promise<void>
  encode(bytes: Buffer, as: Encoding): Promise<Buffer>
  /** @throws when there is no such image */
  size(bytes: Buffer): Promise<{ width: number; height: number }>
}

export interface Encoding {
  mime: "image/png" | "image/jpeg"
  width: number
  height: number
  /** 1 to 100; for JPEG. */
  quality: number
}

/**
 * A phone's photograph has 48 million. Formats that have to be decoded as a whole take up to eight bytes for each, and
 * one image is worked on at a time.
 */
export const MAX_PIXELS = 50_000_000
/** For one pass over one image. A photograph takes a second. */
const PASS_SECONDS = 20

/** Formats by content alone, and no others: what reads SVG, PDF or a script is never reached. */
const LOADERS = ["Png", "Jpeg", "Webp", "Nsgif", "Heif", "Tiff"].map((name) => `VipsForeignLoad${name}`)

/** Undefined when the library is not installed for this system. */
export async function loadCodec(): Promise<Codec | undefined> {
  const sharp = await import("sharp").then(
    (loaded) => loaded.default,
    () => undefined, // an optional dependency that npm could not install here
  )
  if (!sharp) return undefined
  sharp.cache(false)
  sharp.concurrency(1)
  sharp.block({ operation: ["VipsForeignLoad"] })
  sharp.unblock({ operation: LOADERS })
  const open = (bytes: Buffer, failOn: NonNullable<SharpOptions["failOn"]>): Sharp =>
    sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn, sequentialRead: true }).timeout({ seconds: PASS_SECONDS })
  return {
    async verify(bytes) {
      await open(bytes, "warning")
        .resize(1, 1, { fit: "fill", kernel: "nearest", fastShrinkOnLoad: false })
        .raw()
        .toBuffer()
    },
    async size(bytes) {
      const { autoOrient } = await open(bytes, "none").metadata()
      return autoOrient
    },
    encode(bytes, { mime, width, height, quality }) {
      const image = open(bytes, "none").autoOrient().resize(width, height, { fit: "fill" })
      return mime === "image/png"
        ? image.png({ compressionLevel: 9 }).toBuffer()
        : image.flatten({ background: "#ffffff" }).jpeg({ quality }).toBuffer()
    },
  }
}
