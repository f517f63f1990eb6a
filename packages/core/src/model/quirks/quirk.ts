import type { LanguageModelV3CallOptions, LanguageModelV3Message } from "@ai-sdk/provider"
import type { Model } from "@opencode/protocol/provider.ts"

/**
 * What one provider refuses that the others take, or wants that they do not. Each is pure and changes a request that is
 * legal otherwise; what it makes of a message depends on that message and those before it alone, so that the start of a
 * conversation stays what the provider's cache knows.
 */
export interface Quirk {
  name: string
  /** A page of the provider's, or a public issue. */
  source: string
  /** Whether the real provider was asked. */
  tried: boolean
  applies(model: Model): boolean
  change(options: LanguageModelV3CallOptions, model: Model): LanguageModelV3CallOptions
}

/** The same for what the package has already written: the body of a chat completion. */
export interface BodyQuirk {
  name: string
  source: string
  tried: boolean
  applies(place: { modelID: string; baseURL: string }): boolean
  change(body: Record<string, unknown>): Record<string, unknown>
}

/** The options with every message changed, in order. */
export const withMessages = (
  options: LanguageModelV3CallOptions,
  change: (message: LanguageModelV3Message) => LanguageModelV3Message,
): LanguageModelV3CallOptions => ({ ...options, prompt: options.prompt.map(change) })
