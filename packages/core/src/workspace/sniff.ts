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

/** What stands where at the beginning of each format, in Latin-1. Models read the first five; others are converted. */
const BEGINNINGS: readonly (readonly [mime: string, ...pieces: (readonly [at: number, text: string])[]])[] = [
  ["image/png", [0, "\x89PNG\r\n\x1a\n"]],
  ["image/jpeg", [0, "\xff\xd8\xff"]],
  ["image/gif", [0, "GIF87a"]],
  ["image/gif", [0, "GIF89a"]],
  ["image/webp", [0, "RIFF"], [8, "WEBP"]],
  ["application/pdf", [0, "%PDF-"]],
  ["image/bmp", [0, "BM"], [6, "\0\0\0\0"]],
  ["image/tiff", [0, "II*\0"]],
  ["image/tiff", [0, "MM\0*"]],
  ["image/avif", [4, "ftypavif"]],
  ["image/avif", [4, "ftypavis"]],
  ["image/heic", [4, "ftyphei"]],
  ["image/heic", [4, "ftyphev"]],
  ["image/heic", [4, "ftypmif1"]],
  ["image/heic", [4, "ftypmsf1"]],
]

/** The formats a model can be shown, or that can be made one of them, told by their content: names lie. */
export function sniffMime(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 16)).toString("latin1")
  return BEGINNINGS.find(([, ...pieces]) => pieces.every(([at, text]) => start.startsWith(text, at)))?.[0]
}
