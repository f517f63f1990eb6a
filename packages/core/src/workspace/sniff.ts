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

const MAGIC: readonly (readonly [mime: string, at: number, ascii: string])[] = [
  ["image/png", 0, "\x89PNG\r\n\x1a\n"],
  ["image/jpeg", 0, "\xff\xd8\xff"],
  ["image/gif", 0, "GIF87a"],
  ["image/gif", 0, "GIF89a"],
  ["image/webp", 8, "WEBP"],
  ["application/pdf", 0, "%PDF-"],
]

/** The formats a model can be shown, told by their content: names lie. */
export function sniffMime(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 16)).toString("latin1")
  const found = MAGIC.find(([, at, ascii]) => start.startsWith(ascii, at))?.[0]
  return found === "image/webp" && !start.startsWith("RIFF") ? undefined : found
}
