import { isUtf8 } from "node:buffer"
import { toolFailure } from "../lib/fault.ts"

/**
 * The bytes of a text file as text, and back, so that what is not edited keeps its bytes. A file in another encoding
 * than UTF-8 can be edited where both texts are ASCII: its other bytes pass through untouched.
 */
export interface TextFile {
  /** Without the byte order mark. */
  text: string
  encode(text: string): Buffer
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf])

export const hasBom = (bytes: Uint8Array): boolean => BOM.equals(bytes.subarray(0, 3))

export const withBom = (bytes: Uint8Array): Buffer => Buffer.concat([BOM, bytes])

/** @throws tool failure when the bytes are not text, or would not survive the edit */
export function decodeText(path: string, bytes: Buffer, edited: readonly string[]): TextFile {
  const wide = decodeUtf16(bytes)
  if (wide) return wide
  if (bytes.includes(0)) throw toolFailure(`${path} is a binary file.`)
  if (isUtf8(bytes)) {
    const marked = hasBom(bytes)
    const text = bytes.toString("utf8", marked ? BOM.length : 0)
    return { text, encode: (changed) => (marked ? withBom(Buffer.from(changed)) : Buffer.from(changed)) }
  }
  if (!edited.every(isAscii)) {
    throw toolFailure(
      `${path} is not UTF-8: only ASCII text in it can be replaced without damage. Quote only such text.`,
    )
  }
  return { text: bytes.toString("latin1"), encode: (changed) => Buffer.from(changed, "latin1") }
}

/** By its mark; without one it cannot be told from data. The four bytes of a UTF-32 mark begin with the same two. */
export const isUtf16 = (bytes: Uint8Array): boolean =>
  (bytes[0] === 0xff && bytes[1] === 0xfe && !(bytes[2] === 0 && bytes[3] === 0)) ||
  (bytes[0] === 0xfe && bytes[1] === 0xff)

/** Undefined when it is something else, or half a character is missing. What is no character passes through. */
export function decodeUtf16(bytes: Buffer): TextFile | undefined {
  if (!isUtf16(bytes) || bytes.length % 2 !== 0) return undefined
  const isBigEndian = bytes[0] === 0xfe
  const inOrder = (some: Buffer) => (isBigEndian ? Buffer.from(some).swap16() : some)
  const mark = "\uFEFF"
  return {
    text: inOrder(bytes).toString("utf16le").slice(mark.length),
    encode: (changed) => inOrder(Buffer.from(mark + changed, "utf16le")),
  }
}

const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text)
