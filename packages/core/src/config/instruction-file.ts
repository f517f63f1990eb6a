import { realpath, stat } from "node:fs/promises"
import { ToolFailure } from "../lib/fault.ts"
import { isBinary } from "../workspace/files.ts"
import { openRegular } from "../workspace/open-file.ts"
import { isInside } from "../workspace/paths.ts"

/** One text that the model is told before anything else, and where it is from: a path or an address. */
export interface InstructionText {
  from: string
  text: string
}

/** As models see it. */
export const shownInstructions = ({ from, text }: InstructionText): string => `Instructions from: ${from}\n${text}`

/** About 64,000 tokens: more than most windows can spare for what comes before the first word. */
export const MAX_INSTRUCTION_BYTES = 256 * 1024

export interface InstructionPlace {
  /** Absolute, as it is shown. */
  path: string
  /** Folders that a link must not lead out of; absent for the user's own files, whose links are the user's. */
  within?: readonly string[]
  /** Canonical paths that a call of `read` would be refused or asked about: a link must not be the way around that. */
  isWithheld?(real: string): boolean
  /** Numbers of users who may have put it there; absent: anybody. */
  owners?: readonly number[]
}

export type ReadInstructions =
  | { missing: true }
  | { problem: string }
  | (InstructionText & { real: string; cut: boolean })

/** Reads one file of instructions: a regular file of text, as far as the limit. Never throws for what is there. */
export async function readInstructionFile(place: InstructionPlace): Promise<ReadInstructions> {
  const { path, within, owners } = place
  try {
    const real = await realpath(path)
    if (within && !within.some((folder) => isInside(folder, real)))
      return { problem: `${path} is left out: it is a link that leads out of the project.` }
    if (place.isWithheld?.(real)) return { problem: `${path} is left out: by the rules for "read" it is not open.` }
    if (owners && !owners.includes((await stat(real)).uid))
      return { problem: `${path} is left out: it lies above the project and belongs to another user.` }
    const { text, cut } = await readStart(real)
    if (text === undefined) return { problem: `${path} is left out: it is not text.` }
    return { from: path, text, real, cut }
  } catch (error) {
    if (error instanceof ToolFailure) return { problem: `${path} is left out: ${error.message}` }
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return code === "ENOENT" || code === "ENOTDIR"
      ? { missing: true }
      : { problem: `${path} is left out: reading it failed (${code}).` }
  }
}

/** @param real canonical. @throws tool failure, errors of the file system */
async function readStart(real: string): Promise<{ text: string | undefined; cut: boolean }> {
  await using file = await openRegular(real)
  const { size } = await file.stat()
  const buffer = Buffer.allocUnsafe(Math.min(size, MAX_INSTRUCTION_BYTES))
  const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
  const bytes = buffer.subarray(0, bytesRead)
  return { text: isBinary(bytes) ? undefined : decoded(bytes), cut: size > MAX_INSTRUCTION_BYTES }
}

/** Without the mark at the start, and without the half of a character that a cut leaves at the end. */
export const decoded = (bytes: Uint8Array): string => new TextDecoder().decode(bytes, { stream: true })
