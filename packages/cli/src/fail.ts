import { isFault, ToolFailure } from "@opencode/core/lib/fault.ts"
import { out, UnwrittenAnswer } from "./out.ts"

/** A command that did not do what it was asked to. The sentence is for a person; the code is for the script. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure"
  readonly exitCode: number

  constructor(message: string, exitCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** What is no id of a session cannot be one that exists; asking for it would fail in the words of a validator. */
export function requireSessionID(text: string): void {
  if (!text.startsWith("ses")) throw new CommandFailure(`Session not found: ${text}`)
}

/** Says what went wrong in one sentence; a stack only for a bug, and only when it was asked for. */
export function report(error: unknown, debug: boolean): number {
  if (error instanceof CommandFailure) {
    out.note(`Error: ${error.message}`)
    return error.exitCode
  }
  // What a tool would tell the model is a sentence for a person too.
  if (isFault(error) || error instanceof ToolFailure || error instanceof UnwrittenAnswer) {
    out.note(`Error: ${error.message}`)
    return 1
  }
  const message = error instanceof Error ? error.message : String(error)
  out.note(`Error: unexpected failure: ${message}`)
  if (debug && error instanceof Error && error.stack) out.note(error.stack)
  return 1
}
