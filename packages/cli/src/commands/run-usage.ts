import type { RunOptions } from "./run.ts"
import { exitCodeOf, type Outcome } from "./run-outcome.ts"
import { createTotals } from "./run-totals.ts"
import { viewFor } from "./run-views.ts"

/**
 * Arguments of `run` that could not be read, told in the way that they ask for: by their words, as nothing else is known.
 * The sentence for people was printed by who found it.
 */
export async function tellBadUsage(args: string[], message: string): Promise<number> {
  const format = formatIn(args)
  const outcome: Outcome = { reason: "usage", isSuccess: false, message, isUntold: true }
  const code = exitCodeOf(outcome, args.includes("--detailed-exit-codes"))
  if (format !== "default") (await viewFor({ format }, createTotals())).finish(outcome, code)
  return code
}

function formatIn(args: string[]): RunOptions["format"] {
  const named = args.flatMap((word, at) =>
    word === "--format" ? [args[at + 1]] : word.startsWith("--format=") ? [word.slice("--format=".length)] : [],
  )
  return (["json", "jsonl"] as const).find((format) => named.includes(format)) ?? "default"
}
