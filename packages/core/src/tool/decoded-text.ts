import { toolFailure } from "../lib/fault.ts"
import { readAllBytes, type TextPage } from "../workspace/files.ts"
import type { FileRef } from "../workspace/paths.ts"
import { MAX_CHANGED_BYTES } from "./file-change.ts"
import { notebookText } from "./notebook.ts"
import { decodeUtf16, isUtf16 } from "./text-file.ts"

/**
 * Text that is not in the file as it is shown: UTF-16, and notebooks, which are shown as their cells. It has to be read
 * as a whole, so there is a limit. Undefined for everything else, which is read as a stream.
 */
export async function decodedText(file: FileRef, start: Buffer): Promise<string | undefined> {
  const isNotebook = file.real.toLowerCase().endsWith(".ipynb")
  if (!isNotebook && !isUtf16(start)) return undefined
  const bytes = await readAllBytes(file.real, MAX_CHANGED_BYTES)
  const text = isUtf16(bytes) ? decodeUtf16(bytes)?.text : bytes.toString()
  if (text === undefined) throw toolFailure(`Cannot read binary file: ${file.absolute}`)
  // A notebook that is none is shown as the text that it is.
  return isNotebook ? (notebookText(text) ?? text) : text
}

interface PageOptions {
  offset: number
  limit: number
  maxBytes: number
  maxLineLength: number
}

/** The same as `readTextPage` gives, of a text in memory. @throws tool failure when it is shorter than `offset` */
export function pageOf(path: string, text: string, { offset, limit, maxBytes, maxLineLength }: PageOptions): TextPage {
  const all = text.replace(/\r?\n$/, "").split(/\r?\n/)
  const totalLines = text === "" ? 0 : all.length
  if (offset > Math.max(1, totalLines))
    throw toolFailure(`Line ${offset} is out of range: ${path} has ${totalLines} lines.`)
  const lines: string[] = []
  let bytes = 0
  let shortened = 0
  let cut: TextPage["cut"]
  for (const whole of totalLines === 0 ? [] : all.slice(offset - 1)) {
    const isLong = whole.length > maxLineLength
    const line = isLong ? `${whole.slice(0, maxLineLength)}...` : whole
    bytes += Buffer.byteLength(line) + 1
    if (lines.length >= limit) cut = "lines"
    else if (lines.length > 0 && bytes > maxBytes) cut = "bytes"
    if (cut !== undefined) break
    lines.push(line)
    if (isLong) shortened++
  }
  return { lines, first: offset, more: cut !== undefined, totalLines, shortened, ...(cut && { cut }) }
}
