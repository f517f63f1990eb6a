import { writeSync } from "node:fs"

/**
 * The only writer to the terminal. What models and tools say cannot move the cursor, set the title, fill the clipboard
 * or hide itself: control characters other than newline and tab become visible, as do marks that reorder text.
 */
export interface Out {
  /** The answer: what a script reads. */
  line(text: string): void
  /** Everything else: progress, warnings, errors. */
  note(text: string): void
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
}

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
      else if (code === "EPIPE") process.exit(0) // the reader has what it wanted
      else throw error
    }
  }
}
