import type { AssistantMessage } from "@opencode/protocol/message.ts"
import type { Tokens } from "@opencode/protocol/tokens.ts"
import { internalError } from "./rpc-error.ts"
import type { PromptResponse, StopReason, SessionUpdate } from "./wire.ts"

/** How the end of a turn is told. Pure. */

const REASONS: Partial<Record<NonNullable<AssistantMessage["endReason"]>, StopReason>> = {
  aborted: "cancelled",
  steps: "max_turn_requests",
  "output-length": "max_tokens",
  "content-filter": "refusal",
}

/** @throws RpcError when the turn failed */
export function stopReasonOf({ error, endReason, finish }: AssistantMessage): StopReason {
  // A limit, and the death of the process that was at it, leave the same error as a person who stops it.
  const reason = REASONS[endReason ?? (error?.name === "MessageAbortedError" ? "aborted" : "stop")]
  if (reason) return reason
  if (error) {
    const message = error.data.message ?? error.name
    throw internalError(message, { service: "session", errorName: error.name, ...(endReason ? { endReason } : {}) })
  }
  return finish === "length" ? "max_tokens" : "end_turn"
}

export function usageOf({ input, output, reasoning, cache }: Tokens): PromptResponse["usage"] {
  return {
    inputTokens: input,
    outputTokens: output,
    ...(reasoning > 0 ? { thoughtTokens: reasoning } : {}),
    ...(cache.read > 0 ? { cachedReadTokens: cache.read } : {}),
    ...(cache.write > 0 ? { cachedWriteTokens: cache.write } : {}),
    totalTokens: input + output + reasoning + cache.read + cache.write,
  }
}

/** How full the context is; undefined when the last request told nothing of it. */
export function fillOf(
  { tokens }: AssistantMessage,
  size: number | undefined,
  cost: number,
): SessionUpdate | undefined {
  const used = tokens.input + tokens.cache.read + tokens.cache.write
  if (used === 0 || size === undefined) return undefined
  return { sessionUpdate: "usage_update", used, size, cost: { amount: cost, currency: "USD" } }
}
