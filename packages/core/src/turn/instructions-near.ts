import type { InstructionText } from "../config/instruction-file.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import { sinceCompaction } from "./since-compaction.ts"
import type { Turn, TurnDeps } from "./turn.ts"

/**
 * Instructions of a folder come with the first file that is read in it. What the model was told is what it is shown now:
 * after a compaction or pruning took them away, they come again.
 */
export async function instructionsNear(
  real: string,
  { turn, deps }: { turn: Turn; deps: Pick<TurnDeps, "instructions"> },
): Promise<InstructionText[]> {
  const known = new Set([
    ...toldIn(sinceCompaction(turn.history)),
    ...(turn.instructions ?? []).map(({ from }) => from),
  ])
  const found = await deps.instructions.near(real, (path) => known.has(path) || turn.brought.has(path))
  // Another call of the same answer may have been quicker.
  const fresh = found.filter(({ from }) => !turn.brought.has(from))
  for (const { from } of fresh) turn.brought.add(from)
  return fresh
}

/** Files whose text is in the history. */
export const toldIn = (messages: readonly MessageWithParts[]): string[] =>
  messages.flatMap(({ parts }) => parts.flatMap((part) => pathsIn(loadedIn(part))))

function loadedIn(part: Part): unknown {
  if (part.type === "text") return part.synthetic ? part.metadata?.["loaded"] : undefined
  if (part.type !== "tool" || part.tool !== "read" || part.state.status !== "completed") return undefined
  return part.state.time.compacted ? undefined : part.state.metadata["loaded"]
}

const pathsIn = (loaded: unknown): string[] =>
  Array.isArray(loaded) ? loaded.filter((path) => typeof path === "string") : []
