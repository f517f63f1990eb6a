import { readFileSync } from "node:fs"
import { createAnthropic } from "@ai-sdk/anthropic"
import { createGoogleGenerativeAI } from "@ai-sdk/google"
import { createOpenAI } from "@ai-sdk/openai"
import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import type { LanguageModelV3 } from "@ai-sdk/provider"
import { modelServer } from "@opencode/testing/model-server.ts"
import { expect, onTestFinished, test } from "vitest"
import { secret } from "@opencode/core/lib/secret.ts"
import type { ModelEvent } from "@opencode/core/model/events.ts"
import { openLanguage } from "@opencode/core/model/language.ts"
import { createRequest } from "@opencode/core/model/request.ts"
import { streamAnswer } from "@opencode/core/model/stream.ts"
import { baseOf, collect } from "./answers.ts"

type Settings = { baseURL: string; apiKey: string; fetch: typeof fetch }
const WIRES: Record<string, { npm: string; open(settings: Settings): LanguageModelV3 }> = {
  openai: {
    npm: "@ai-sdk/openai-compatible",
    open: (settings) =>
      createOpenAICompatible({ ...settings, name: "mock", includeUsage: true }).languageModel("large"),
  },
  "openai-responses": { npm: "@ai-sdk/openai", open: (settings) => createOpenAI(settings).responses("large") },
  anthropic: { npm: "@ai-sdk/anthropic", open: (settings) => createAnthropic(settings).languageModel("large") },
  google: {
    npm: "@ai-sdk/google",
    open: (settings) => createGoogleGenerativeAI(settings).languageModel("large"),
  },
}

async function eventsOf(language: LanguageModelV3): Promise<ModelEvent[]> {
  const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hello" }] }]
  const providerOptions = { openai: { store: false } }
  const { signal } = new AbortController()
  return collect(streamAnswer({ language, options: { prompt, providerOptions }, signal, now: Date.now }))
}

async function replay(
  wire: string,
  answer: string,
): Promise<{ ours(): Promise<ModelEvent[]>; theirs(): Promise<ModelEvent[]> }> {
  const body = readFileSync(new URL(`../../../testing/fixtures/${wire}/${answer}.sse`, import.meta.url), "utf8")
  const headers = { "content-type": "text/event-stream" }
  const server = await modelServer({ script: [{ kind: "raw", status: 200, headers, body }], repeat: true })
  const request = createRequest()
  onTestFinished(async () => {
    request.close()
    await server.close()
  })
  const { npm, open } = WIRES[wire]!
  const baseURL = baseOf(npm, server.url)
  const input = { npm, providerID: "mock", modelID: "large", baseURL, key: secret("k"), request }
  const ours = await openLanguage({ ...input, headers: {}, options: {}, deadlines: {} })
  const theirs = open({ baseURL, apiKey: "k", fetch: request as unknown as typeof fetch })
  return { ours: () => eventsOf(ours), theirs: () => eventsOf(theirs) }
}

const joined = (events: ModelEvent[], type: "text-delta" | "reasoning-delta"): string =>
  events.map((event) => (event.type === type ? event.delta : "")).join("")

const TOKENS: Record<string, Record<string, object>> = {
  text: {
    openai: { input: 38, output: 9, reasoning: 0, cache: { read: 1280, write: 0 } },
    "openai-responses": { input: 38, output: 9, reasoning: 0, cache: { read: 1280, write: 0 } },
    anthropic: { input: 12, output: 9, reasoning: 0, cache: { read: 20_480, write: 1_024 } },
    google: { input: 38, output: 9, reasoning: 0, cache: { read: 1280, write: 0 } },
  },
  reasoning: {
    openai: { input: 68, output: 7, reasoning: 14, cache: { read: 832, write: 0 } },
    "openai-responses": { input: 68, output: 20, reasoning: 64, cache: { read: 832, write: 0 } },
    anthropic: { input: 12, output: 9, reasoning: 21, cache: { read: 20_480, write: 1_024 } },
    google: { input: 900, output: 4, reasoning: 21, cache: { read: 0, write: 0 } },
  },
}

/** What a wire wants back with its answer. */
const OPAQUE: Record<string, unknown[]> = {
  openai: [],
  "openai-responses": [
    {
      openai: {
        itemId: expect.stringMatching(/^rs_/) as unknown,
        reasoningEncryptedContent: expect.any(String) as unknown,
      },
    },
    {
      openai: {
        itemId: expect.stringMatching(/^rs_/) as unknown,
        reasoningEncryptedContent: expect.any(String) as unknown,
      },
    },
    { openai: { itemId: expect.stringMatching(/^msg_/) as unknown, phase: "final_answer" } },
  ],
  anthropic: [
    { anthropic: { signature: expect.any(String) as unknown } },
    { anthropic: { redactedData: expect.any(String) as unknown } },
  ],
  google: [{ google: { thoughtSignature: expect.any(String) as unknown } }],
}

for (const wire of Object.keys(WIRES)) {
  test(`${wire}: a text, and what the cache read`, async () => {
    const { ours } = await replay(wire, "text")
    const events = await ours()
    expect(joined(events, "text-delta")).toBe("Grüße from the model 👋.")
    expect(events.at(-1)).toMatchObject({ type: "finish", reason: "stop", usage: TOKENS.text?.[wire] })
  })

  test(`${wire}: reasoning, and what goes back to its issuer`, async () => {
    const { ours } = await replay(wire, "reasoning")
    const events = await ours()
    expect(joined(events, "reasoning-delta")).toContain("The user wants")
    expect(joined(events, "text-delta")).toBe("Forty-two.")
    expect(events.at(-1)).toMatchObject({ reason: "stop", usage: TOKENS.reasoning?.[wire] })
    const opaque = events.flatMap((event) => ("metadata" in event && event.metadata ? [event.metadata] : []))
    expect(opaque).toEqual(OPAQUE[wire])
  })

  test(`${wire}: two calls at once`, async () => {
    const { ours } = await replay(wire, "calls")
    const events = await ours()
    const calls = events.filter((event) => event.type === "tool-call")
    expect(calls.map(({ tool, input }) => [tool, JSON.parse(input)])).toEqual([
      ["read", { filePath: "/src/a.ts" }],
      ["bash", { command: 'ls -la "ü"' }],
    ])
    expect(events.at(-1)).toMatchObject({ reason: "tool-calls" })
  })

  test(`${wire}: an error in the middle`, async () => {
    const { ours } = await replay(wire, "error")
    await expect(ours()).rejects.toMatchObject({ name: "ProviderFailure", isRetryable: true })
  })

  test.each(["text", "reasoning", "calls"])(`${wire}: the provider's package hears the same in %s`, async (answer) => {
    const { ours, theirs } = await replay(wire, answer)
    const said = (events: ModelEvent[]): unknown[] => [
      joined(events, "reasoning-delta"),
      joined(events, "text-delta"),
      events.flatMap((event) => (event.type === "tool-call" ? [[event.tool, event.input, event.metadata]] : [])),
      // A package may give the first of several summaries the seal as it was announced; the last one counts.
      events.flatMap((event) => (event.type === "reasoning-end" ? [event.metadata] : [])).at(-1),
      events.flatMap((event) => (event.type === "finish" ? [event.reason] : [])),
    ]
    expect(said(await ours())).toEqual(said(await theirs()))
  })
}
