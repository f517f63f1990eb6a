import { writeSync } from "node:fs"
import { isatty } from "node:tty"

/**
 * The only writer to the terminal. What models and tools say cannot move the cursor, set the title, fill the clipboard
 * or hide itself: control characters other than newline and tab become visible, as do marks that reorder text.
 */
export interface Out {
  /** The answer: what a script reads. */
  line(text: string): void
  /** Everything else: progress, warnings, errors. */
  note(text: string): void
  /** Pieces of text beside the answer, without a line's end, between marks for the terminal of a person. */
  draw(pieces: readonly Piece[]): void
}

/** A text, which is made visible like any other, or the name of a mark. Nothing else reaches a terminal as it is. */
export type Piece = string | { mark: keyof typeof MARKS }

const MARKS = {
  plain: "\u001b[0m",
  bold: "\u001b[1m",
  dim: "\u001b[2m",
  red: "\u001b[31m",
  green: "\u001b[32m",
  /** To the beginning of the line, with nothing on it. */
  again: "\r\u001b[2K",
}

const STDOUT = 1
const STDERR = 2

// oxlint-disable-next-line no-control-regex -- control characters are what this is about
const UNSAFE = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g

export const printable = (text: string): string =>
  text
    .replaceAll("\r\n", "\n")
    .replaceAll(UNSAFE, (character) =>
      character === "\r" ? "\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    )

export const out: Out = {
  line: (text) => write(STDOUT, printable(text) + "\n"),
  note: (text) => write(STDERR, printable(text) + "\n"),
  draw: (pieces) =>
    write(STDERR, pieces.map((piece) => (typeof piece === "string" ? printable(piece) : MARKS[piece.mark])).join("")),
}

/** What a script would have read is lost, as on a full disk. Whoever prints on has nothing more to say. */
export class UnwrittenAnswer extends Error {
  override readonly name = "UnwrittenAnswer"
}

/** Whether a person reads along. */
export const isTerminal = (): boolean => isatty(STDERR)

/** As wide as terminals have been since there were punched cards. */
const USUAL_COLUMNS = 80

export const columns = (): number => process.stderr.columns || USUAL_COLUMNS

/** Where a person is asked: beside the answer, which may go into a file. */
export const promptStream = (): NodeJS.WriteStream => process.stderr

/** How long a full pipe is given before the next try. */
const PIPE_RETRY_MS = 5

function write(descriptor: number, text: string): void {
  let bytes = Buffer.from(text)
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === "EAGAIN") Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PIPE_RETRY_MS)
      // Nobody reads what stands beside the answer, and the answer is still to come.
      else if (descriptor === STDERR) return
      else if (code === "EPIPE") process.exit(0) // the reader has what it wanted
      else throw new UnwrittenAnswer(`The answer could not be written: ${(error as Error).message}.`)
    }
  }
}
