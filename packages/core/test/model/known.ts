import { readModelsDev, type KnownProvider } from "@opencode/core/model/models-dev.ts"

const claude = (more: object) => ({
  attachment: true,
  reasoning: true,
  tool_call: true,
  temperature: true,
  modalities: { input: ["text", "image", "pdf"], output: ["text"] },
  limit: { context: 200_000, output: 64_000 },
  ...more,
})

/** A catalogue small enough to be looked at, in the form in which the real one comes. */
export const text = JSON.stringify({
  anthropic: {
    id: "anthropic",
    name: "Anthropic",
    env: ["ANTHROPIC_API_KEY"],
    npm: "@ai-sdk/anthropic",
    models: {
      "claude-opus-5": claude({
        family: "claude-opus",
        release_date: "2026-07-24",
        cost: { input: 5, output: 25 },
        reasoning_options: [{ type: "effort", values: ["max", "low", "high"] }],
      }),
      "claude-sonnet-5": claude({
        family: "claude-sonnet",
        release_date: "2026-06-29",
        cost: { input: 2, output: 10, cache_read: 0.2, cache_write: 2.5 },
      }),
      "claude-haiku-4-5": claude({
        family: "claude-haiku",
        release_date: "2025-10-15",
        cost: { input: 1, output: 5 },
        reasoning_options: [{ type: "budget_tokens", min: 1024 }],
      }),
      "claude-2": claude({ status: "deprecated", release_date: "2023-07-11", cost: { input: 8, output: 24 } }),
    },
  },
  relay: {
    id: "relay",
    name: "Relay",
    env: ["RELAY_KEY"],
    npm: "@ai-sdk/openai-compatible",
    api: "https://relay.example/v1",
    models: {
      "acme/big": claude({ release_date: "2026-01-01", cost: { input: 5, output: 5 } }),
      "acme/small": claude({ release_date: "2026-01-01", cost: { input: 1, output: 1 } }),
      "other/tiny": claude({ release_date: "2026-01-01", cost: { input: 0.1, output: 0.1 } }),
      "odd#name": claude({ provider: { npm: "@ai-sdk/openai", shape: "completions" } }),
    },
  },
  "amazon-bedrock": {
    id: "amazon-bedrock",
    name: "Amazon Bedrock",
    env: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_BEARER_TOKEN_BEDROCK"],
    npm: "@ai-sdk/amazon-bedrock",
    models: { "anthropic.claude": claude({ release_date: "2026-01-01" }) },
  },
})

export const known: KnownProvider[] = readModelsDev(text) ?? []
