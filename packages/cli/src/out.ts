import { writeSync } from "node:fs"
import { isatty } from "node:tty"
import { byteSize } from "./numbers.ts"
import { patientOutputs, type PatientOutputs } from "./patient-outputs.ts"
import { pause } from "./patient-writer.ts"

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

/** Once it is there, no reader is waited for. */
const patience: { outputs?: PatientOutputs } = {}

/**
 * From now on the program goes on while a reader takes nothing. For those that listen to signals: while they stand in a
 * write they hear none. All others are ended by the signal itself.
 */
export function neverWait(): void {
  if (patience.outputs) return
  patience.outputs = patientOutputs({ output: STDOUT, notes: STDERR })
  process.once("exit", leaveBehind)
}

/** Resolves when all of the answer was taken. @throws UnwrittenAnswer */
export async function answerTaken(): Promise<void> {
  await patience.outputs?.taken()
  throwFailure()
}

/**
 * The end, whatever the reader does: what it does not take now is lost, and that is told.
 * @returns how much of the answer that is, in bytes
 */
export function leaveBehind(): number {
  const lost = patience.outputs?.leaveAnswer() ?? 0
  if (lost > 0) out.note(`Standard output was not read to its end: ${byteSize(lost)} of it are lost.`)
  patience.outputs?.leaveNotes()
  return lost
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
  const bytes = Buffer.from(text)
  if (!patience.outputs) return writeAndWait(descriptor, bytes)
  if (descriptor === STDERR) return patience.outputs.note(bytes)
  throwFailure()
  patience.outputs.answer(bytes)
  throwFailure()
}

function throwFailure(): void {
  const failure = patience.outputs?.failure
  if (failure) throw unwritten(failure.message)
}

/** While a pipe is full the program stands still, and what it would print next is not even made. A signal ends it. */
function writeAndWait(descriptor: number, text: Buffer): void {
  let bytes = text
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(writeSync(descriptor, bytes))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === "EAGAIN") pause(PIPE_RETRY_MS)
      // Nobody reads what stands beside the answer, and the answer is still to come.
      else if (descriptor === STDERR) return
      else if (code === "EPIPE") process.exit(0) // the reader has what it wanted
      else throw unwritten((error as Error).message)
    }
  }
}

const unwritten = (why: string): UnwrittenAnswer => new UnwrittenAnswer(`The answer could not be written: ${why}.`)
