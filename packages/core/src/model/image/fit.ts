import type { Config } from "@opencode/protocol/config.ts"
import { loadCodec, MAX_PIXELS, type Codec } from "./codec.ts"
import { imageHeader, type ImageHeader } from "./header.ts"

/**
 * Makes images what providers take, once, when they come: in a format that all of them read, still, whole, and no
 * larger than configured. What cannot be made so is left out with a reason. An image that a provider refuses would
 * otherwise make every later request of its session fail.
 */
export interface Images {
  /** Never throws for the image's sake. */
  fit(bytes: Buffer): Promise<FittedImage>
}

export type FittedImage =
  | { bytes: Buffer; mime: string }
  /** The end of a sentence. */
  | { why: string }

interface Limits {
  autoResize: boolean
  width: number
  height: number
  /** Characters of base64. */
  base64: number
}

/** Anthropic takes no larger ones in a request with more than 20, and shows its models less than this. */
const DEFAULT_EDGE = 2_000
/** Anthropic's limit of 5 MB is the lowest of the known ones. */
const DEFAULT_BASE64 = 5_000_000
/** What a prompt can bring, and the largest picture that is worth opening. */
export const MAX_SOURCE_BYTES = 32 * 1024 * 1024

export function createImages(config: Config["attachment"], load: () => Promise<Codec | undefined> = loadCodec): Images {
  const { auto_resize = true, max_width, max_height, max_base64_bytes } = config?.image ?? {}
  const limits: Limits = {
    autoResize: auto_resize,
    width: max_width ?? DEFAULT_EDGE,
    height: max_height ?? DEFAULT_EDGE,
    base64: max_base64_bytes ?? DEFAULT_BASE64,
  }
  let last: Promise<unknown> = Promise.resolve()
  return {
    async fit(bytes) {
      const header = imageHeader(bytes)
      const refusal = refusalOf(bytes, header)
      if (refusal !== undefined || !header) return { why: refusal ?? NO_FORMAT }
      // One at a time: memory is that of one picture, however many come at once.
      const fitting = last.then(async () => fitted(bytes, header, limits, await load()))
      last = fitting.catch(() => {}) // whoever waits for that one hears of it
      return fitting
    },
  }
}

const NO_FORMAT = "it is in no format that is known"

function refusalOf(bytes: Buffer, header: ImageHeader | undefined): string | undefined {
  if (bytes.length > MAX_SOURCE_BYTES)
    return `it has ${bytes.length} bytes, and at most ${MAX_SOURCE_BYTES} can be taken`
  if (!header) return NO_FORMAT
  const { width, height } = header
  if (width === 0 || height === 0) return "it is damaged"
  if ((width ?? 1) * (height ?? 1) > MAX_PIXELS)
    return `it has ${width} x ${height} pixels, and at most ${MAX_PIXELS / 1_000_000} million can be taken`
  return undefined
}

/** Formats that every provider reads. */
const READ_BY_ALL: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/webp"])

async function fitted(
  bytes: Buffer,
  header: ImageHeader,
  limits: Limits,
  codec: Codec | undefined,
): Promise<FittedImage> {
  const { mime, isAnimated = false } = header
  const fits = isWithin(header, bytes, limits) || (!limits.autoResize && header.width !== undefined)
  const mayStay = READ_BY_ALL.has(mime) && !isAnimated && fits
  if (!codec) return mayStay || mime === "image/gif" ? { bytes, mime } : { why: NO_CODEC }
  try {
    if (mayStay && (await isWhole(bytes, codec))) return { bytes, mime }
    return await converted(bytes, mime, limits, codec)
  } catch (error) {
    return { why: `it cannot be read: ${firstLine(error)}` }
  }
}

const NO_CODEC =
  "it would have to be converted or made smaller, and the library for that (sharp) is not installed on this system"

const isWithin = ({ width, height }: ImageHeader, bytes: Buffer, limits: Limits): boolean =>
  width !== undefined &&
  height !== undefined &&
  width <= limits.width &&
  height <= limits.height &&
  base64Length(bytes) <= limits.base64

const base64Length = ({ length }: Buffer): number => Math.ceil(length / 3) * 4

async function isWhole(bytes: Buffer, codec: Codec): Promise<boolean> {
  return codec.verify(bytes).then(
    () => true,
    () => false, // it may still be read in part, and then is made anew
  )
}

/** What is tried until the result is small enough: sharp first, then coarse, then smaller. */
const QUALITIES = [85, 65, 45]
const SHRINK = 0.7
/** Below this there is nothing to see. */
const MIN_EDGE = 16

async function converted(bytes: Buffer, mime: string, limits: Limits, codec: Codec): Promise<FittedImage> {
  const size = await codec.size(bytes)
  const scale = limits.autoResize ? Math.min(1, limits.width / size.width, limits.height / size.height) : 1
  const isPhoto = mime === "image/jpeg" || mime === "image/heic" || mime === "image/avif"
  for (let factor = scale, first = true; ; factor *= SHRINK, first = false) {
    const edge = (length: number): number => Math.max(1, Math.floor(length * factor))
    const width = edge(size.width)
    const height = edge(size.height)
    if (!first && Math.max(width, height) < MIN_EDGE) return { why: "it cannot be made small enough" }
    // Letters and lines stay sharp as PNG; a photograph would only grow.
    const attempts = [
      ...(isPhoto ? [] : [{ mime: "image/png" as const, quality: 100 }]),
      ...QUALITIES.map((quality) => ({ mime: "image/jpeg" as const, quality })),
    ]
    for (const attempt of attempts) {
      const made = await codec.encode(bytes, { ...attempt, width, height })
      if (base64Length(made) <= limits.base64 || !limits.autoResize) return { bytes: made, mime: attempt.mime }
    }
  }
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]?.slice(0, 200) ?? ""
