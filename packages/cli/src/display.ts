import type { ToolPart } from "@opencode/protocol/part.ts"
import type { Totals } from "./commands/run-totals.ts"
import { out } from "./out.ts"

/** Where a run is shown to a person, or to the log of a job. */
export interface Display {
  /** Part of the answer, on standard output. All else goes beside it. */
  answer(text: string): void
  note(text: string): void
  failure(text: string): void
  thought(text: string): void
  /** A call that is over. */
  call(part: ToolPart): void
  /** What happens at this moment. */
  status(text: string): void
  /** How much of what the agent noted to be done is done. */
  tasks(done: number, all: number): void
  /** The run is over. */
  end(totals: Totals): void
  /** Somebody else writes now. */
  rest(): void
}

/** Lines and nothing else, in the order in which things came to an end. */
export const plainDisplay = (): Display => ({
  answer: out.line,
  note: out.note,
  failure: out.note,
  thought: (text) => out.note(`Thinking: ${text}`),
  call: (part) => out.note(callLine(part)),
  status() {},
  tasks() {},
  end() {},
  rest() {},
})

function callLine(part: ToolPart): string {
  const { sign, text } = callWords(part)
  return `${sign} ${text}`.trimEnd()
}

export interface CallWords {
  sign: "✓" | "✗" | "…"
  text: string
}

export function callWords({ tool, state }: ToolPart): CallWords {
  if (state.status === "error") return { sign: "✗", text: `${tool}: ${firstLine(state.error)}` }
  if (state.status !== "completed") return { sign: "…", text: tool }
  const { exit } = state.metadata
  const failed = typeof exit === "number" && exit !== 0 ? ` (exit ${exit})` : ""
  // A command that was ended has no exit code. One that failed told the model so, which is what was asked of it.
  return { sign: exit === null ? "✗" : "✓", text: `${tool} ${firstLine(state.title)}${failed}`.trimEnd() }
}

/** What a call is about. Until its tool has said it, the first text that it was given: that is nearly always it. */
export const aboutCall = ({ state }: Pick<ToolPart, "state">): string =>
  ("title" in state && state.title) || Object.values(state.input).find(isText) || ""

const isText = (value: unknown): value is string => typeof value === "string"

const firstLine = (text: string): string => text.split("\n", 1)[0] ?? ""
