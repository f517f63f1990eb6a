import type { LanguageModelV3Message, SharedV3ProviderOptions } from "@ai-sdk/provider"

/** Messages at the end that get a mark: the newest, and the one that was newest at the step before. */
const MARKED_AT_THE_END = 2

/**
 * Tells a provider which prefixes to keep: the system prompt and the last messages. Of the four marks that a request may
 * carry this uses at most three.
 *
 * @param mark in the words of the provider's package; undefined where it caches without being told, or not at all
 */
export function markForCache(
  messages: LanguageModelV3Message[],
  mark: SharedV3ProviderOptions | undefined,
): LanguageModelV3Message[] {
  if (!mark) return messages
  const lastSystem = messages.findLastIndex((message) => message.role === "system")
  return messages.map((message, index) =>
    index === lastSystem || index >= messages.length - MARKED_AT_THE_END
      ? { ...message, providerOptions: mark }
      : message,
  )
}
