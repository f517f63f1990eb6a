import type { SharedV3ProviderOptions } from "@ai-sdk/provider"
import type { Model } from "@opencode/protocol/provider.ts"

/**
 * How a provider is told to keep the prompt up to here; undefined where it does so by itself, or not at all. None was
 * tried against the real service.
 */
export function cacheMark({ api }: Pick<Model, "api">): SharedV3ProviderOptions | undefined {
  const { npm, id } = api
  // https://docs.anthropic.com/en/docs/build-with-claude/prompt-caching
  if (npm === "@ai-sdk/anthropic" || npm === "@ai-sdk/google-vertex/anthropic") return { anthropic: EPHEMERAL }
  // https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html: other models refuse a mark.
  if (npm === "@ai-sdk/amazon-bedrock")
    return BEDROCK.test(id) ? { bedrock: { cachePoint: { type: "default" } } } : undefined
  if (!/(^|\/)(anthropic\/|claude-)/.test(id)) return undefined
  // https://openrouter.ai/docs/features/prompt-caching
  if (npm === "@openrouter/ai-sdk-provider") return { openrouter: EPHEMERAL }
  // The gateway hands it on to Anthropic's own package.
  return npm === "@ai-sdk/gateway" ? { anthropic: EPHEMERAL } : undefined
}

const EPHEMERAL = { cacheControl: { type: "ephemeral" } }
const BEDROCK = /(claude-(3-7|3-5-haiku|opus-|sonnet-|haiku-|fable-)|nova-(micro|lite|pro|premier|2))/
