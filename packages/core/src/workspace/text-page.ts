import { toolFailure } from "../lib/fault.ts"
import { openRegular } from "./open-file.ts"
import { isBinary } from "./sniff.ts"

/** Some lines of a text file, read as a stream: neither a huge file nor a huge line is ever held in memory. */
export interface TextPage {
  /** Without line ends; a carriage return before them is dropped as well. */
  lines: string[]
  /** Number of the first line, counted from 1. */
  first: number
  /** There is more after the last line. */
  more: boolean
  /** Known only when the end of the file was reached. */
  totalLines?: number
  /** What ended the page early. */
  cut?: "lines" | "bytes"
  /** How many lines were shortened. */
  shortened: number
}

export interface TextPageOptions {
  /** First line, counted from 1. */
  offset: number
  /** Lines. */
  limit: number
  /** Bytes of all lines together. */
  maxBytes: number
  /** Characters of one line; the rest is replaced by "...". */
  maxLineLength: number
  signal?: AbortSignal | undefined
}

const CHUNK_BYTES = 64 * 1024
/** After the page is full the lines of this much are counted, so that "of 5,000" can be said of common files. */
const COUNT_AHEAD_BYTES = 4 * 1024 * 1024
/** Beyond this a search is the right tool; reading so far takes seconds. */
const MAX_SCAN_BYTES = 1024 * 1024 * 1024
const NEWLINE = 10
/** UTF-8 needs at most three bytes for each UTF-16 unit. */
const BYTES_PER_CHARACTER = 3

/** @throws tool failure when it is missing, not a regular file, binary, or shorter than `offset` */
export async function readTextPage(path: string, options: TextPageOptions): Promise<TextPage> {
  await using file = await openRegular(path)
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES)
  const page = createPage(options)
  let scanned = 0
  let fullAt: number | undefined

  for (;;) {
    options.signal?.throwIfAborted()
    const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, scanned)
    const bytes = chunk.subarray(0, bytesRead)
    if (scanned === 0 && isBinary(bytes)) throw toolFailure(`Cannot read binary file: ${path}`)
    if (bytesRead === 0) return ended(path, page.end(), options.offset)
    scanned += bytesRead
    page.add(bytes)
    if (page.isFull()) {
      fullAt ??= scanned
      if (scanned - fullAt >= COUNT_AHEAD_BYTES) return page.soFar()
    }
    if (scanned >= MAX_SCAN_BYTES) {
      if (page.isFull()) return page.soFar()
      throw toolFailure(`${path} is too large to read from line ${options.offset}; search in it instead.`)
    }
  }
}

function ended(path: string, page: TextPage, offset: number): TextPage {
  const total = page.totalLines ?? 0
  if (offset > Math.max(1, total)) throw toolFailure(`Line ${offset} is out of range: ${path} has ${total} lines.`)
  return page
}

function createPage({ offset, limit, maxBytes, maxLineLength }: TextPageOptions) {
  const lines: string[] = []
  const keepBytes = maxLineLength * BYTES_PER_CHARACTER
  let number = 1
  let partial: Buffer[] = []
  let partialBytes = 0
  let lineHasBytes = false
  let usedBytes = 0
  let shortened = 0
  let cut: TextPage["cut"]

  const isWanted = () => number >= offset && cut === undefined

  const take = (part: Buffer) => {
    if (part.length === 0) return
    lineHasBytes = true
    // Said at its first byte, so that a last line without an end is not waited for.
    if (isWanted() && lines.length >= limit) cut = "lines"
    if (!isWanted() || partialBytes > keepBytes) return
    // The chunk is reused for the next read, so what outlives it is copied.
    const kept = Buffer.from(part.subarray(0, keepBytes + 1 - partialBytes))
    partial.push(kept)
    partialBytes += kept.length
  }

  const finishLine = () => {
    if (isWanted()) {
      let text = Buffer.concat(partial).toString()
      if (number === 1) text = text.replace(/^\uFEFF/, "")
      if (text.endsWith("\r")) text = text.slice(0, -1)
      const isLong = text.length > maxLineLength
      if (isLong) text = `${text.slice(0, maxLineLength)}...`
      const bytes = Buffer.byteLength(text) + 1
      if (lines.length >= limit) cut = "lines"
      else if (lines.length > 0 && usedBytes + bytes > maxBytes) cut = "bytes"
      else {
        lines.push(text)
        usedBytes += bytes
        if (isLong) shortened += 1
      }
    }
    number += 1
    partial = []
    partialBytes = 0
    lineHasBytes = false
  }

  const result = (): TextPage => ({ lines, first: offset, more: cut !== undefined, shortened, ...(cut ? { cut } : {}) })

  return {
    add(bytes: Buffer) {
      let start = 0
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        take(bytes.subarray(start, end))
        finishLine()
        start = end + 1
      }
      take(bytes.subarray(start))
    },
    isFull: () => cut !== undefined,
    soFar: result,
    end(): TextPage {
      if (lineHasBytes) finishLine()
      return { ...result(), totalLines: number - 1 }
    },
  }
}
