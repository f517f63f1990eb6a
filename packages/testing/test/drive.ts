// Drives a scripted server through the provider packages that the product itself uses.
import { createAnthropic } from "@ai-sdk/anthropic"
import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import type { LanguageModelV3, LanguageModelV3CallOptions, LanguageModelV3StreamPart } from "@ai-sdk/provider"
import type { WireName } from "../src/wire.ts"

export const WIRES: WireName[] = ["openai", "anthropic"]

export function modelOf(wire: WireName, url: string): LanguageModelV3 {
  const settings = { baseURL: `${url}/v1`, apiKey: "key" }
  return wire === "anthropic"
    ? createAnthropic(settings)("large")
    : createOpenAICompatible({ name: "scripted", includeUsage: true, ...settings }).chatModel("large")
}

export const ask = (text: string): LanguageModelV3CallOptions => ({
  prompt: [
    { role: "system", content: "Be brief." },
    { role: "user", content: [{ type: "text", text }] },
  ],
  tools: [
    {
      type: "function",
      name: "bash",
      description: "runs a command",
      inputSchema: { type: "object", properties: { command: { type: "string" } } },
    },
  ],
})

/** All parts of one streamed answer. */
export async function stream(wire: WireName, url: string, options = ask("go")): Promise<LanguageModelV3StreamPart[]> {
  const parts: LanguageModelV3StreamPart[] = []
  for await (const part of (await modelOf(wire, url).doStream(options)).stream) parts.push(part)
  return parts
}

export function only<T extends LanguageModelV3StreamPart["type"]>(parts: LanguageModelV3StreamPart[], type: T) {
  return parts.filter((part): part is Extract<LanguageModelV3StreamPart, { type: T }> => part.type === type)
}

export const textIn = (parts: LanguageModelV3StreamPart[], type: "text-delta" | "reasoning-delta"): string =>
  only(parts, type)
    .map((part) => part.delta)
    .join("")

/** What a promise rejects with. */
export const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => {
      throw new Error("This was to fail.")
    },
    (error: unknown) => error,
  )
