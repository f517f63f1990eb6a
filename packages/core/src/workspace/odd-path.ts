/**
 * Names of files are bytes, and some are not UTF-8. Such a byte stands in our strings as a lone surrogate (U+DC80 to
 * U+DCFF for 0x80 to 0xFF), which no UTF-8 text contains: the way is reversible, and ordinary names are left alone.
 */

const ODD = /[\udc80-\udcff]/u
/** What Node puts in the place of bytes that it cannot read. */
const REPLACEMENT = "\uFFFD"

/** Whether a name as Node gave it may have lost bytes: ask again for the bytes themselves. */
export const mayBeOdd = (name: string): boolean => name.includes(REPLACEMENT)

/** What to give to the file system. */
export function pathBytes(path: string): string | Buffer {
  if (!ODD.test(path)) return path
  const parts: Buffer[] = []
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code - 0xdc00) : Buffer.from(character))
  }
  return Buffer.concat(parts)
}

/** The string for a name in bytes. */
export function pathText(bytes: Buffer): string {
  const text = bytes.toString()
  if (Buffer.from(text).equals(bytes)) return text
  let found = ""
  for (let at = 0; at < bytes.length;) {
    const width = characterAt(bytes, at)
    if (width > 0) found += bytes.toString("utf8", at, at + width)
    else found += String.fromCharCode(0xdc00 + (bytes[at] ?? 0))
    at += Math.max(width, 1)
  }
  return found
}

/** For people. */
export const shownPath = (path: string): string => path.replace(/[\udc80-\udcff]/gu, REPLACEMENT)

/** How many bytes the character takes that begins here; 0 when none does. */
function characterAt(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0
  const width = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0
  if (width < 2) return width
  const piece = bytes.subarray(at, at + width)
  return piece.length === width && Buffer.from(piece.toString()).equals(piece) ? width : 0
}
