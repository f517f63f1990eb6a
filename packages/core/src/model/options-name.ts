import type { Model } from "@opencode/protocol/provider.ts"

/**
 * Under which name a provider's package looks for its own options in a request. Where a package has more than one, the
 * one that all its ways of asking know. Read from the packages. Pure.
 */
const NAMES: Readonly<Record<string, string>> = {
  "@ai-sdk/anthropic": "anthropic",
  "@ai-sdk/google-vertex/anthropic": "anthropic",
  "@ai-sdk/openai": "openai",
  // Its chat models look for no other.
  "@ai-sdk/azure": "openai",
  "@ai-sdk/amazon-bedrock/mantle": "openai",
  "@ai-sdk/amazon-bedrock": "bedrock",
  "@ai-sdk/google": "google",
  "@ai-sdk/google-vertex": "vertex",
  "@ai-sdk/groq": "groq",
  "@ai-sdk/mistral": "mistral",
  "@ai-sdk/xai": "xai",
  "@ai-sdk/cohere": "cohere",
  "@ai-sdk/cerebras": "cerebras",
  "@ai-sdk/deepinfra": "deepinfra",
  "@ai-sdk/togetherai": "togetherai",
  "@ai-sdk/perplexity": "perplexity",
  "@openrouter/ai-sdk-provider": "openrouter",
}

export function optionsName({ providerID, api }: Pick<Model, "providerID" | "api">): string {
  // The gateway hands options on to whom the model is from, under that provider's name.
  if (api.npm === "@ai-sdk/gateway") return MAKERS[makerOf(api.id)] ?? makerOf(api.id)
  // The compatible package has the provider's own name, cut at the first dot.
  return NAMES[api.npm] ?? (providerID.split(".")[0] ?? providerID).trim()
}

const makerOf = (modelID: string): string => modelID.split("/")[0] ?? modelID

/** Makers whose package has another name than the gateway gives them. */
const MAKERS: Readonly<Record<string, string>> = { spacexai: "xai", amazon: "bedrock" }
