import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { text as textOf } from "node:stream/consumers"
import { expect, onTestFinished, test } from "vitest"
import { secret } from "@opencode/core/lib/secret.ts"
import { openLanguage } from "@opencode/core/model/language.ts"
import type { ReasoningOption } from "@opencode/core/model/models-dev.ts"
import { optionsName } from "@opencode/core/model/options-name.ts"
import { createRequest } from "@opencode/core/model/request.ts"
import { variantsOf } from "@opencode/core/model/variants.ts"

/** What the packages make of a variant: the body of the request, which nobody answers. */
async function sent(npm: string, modelID: string, options: ReasoningOption[], name: string): Promise<unknown> {
  const bodies: string[] = []
  const server = createServer((request, response) => {
    void textOf(request).then((body) => {
      bodies.push(body)
      response.writeHead(400, { "content-type": "application/json" }).end('{"error": {"message": "heard"}}')
    })
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const request = createRequest()
  onTestFinished(() => {
    request.close()
    server.close()
  })
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const env = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b", AWS_REGION: "us-east-1" }
  const input = { npm, providerID: "p.q", modelID, baseURL, headers: {}, options: {}, deadlines: {}, request, env }
  const language = await openLanguage({ ...input, key: secret("k") })
  const variants = variantsOf({
    npm,
    apiID: modelID,
    reasoning: true,
    options,
    isKnown: true,
    outputLimit: 64_000,
  })
  const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hi" }] }]
  const underName = optionsName({ providerID: "p.q", api: { id: modelID, npm, url: baseURL } })
  const providerOptions = { [underName]: variants[name] as never }
  await expect(language.doStream({ prompt, maxOutputTokens: 64_000, providerOptions })).rejects.toThrow()
  return JSON.parse(bodies[0] ?? "null")
}

const efforts = (...values: string[]): ReasoningOption[] => [{ type: "effort", values }]
const budget: ReasoningOption[] = [{ type: "budget_tokens", min: 1024 }]

test.each<[string, string, ReasoningOption[], string, object]>([
  ["@ai-sdk/openai", "gpt-6-sol", efforts("high"), "high", { reasoning: { effort: "high", summary: "auto" } }],
  ["@ai-sdk/openai", "gpt-5.2", efforts("none"), "none", { reasoning: { effort: "none" } }],
  ["@ai-sdk/azure", "gpt-5.2", efforts("low"), "low", { reasoning: { effort: "low" } }],
  ["@ai-sdk/openai-compatible", "m", efforts("max"), "max", { reasoning_effort: "max" }],
  [
    "@ai-sdk/anthropic",
    "claude-opus-5",
    efforts("max"),
    "max",
    { thinking: { type: "adaptive" }, output_config: { effort: "max" } },
  ],
  ["@ai-sdk/anthropic", "claude-haiku-4-5", budget, "high", { thinking: { type: "enabled", budget_tokens: 16_000 } }],
  [
    "@ai-sdk/google",
    "gemini-3.8-flash",
    efforts("low"),
    "low",
    { generationConfig: { thinkingConfig: { thinkingLevel: "low", includeThoughts: true } } },
  ],
  [
    "@ai-sdk/google",
    "gemini-2.5-pro",
    budget,
    "max",
    { generationConfig: { thinkingConfig: { thinkingBudget: 31_999 } } },
  ],
  [
    "@ai-sdk/amazon-bedrock",
    "anthropic.claude-opus-5",
    efforts("max"),
    "max",
    {
      additionalModelRequestFields: { thinking: { type: "adaptive" }, output_config: { effort: "max" } },
    },
  ],
  [
    "@ai-sdk/amazon-bedrock",
    "amazon.nova-2-lite-v1:0",
    efforts("low"),
    "low",
    {
      additionalModelRequestFields: { reasoningConfig: { type: "enabled", maxReasoningEffort: "low" } },
    },
  ],
  [
    "@ai-sdk/amazon-bedrock",
    "openai.gpt-oss-120b-1:0",
    efforts("low"),
    "low",
    {
      additionalModelRequestFields: { reasoning_effort: "low" },
    },
  ],
  ["@openrouter/ai-sdk-provider", "a/b", efforts("xhigh"), "xhigh", { reasoning: { effort: "xhigh" } }],
  ["@ai-sdk/xai", "grok-4.7", efforts("high"), "high", { reasoning_effort: "high" }],
  ["@ai-sdk/groq", "openai/gpt-oss-120b", efforts("low"), "low", { reasoning_effort: "low" }],
  ["@ai-sdk/mistral", "mistral-small-latest", efforts("high"), "high", { reasoning_effort: "high" }],
  ["@ai-sdk/cohere", "command-a", budget, "max", { thinking: { type: "enabled", token_budget: 31_999 } }],
  ["@ai-sdk/cerebras", "gpt-oss-120b", efforts("low"), "low", { reasoning_effort: "low" }],
  ["@ai-sdk/deepinfra", "openai/gpt-oss-120b", efforts("low"), "low", { reasoning_effort: "low" }],
  ["@ai-sdk/togetherai", "openai/gpt-oss-120b", efforts("low"), "low", { reasoning_effort: "low" }],
  [
    "@ai-sdk/gateway",
    "anthropic/claude-opus-5",
    efforts("max"),
    "max",
    {
      providerOptions: { anthropic: { thinking: { type: "adaptive" }, effort: "max" } },
    },
  ],
])("%s sends what the variant of %s says (%j, %s)", async (npm, modelID, options, name, expected) => {
  expect(await sent(npm, modelID, options, name)).toMatchObject(expected)
})
