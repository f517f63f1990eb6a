import { createRing } from "./ring.ts"
import { createSpill, type Spill } from "./spill.ts"

/**
 * Captures the output of a command in memory that does not grow: up to the limits everything, beyond them the first
 * and the last part, or only the last, while the full text goes to a file.
 */

/** The `tool_output` defaults: what a model can use of one output without losing its thread. */
export const OUTPUT_MAX_LINES = 2_000
export const OUTPUT_MAX_BYTES = 51_200
/** The file is for reading and searching afterwards; a runaway command must not fill the disk. */
export const OUTPUT_MAX_FILE_BYTES = 50 * 1024 * 1024
/** A live preview goes to every client ten times a second: a screenful, not the whole. */
const PREVIEW_BYTES = 16 * 1024

/** A cut is moved to the start of a line unless that would lose more than this. */
const LINE_START_WITHIN = 4_096

const NEWLINE = 10

export interface OutputOptions {
  /** Where the full text goes once it is over the limits; created only then. */
  path: string
  /** "tail" suits commands (the end tells how it went), "both" suits answers of servers. */
  keep?: "tail" | "both"
  maxLines?: number
  maxBytes?: number
  maxFileBytes?: number
}

export interface CapturedOutput {
  /** What was kept, without any marker for "tail"; for "both" with one in the gap. */
  text: string
  truncated: boolean
  /** The full text; absent when nothing was cut, or when the disk refused it. */
  outputPath?: string
  totalBytes: number
  totalLines: number
}

export interface Output {
  /** Returns a promise when the disk is behind; wait for it before writing more. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** The last part so far, at most 16 KB. */
  preview(): string
  /** Call once, after the last write. */
  finish(): Promise<CapturedOutput>
}

export function createOutput(options: OutputOptions): Output {
  const maxLines = options.maxLines ?? OUTPUT_MAX_LINES
  const maxBytes = options.maxBytes ?? OUTPUT_MAX_BYTES
  const headLimit = options.keep === "both" ? Math.floor(maxBytes / 2) : 0
  const head: Buffer[] = []
  let headBytes = 0
  const recent = createRing(maxBytes)
  let spill: Spill | undefined
  let totalBytes = 0
  let newlines = 0
  let lastByte = NEWLINE
  let shown = { at: 0, text: "" }

  const totalLines = () => newlines + (lastByte === NEWLINE ? 0 : 1)
  const tailText = (bytes: number) => {
    const part = recent.last(bytes)
    return part.length === totalBytes ? part.toString() : fromLineStart(part)
  }
  const bothEnds = () => {
    const half = Math.floor(maxLines / 2)
    const all = totalBytes <= maxBytes ? recent.last(maxBytes).toString() : undefined
    const first = firstLines(all ?? withoutPartialCharacter(Buffer.concat(head)), half)
    const last = lastLines(all ?? tailText(maxBytes - headLimit), half)
    const left = totalBytes - Buffer.byteLength(first) - Buffer.byteLength(last)
    return `${first}\n\n... ${left} bytes left out ...\n\n${last}`
  }

  return {
    write(chunk) {
      if (chunk.length === 0) return undefined
      totalBytes += chunk.length
      for (const byte of chunk) if (byte === NEWLINE) newlines += 1
      lastByte = chunk[chunk.length - 1] ?? lastByte
      if (headBytes < headLimit) {
        const part = Buffer.from(chunk.subarray(0, headLimit - headBytes))
        head.push(part)
        headBytes += part.length
      }
      if (!spill && (totalBytes > maxBytes || totalLines() > maxLines)) {
        spill = createSpill(options.path, options.maxFileBytes ?? OUTPUT_MAX_FILE_BYTES)
        // Until this moment the ring holds everything there is.
        void spill.write(recent.last(maxBytes))
      }
      recent.push(chunk)
      return spill?.write(chunk)
    },
    preview() {
      if (shown.at !== totalBytes) shown = { at: totalBytes, text: tailText(PREVIEW_BYTES) }
      return shown.text
    },
    async finish() {
      const size = { totalBytes, totalLines: totalLines() }
      if (!spill) return { text: recent.last(maxBytes).toString(), truncated: false, ...size }
      const written = await spill.close()
      const text = options.keep === "both" ? bothEnds() : lastLines(tailText(maxBytes), maxLines)
      return { text, truncated: true, ...(written ? { outputPath: options.path } : {}), ...size }
    },
  }
}

function fromLineStart(bytes: Buffer): string {
  const newline = bytes.subarray(0, LINE_START_WITHIN).indexOf(NEWLINE)
  if (newline >= 0 && newline < bytes.length - 1) return bytes.subarray(newline + 1).toString()
  // Inside one long line: only the character that was cut in two is lost.
  let start = 0
  while (start < 3 && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1
  return bytes.subarray(start).toString()
}

const withoutPartialCharacter = (bytes: Buffer): string =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes, { stream: true })

function firstLines(text: string, count: number): string {
  let end = -1
  for (let line = 0; line < count; line += 1) {
    end = text.indexOf("\n", end + 1)
    if (end < 0) return text
  }
  return text.slice(0, Math.max(0, end))
}

function lastLines(text: string, count: number): string {
  // A newline at the very end finishes the last line, it does not start another.
  let start = text.endsWith("\n") ? text.length - 1 : text.length
  for (let line = 0; line < count; line += 1) {
    start = start <= 0 ? -1 : text.lastIndexOf("\n", start - 1)
    if (start < 0) return text
  }
  return text.slice(start + 1)
}
