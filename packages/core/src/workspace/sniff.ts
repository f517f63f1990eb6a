/** Enough to recognise every format below, and to tell text from data. */
export const SNIFF_BYTES = 8 * 1024
/** Text has almost no control characters; old terminal recordings have a few. */
const MAX_CONTROL_SHARE = 0.3

/** Decides on the first bytes of a file. */
export function isBinary(bytes: Uint8Array): boolean {
  const sample = bytes.subarray(0, SNIFF_BYTES)
  let control = 0
  for (const byte of sample) {
    if (byte === 0) return true
    // Backspace to carriage return, and escape, appear in text.
    if (byte < 8 || (byte > 13 && byte < 32 && byte !== 27)) control += 1
  }
  return control > sample.length * MAX_CONTROL_SHARE
}

/** How each format begins, in Latin-1. The last four are no model's, and are converted where they can be. */
const BEGINNINGS: readonly (readonly [mime: string, beginning: RegExp])[] = [
  ["image/png", /^\x89PNG\r\n\x1a\n/],
  ["image/jpeg", /^\xff\xd8\xff/],
  ["image/gif", /^GIF8[79]a/],
  ["image/webp", /^RIFF[\s\S]{4}WEBP/],
  ["application/pdf", /^%PDF-/],
  ["image/bmp", /^BM[\s\S]{4}\0{4}/],
  ["image/tiff", /^(?:II\*\0|MM\0\*)/],
  ["image/avif", /^[\s\S]{4}ftypavi[fs]/],
  ["image/heic", /^[\s\S]{4}ftyp(?:hei[cxms]|hev[cx]|mif1|msf1)/],
]

/** The formats a model can be shown, told by their content: names lie. */
export function sniffMime(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 16)).toString("latin1")
  return BEGINNINGS.find(([, beginning]) => beginning.test(start))?.[0]
}
