import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { ToolPart } from "@opencode/protocol/part.ts"
import { tokensOfResult } from "./estimate.ts"
import type { Turn, TurnDeps } from "./turn.ts"

/** Newest output that stays: about what an agent looked at in its last few steps. */
const PROTECTED_TOKENS = 40_000
const MAX_PROTECTED_SHARE = 0.25
/** A new prefix is billed in full once: what saves less than this share of the window is not worth it. */
const LEAST_SHARE = 0.1

/**
 * Old outputs of tools that a request can do without: the model is told that they were removed, clients still read
 * them. Pure.
 *
 * @param room tokens that a request may have
 * @returns none when they are too few to be worth a new prefix
 */
export function planPruning(messages: MessageWithParts[], room: number): ToolPart[] {
  const isProtectedUpTo = Math.min(PROTECTED_TOKENS, room * MAX_PROTECTED_SHARE)
  const outputs = messages.flatMap(({ parts }) => parts.filter(hasOutput)).reverse()
  let seen = 0
  const old = outputs.filter((part) => (seen += tokensOfResult(part)) > isProtectedUpTo)
  const freed = old.reduce((sum, part) => sum + tokensOfResult(part), 0)
  return freed >= room * LEAST_SHARE ? old : []
}

const hasOutput = (part: MessageWithParts["parts"][number]): part is ToolPart =>
  part.type === "tool" && part.state.status === "completed" && !part.state.time.compacted

export async function prune(parts: ToolPart[], turn: Turn, { store, host, publish }: TurnDeps): Promise<void> {
  const pruned = new Map<string, ToolPart>()
  for (const part of parts) {
    if (part.state.status !== "completed") continue
    const time = { ...part.state.time, compacted: host.now() }
    pruned.set(part.id, { ...part, state: { ...part.state, time } })
  }
  await store.turnWrite(turn.lease, (tx) => {
    for (const part of pruned.values()) store.parts.put(tx, part)
  })
  turn.history = turn.history.map((message) =>
    message.parts.some(({ id }) => pruned.has(id))
      ? { ...message, parts: message.parts.map((part) => pruned.get(part.id) ?? part) }
      : message,
  )
  turn.pruned = true
  for (const part of pruned.values())
    publish("message.part.updated", { sessionID: turn.sessionID, part, time: host.now() })
}
