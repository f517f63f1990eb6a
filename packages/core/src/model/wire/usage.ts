import type { LanguageModelV3Usage } from "@ai-sdk/provider"

/** What the wires of OpenAI count, in tokens: the total holds what the cache read, the output holds reasoning. */
export const inclusiveUsage = ({
  total,
  cacheRead,
  output,
  reasoning,
}: Record<"total" | "cacheRead" | "output" | "reasoning", number | undefined>): LanguageModelV3Usage => ({
  inputTokens: {
    total,
    noCache: total === undefined ? undefined : Math.max(0, total - (cacheRead ?? 0)),
    cacheRead,
    cacheWrite: undefined,
  },
  outputTokens: {
    total: output,
    text: output === undefined ? undefined : Math.max(0, output - (reasoning ?? 0)),
    reasoning,
  },
})
