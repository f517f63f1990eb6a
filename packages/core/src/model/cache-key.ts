import type { Model } from "@opencode/protocol/provider.ts"

/**
 * Under which name a provider's package, or the server behind it, takes a key for its prompt cache: requests with the
 * same key reach the same machine. Others would refuse it or do nothing with it. Pure.
 */
const NAMES: Readonly<Record<string, string>> = {
  "@ai-sdk/openai": "promptCacheKey",
  "@ai-sdk/azure": "promptCacheKey",
  "@ai-sdk/amazon-bedrock/mantle": "promptCacheKey",
  // These put what they do not know into the request as it is.
  "@ai-sdk/openai-compatible": "prompt_cache_key",
  "@openrouter/ai-sdk-provider": "prompt_cache_key",
}

/** @param key what the requests of one conversation have in common */
export function cacheKeyOptions({ api }: Pick<Model, "api">, key: string): Record<string, string> {
  const name = NAMES[api.npm]
  return name === undefined ? {} : { [name]: key }
}
