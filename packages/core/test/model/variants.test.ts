import { expect, test } from "vitest"
import { optionsName } from "@opencode/core/model/options-name.ts"
import type { ReasoningOption } from "@opencode/core/model/models-dev.ts"
import { variantsOf, type ThinkingModel } from "@opencode/core/model/variants.ts"

const effort = (...values: string[]): ReasoningOption => ({ type: "effort", values })
const budget = (min?: number, max?: number): ReasoningOption => ({
  type: "budget_tokens",
  ...(min === undefined ? {} : { min }),
  ...(max === undefined ? {} : { max }),
})
const toggle: ReasoningOption = { type: "toggle" }

const of = (npm: string, options: ReasoningOption[] | undefined, more: Partial<ThinkingModel> = {}) =>
  variantsOf({ npm, apiID: "m", reasoning: true, options, isKnown: true, outputLimit: 64_000, ...more })

test.each<[string, string, ReasoningOption[], object, Partial<ThinkingModel>?]>([
  [
    "OpenAI's efforts, weakest first",
    "@ai-sdk/openai",
    [effort("high", "none", "low")],
    {
      none: { reasoningEffort: "none" },
      low: { reasoningEffort: "low", reasoningSummary: "auto" },
      high: { reasoningEffort: "high", reasoningSummary: "auto" },
    },
  ],
  [
    "a compatible server's, whatever their names",
    "@ai-sdk/openai-compatible",
    [effort("none", "max")],
    { none: { reasoningEffort: "none" }, max: { reasoningEffort: "max" } },
  ],
  [
    "efforts of Anthropic with adaptive thinking",
    "@ai-sdk/anthropic",
    [toggle, effort("low", "max"), budget(1024)],
    {
      none: { thinking: { type: "disabled" } },
      low: { thinking: { type: "adaptive" }, effort: "low" },
      max: { thinking: { type: "adaptive" }, effort: "max" },
    },
  ],
  [
    "budgets of Anthropic, also for the models whose efforts are of the first kind",
    "@ai-sdk/anthropic",
    [effort("low", "medium", "high"), budget(1024)],
    {
      high: { thinking: { type: "enabled", budgetTokens: 16_000 } },
      max: { thinking: { type: "enabled", budgetTokens: 31_999 } },
    },
  ],
  [
    "budgets that leave room to answer",
    "@ai-sdk/anthropic",
    [budget(1024)],
    {
      high: { thinking: { type: "enabled", budgetTokens: 4_096 } },
      max: { thinking: { type: "enabled", budgetTokens: 8_191 } },
    },
    { outputLimit: 8_192 },
  ],
  [
    "Google's levels",
    "@ai-sdk/google",
    [effort("minimal", "high")],
    {
      minimal: { thinkingConfig: { thinkingLevel: "minimal", includeThoughts: true } },
      high: { thinkingConfig: { thinkingLevel: "high", includeThoughts: true } },
    },
  ],
  [
    "Google's budgets",
    "@ai-sdk/google-vertex",
    [toggle, budget(0, 24_576)],
    {
      none: { thinkingConfig: { thinkingBudget: 0 } },
      high: { thinkingConfig: { thinkingBudget: 12_288, includeThoughts: true } },
      max: { thinkingConfig: { thinkingBudget: 24_576, includeThoughts: true } },
    },
  ],
  [
    "Bedrock's way for Claude",
    "@ai-sdk/amazon-bedrock",
    [effort("high", "max")],
    {
      high: { reasoningConfig: { type: "adaptive", maxReasoningEffort: "high" } },
      max: { reasoningConfig: { type: "adaptive", maxReasoningEffort: "max" } },
    },
    { apiID: "us.anthropic.claude-x" },
  ],
  [
    "Bedrock's way for others",
    "@ai-sdk/amazon-bedrock",
    [effort("low", "max")],
    { low: { reasoningConfig: { type: "enabled", maxReasoningEffort: "low" } } },
    { apiID: "amazon.nova" },
  ],
  [
    "OpenRouter's object",
    "@openrouter/ai-sdk-provider",
    [effort("none", "low")],
    { none: { reasoning: { effort: "none" } }, low: { reasoning: { effort: "low" } } },
  ],
  [
    "the maker's way behind the gateway",
    "@ai-sdk/gateway",
    [effort("low", "max")],
    { low: { thinking: { type: "adaptive" }, effort: "low" }, max: { thinking: { type: "adaptive" }, effort: "max" } },
    { apiID: "anthropic/claude-x" },
  ],
  [
    "only what Mistral's package takes",
    "@ai-sdk/mistral",
    [effort("none", "high", "max")],
    { none: { reasoningEffort: "none" }, high: { reasoningEffort: "high" } },
  ],
  [
    "only what Groq's package takes",
    "@ai-sdk/groq",
    [effort("default", "xhigh")],
    { default: { reasoningEffort: "default" } },
  ],
  [
    "Cohere's switch and budgets",
    "@ai-sdk/cohere",
    [toggle, budget(1, 4_000)],
    {
      none: { thinking: { type: "disabled" } },
      high: { thinking: { type: "enabled", tokenBudget: 2_000 } },
      max: { thinking: { type: "enabled", tokenBudget: 4_000 } },
    },
  ],
  ["nothing for a switch that has no name", "@ai-sdk/openai-compatible", [toggle], {}],
  ["nothing for a package that is not known", "acme-provider", [effort("low")], {}],
])("variants are %s", (_, npm, options, expected, more) => {
  const variants = of(npm, options, more)
  expect(variants).toEqual(expected)
  expect(Object.keys(variants)).toEqual(Object.keys(expected))
})

test("a model that does not reason has none; one that only the configuration knows has the usual words", () => {
  expect(of("@ai-sdk/openai", [effort("low")], { reasoning: false })).toEqual({})
  expect(of("@ai-sdk/openai", undefined)).toEqual({})
  expect(Object.keys(of("@ai-sdk/openai-compatible", undefined, { isKnown: false }))).toEqual(["low", "medium", "high"])
})

test.each([
  ["@ai-sdk/openai", "mine", "gpt", "openai"],
  ["@ai-sdk/azure", "azure", "gpt", "openai"],
  ["@ai-sdk/anthropic", "mine", "claude", "anthropic"],
  ["@ai-sdk/google-vertex", "google-vertex", "gemini", "vertex"],
  ["@ai-sdk/google-vertex/anthropic", "google-vertex-anthropic", "claude", "anthropic"],
  ["@ai-sdk/amazon-bedrock", "amazon-bedrock", "claude", "bedrock"],
  ["@ai-sdk/gateway", "vercel", "anthropic/claude", "anthropic"],
  ["@ai-sdk/gateway", "vercel", "spacexai/grok", "xai"],
  ["@openrouter/ai-sdk-provider", "openrouter", "a/b", "openrouter"],
  ["@ai-sdk/openai-compatible", "my.server", "m", "my"],
])("options of %s (%s, %s) go under %s", (npm, providerID, id, expected) => {
  expect(optionsName({ providerID, api: { id, npm, url: "" } })).toBe(expected)
})
