import { fstatSync } from "node:fs"
import { patientWriter } from "./patient-writer.ts"

/** Standard output and standard error for a program that waits for neither of their readers. */
export interface PatientOutputs {
  answer(bytes: Uint8Array): void
  note(bytes: Uint8Array): void
  /** Why nothing more of the answer can be written. */
  readonly failure: NodeJS.ErrnoException | undefined
  /** Resolves when nothing of the answer waits, or none of it can be written any more. */
  taken(): Promise<void>
  /** Gives the reader a last moment, and forgets the rest. @returns how much that is */
  leaveAnswer(): number
  leaveNotes(): void
}

/**
 * What a run may be ahead of its reader: more than the output of a thousand calls, of which a model is told 50 KB at
 * most. Whoever is so far behind has stopped reading, and what is kept for them must not fill the memory.
 */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024
/** Logs of hours. Nobody looks through more of them, and a server may live for months beside a pipe that nobody reads. */
const MAX_NOTE_BYTES = 4 * 1024 * 1024

/** Descriptors. */
export interface OutputPair {
  output: number
  notes: number
}

export function patientOutputs(pair: OutputPair): PatientOutputs {
  const answers = patientWriter(pair.output, { holds: true })
  // In one pipe or on one terminal no line may come into the middle of another.
  const notes = isOnePlace(pair) ? answers : patientWriter(pair.notes, { holds: false })
  const maxNotes = notes === answers ? MAX_ANSWER_BYTES : MAX_NOTE_BYTES
  const state: { failure?: NodeJS.ErrnoException; isLeaving: boolean } = { isLeaving: false }

  function fail(error: NodeJS.ErrnoException): void {
    state.failure ??= error
    answers.drop()
    // The reader has what it wanted. Who ends for another reason has a code of its own.
    if (error.code === "EPIPE" && !state.isLeaving) process.exit(0)
  }

  return {
    get failure() {
      return state.failure
    },
    answer(bytes) {
      if (answers.waiting > MAX_ANSWER_BYTES)
        fail(new Error(`nobody reads it, and ${answers.waiting} bytes of it wait`))
      else answers.write(bytes, fail)
    },
    note(bytes) {
      // Nobody reads what stands beside the answer, and the answer is still to come.
      if (notes.waiting <= maxNotes) notes.write(bytes, () => {})
    },
    taken: answers.flushed,
    leaveAnswer() {
      state.isLeaving = true
      answers.lastTry()
      return answers.drop()
    },
    leaveNotes() {
      notes.lastTry()
      notes.drop()
    },
  }
}

function isOnePlace(pair: OutputPair): boolean {
  const [output, notes] = [fstatSync(pair.output), fstatSync(pair.notes)]
  return output.dev === notes.dev && output.ino === notes.ino
}
