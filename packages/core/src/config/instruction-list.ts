import type { InstructionText, ReadInstructions } from "./instruction-file.ts"

export interface InstructionsFound {
  texts: InstructionText[]
  problems: InstructionProblem[]
}

/** What was left out, or cut. */
export interface InstructionProblem {
  /** One sentence for a person, which names the file. */
  message: string
  /** The element of the setting `instructions` that it is about, where that is what has to be changed. */
  entry?: string
}

/** Collects what is told, in its order, as far as there is room. */
export interface InstructionList {
  /** @returns whether there is such a file, and it can be used; one that is empty, or was told before, counts */
  add(read: ReadInstructions | { problem: string }): boolean
  problem(problem: InstructionProblem): void
  /** How many there are so far. */
  problems(): number
  result(): InstructionsFound
}

/** @param maxBytes of all texts together */
export function createInstructionList(maxBytes: number): InstructionList {
  const texts: InstructionText[] = []
  const problems: InstructionProblem[] = []
  const known = new Set<string>()
  let room = maxBytes

  function take({ from, text, cut }: InstructionText & { cut: boolean }): void {
    const bytes = Buffer.byteLength(text)
    if (bytes > room) {
      problems.push({ message: `${from} is left out: there are more than ${maxBytes / 1024} KB of instructions.` })
      texts.push({ from, text: LEFT_OUT })
      return
    }
    room -= bytes
    if (cut) {
      const message = `${from} is too long: only its first ${Math.ceil(bytes / 1024)} KB are told to the model.`
      problems.push({ message })
    }
    texts.push({ from, text: cut ? `${text.trim()}\n${CUT}` : text.trim() })
  }

  return {
    add(read) {
      if ("missing" in read) return false
      if ("problem" in read) {
        problems.push({ message: read.problem })
        return false
      }
      if (known.has(read.real)) return true
      known.add(read.real)
      if (read.text.trim()) take(read)
      return true
    },
    problem: (problem) => void problems.push(problem),
    problems: () => problems.length,
    result: () => ({ texts, problems }),
  }
}

const CUT = "(The rest is left out: this is too long. Read the file if you need it.)"
const LEFT_OUT = "(Left out: there are too many instructions already. Read the file if you need it.)"
