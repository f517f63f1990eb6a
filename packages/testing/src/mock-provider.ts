import type { ModelConfig, ProviderConfig } from "@opencode/protocol/provider.ts"
import type { WireName } from "./wire.ts"

/** The package that speaks each wire. */
export const NPM_OF: Record<WireName, string> = {
  openai: "@ai-sdk/openai-compatible",
  anthropic: "@ai-sdk/anthropic",
  "openai-responses": "@ai-sdk/openai",
  google: "@ai-sdk/google",
}

/** The scripted models as a provider in the user's configuration. */
export function mockProvider(
  url: string,
  wire: WireName,
  models: Record<string, ModelConfig> = { large: {} },
): ProviderConfig {
  return {
    name: "Mock Provider",
    npm: NPM_OF[wire],
    options: { baseURL: `${url}/${wire === "google" ? "v1beta" : "v1"}`, apiKey: "mock-key" },
    models: Object.fromEntries(
      Object.entries(models).map(([id, model]) => [
        id,
        {
          name: `Mock ${id.slice(0, 1).toUpperCase()}${id.slice(1)}`,
          tool_call: true,
          attachment: true,
          reasoning: true,
          temperature: true,
          cost: { input: 1, output: 2 },
          limit: { context: 100_000, output: 8_000 },
          modalities: { input: ["text", "image", "pdf"], output: ["text"] },
          ...model,
        } satisfies ModelConfig,
      ]),
    ),
  }
}
