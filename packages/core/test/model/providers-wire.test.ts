import { createAnthropic } from "@ai-sdk/anthropic"
import { createAzure } from "@ai-sdk/azure"
import { createGoogleGenerativeAI } from "@ai-sdk/google"
import { createOpenAI } from "@ai-sdk/openai"
import type { LanguageModelV3, LanguageModelV3StreamPart } from "@ai-sdk/provider"
import { createTogetherAI } from "@ai-sdk/togetherai"
import { expect, onTestFinished, test } from "vitest"
import { secret } from "@opencode/core/lib/secret.ts"
import type { ModelEvent } from "@opencode/core/model/events.ts"
import { openLanguage } from "@opencode/core/model/language.ts"
import { createRequest } from "@opencode/core/model/request.ts"
import { streamAnswer } from "@opencode/core/model/stream.ts"
import { googleReader } from "@opencode/core/model/wire/google-generate.ts"
import { openaiResponsesReader } from "@opencode/core/model/wire/openai-responses.ts"
import type { Emit, PartReader } from "@opencode/core/model/wire/part-reader.ts"
import { modelServer } from "@opencode/testing/model-server.ts"
import { calls, callsMany, says, script, thinks } from "@opencode/testing/script.ts"
import { collect } from "./answers.ts"

type Settings = { baseURL: string; apiKey: string; fetch: typeof fetch }
/** Packages whose streams are read here, as they are without us. */
const THEIRS: [npm: string, base: string, options: object, open: (settings: Settings) => LanguageModelV3][] = [
  ["@ai-sdk/openai", "/v1", {}, (settings) => createOpenAI(settings).responses("large")],
  ["@ai-sdk/azure", "/openai/v1", {}, (settings) => createAzure(settings).responses("large")],
  ["@ai-sdk/google", "/v1beta", {}, (settings) => createGoogleGenerativeAI(settings).languageModel("large")],
  ["@ai-sdk/togetherai", "/v1", {}, (settings) => createTogetherAI(settings).languageModel("large")],
  ["@ai-sdk/anthropic", "/v1", {}, (settings) => createAnthropic(settings).languageModel("large")],
]

const REPLIES = [
  says("some text in several pieces, Grüße 👋"),
  thinks("a thought or two about it", says("and then words")),
  thinks("a thought", calls("bash", { command: "ls -la" }, { text: "I will look." })),
  callsMany([{ name: "read", input: { filePath: "/a/b/c" } }, { name: "list" }], {
    usage: { input: 5, output: 6, cacheRead: 7, reasoning: 2 },
  }),
  says("cut", { finish: "length" }),
  says("no", { finish: "content-filter" }),
]

const TOOLS = [{ type: "function" as const, name: "bash", inputSchema: { type: "object" as const, properties: {} } }]

async function eventsOf(language: LanguageModelV3): Promise<ModelEvent[]> {
  const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hello" }] }]
  const providerOptions = {
    openai: { store: false, include: ["reasoning.encrypted_content"], forceReasoning: true },
  }
  const { signal } = new AbortController()
  return collect(streamAnswer({ language, options: { prompt, tools: TOOLS, providerOptions }, signal, now: Date.now }))
}

/** What events say, whatever their blocks and calls are called; where text ends among calls is not said by the wires. */
function meaning(events: ModelEvent[]): unknown[] {
  const names = new Map<string, number>()
  const nameOf = (id: string): number => names.get(id) ?? names.set(id, names.size).size - 1
  return events.flatMap((event): unknown[] => {
    if (event.type === "text-end" && !event.metadata) return []
    if (event.type === "finish") return [{ type: event.type, reason: event.reason, usage: event.usage }]
    return [{ ...event, id: nameOf(event.id) }]
  })
}

/** Ids that count requests. */
const anonymous = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replaceAll(/(call_|toolu_01|rs_|msg_|fc_)0\d+/g, "$1"))

test.each(THEIRS)("%s at %s with %j: our reader and the package's hear the same", async (npm, base, options, open) => {
  await using server = await modelServer({ script: script(...REPLIES), repeat: true })
  const request = createRequest()
  onTestFinished(() => request.close())
  const baseURL = server.url + base
  const theirs = open({ baseURL, apiKey: "k", fetch: request as unknown as typeof fetch })
  const input = { npm, providerID: "mock", modelID: "large", baseURL, key: secret("k"), request }
  const ours = await openLanguage({ ...input, headers: {}, options: { ...options }, deadlines: {} })

  const expected = []
  for (const _ of REPLIES) expected.push(meaning(await eventsOf(theirs)))
  const actual = []
  for (const _ of REPLIES) actual.push(meaning(await eventsOf(ours)))
  expect(anonymous(actual)).toEqual(anonymous(expected))
  const bodies = server.requests.map(({ body }) => body)
  expect(bodies.slice(REPLIES.length)).toEqual(bodies.slice(0, REPLIES.length))
  expect(server.unexpected).toEqual([])
})

test("@ai-sdk/openai by chat completions: ours hears what the package's does, and the reasoning of those who copy it", async () => {
  await using server = await modelServer({ script: script(...REPLIES), repeat: true })
  const request = createRequest()
  onTestFinished(() => request.close())
  const baseURL = `${server.url}/v1`
  const theirs = createOpenAI({ baseURL, apiKey: "k", fetch: request as unknown as typeof fetch }).chat("large")
  const input = { npm: "@ai-sdk/openai", providerID: "mock", modelID: "large", baseURL, key: secret("k"), request }
  const ours = await openLanguage({ ...input, headers: {}, options: { useChat: true }, deadlines: {} })
  const withoutBlocks = (events: ModelEvent[]): unknown[] =>
    events.flatMap((event): unknown[] => {
      if (event.type.startsWith("reasoning") || event.type === "text-start" || event.type === "text-end") return []
      return event.type === "text-delta"
        ? [event.delta]
        : event.type === "finish"
          ? [event.reason, event.usage]
          : [event]
    })
  const expected = []
  for (const _ of REPLIES) expected.push(withoutBlocks(await eventsOf(theirs)))
  const heard: ModelEvent[][] = []
  for (const _ of REPLIES) heard.push(await eventsOf(ours))
  expect(anonymous(heard.map(withoutBlocks))).toEqual(anonymous(expected))
  expect(heard[1]?.map(({ type }) => type)).toContain("reasoning-delta")
})

function read(
  open: (emit: Emit, key: string) => PartReader,
  events: unknown[],
  key: string,
): LanguageModelV3StreamPart[] {
  const parts: LanguageModelV3StreamPart[] = []
  const reader = open((part) => parts.push(part), key)
  for (const event of events) reader.event(typeof event === "string" ? event : JSON.stringify(event))
  reader.end()
  return parts
}
const responses = (...events: unknown[]) => read(openaiResponsesReader, events, "openai")
const google = (...events: unknown[]) => read(googleReader, events, "google")
const types = (parts: LanguageModelV3StreamPart[]) => parts.map(({ type }) => type)

test("responses: several summaries of one reasoning are several parts with one seal", () => {
  const summary = (summary_index: number, delta: string) => ({
    type: "response.reasoning_summary_text.delta",
    item_id: "rs_1",
    output_index: 0,
    summary_index,
    delta,
  })
  const parts = responses(
    { type: "response.output_item.added", output_index: 0, item: { id: "rs_1", type: "reasoning" } },
    summary(0, "first"),
    summary(1, "second"),
    {
      type: "response.output_item.done",
      output_index: 0,
      item: { id: "rs_1", type: "reasoning", encrypted_content: "sealed" },
    },
    { type: "response.completed", response: {} },
  )
  expect(types(parts)).toEqual([
    "reasoning-start",
    "reasoning-delta",
    "reasoning-start",
    "reasoning-delta",
    "reasoning-end",
    "reasoning-end",
    "finish",
  ])
  const opaque = { openai: { itemId: "rs_1", reasoningEncryptedContent: "sealed" } }
  expect(parts[4]).toMatchObject({ id: "rs_1:0", providerMetadata: opaque })
  expect(parts[5]).toMatchObject({ id: "rs_1:1", providerMetadata: opaque })
})

test("responses: sealed reasoning without a word is kept", () => {
  const item = { id: "rs_1", type: "reasoning", summary: [], encrypted_content: "sealed" }
  const parts = responses(
    { type: "response.output_item.done", output_index: 0, item },
    { type: "response.completed", response: {} },
  )
  expect(types(parts)).toEqual(["reasoning-start", "reasoning-end", "finish"])
})

test("responses: servers that announce no items, or send calls whole, are understood", () => {
  const done = { type: "function_call", id: "fc_1", call_id: "c", name: "bash", arguments: "{}" }
  const parts = responses(
    { type: "response.output_text.delta", output_index: 0, item_id: "m", delta: "hi" },
    { type: "response.output_item.done", output_index: 1, item: done },
    { type: "response.completed", response: {} },
    "[DONE]",
  )
  expect(parts.map(({ type }) => type)).toContain("tool-call")
  expect(parts.find(({ type }) => type === "text-delta")).toMatchObject({ delta: "hi" })
  expect(parts.at(-1)).toMatchObject({ type: "finish", finishReason: { unified: "tool-calls" } })
})

test("responses: a failure in the stream is an error in either shape", () => {
  const failed = { type: "response.failed", response: { error: { code: "server_error", message: "broken" } } }
  expect(responses(failed)).toEqual([{ type: "error", error: { code: "server_error", message: "broken" } }])
  expect(responses({ type: "error", code: "rate_limit_exceeded", message: "slow down" })).toEqual([
    { type: "error", error: { code: "rate_limit_exceeded", message: "slow down" } },
  ])
})

test("responses: a refusal is shown, and what is not known is passed over", () => {
  const parts = responses(
    { type: "response.queued" },
    { type: "response.output_item.added", output_index: 0, item: { id: "ws_1", type: "web_search_call" } },
    { type: "response.output_item.done", output_index: 0, item: { id: "ws_1", type: "web_search_call" } },
    { type: "response.output_item.added", output_index: 1, item: { id: "msg_1", type: "message" } },
    { type: "response.refusal.delta", output_index: 1, item_id: "msg_1", delta: "I cannot." },
    { type: "response.completed", response: { output: 5, usage: "much" } },
  )
  expect(types(parts)).toEqual(["text-start", "text-delta", "text-end", "finish"])
})

const chunk = (part: object, more: object = {}) => ({ candidates: [{ content: { parts: [part] }, ...more }] })

test("google: a signature that comes alone belongs to the text before it", () => {
  const parts = google(chunk({ text: "hi" }), chunk({ text: "", thoughtSignature: "s" }, { finishReason: "STOP" }))
  expect(parts[2]).toMatchObject({ delta: "", providerMetadata: { google: { thoughtSignature: "s" } } })
})

test("google: calls without ids get some, and arguments may be missing", () => {
  const made = google(
    chunk({ functionCall: { name: "list" }, thoughtSignature: "s" }),
    chunk({ functionCall: { name: "read", args: { a: 1 }, id: "own" } }, { finishReason: "STOP" }),
  ).filter((part) => part.type === "tool-call")
  expect(made).toMatchObject([
    { toolCallId: "call_0", toolName: "list", input: "{}", providerMetadata: { google: { thoughtSignature: "s" } } },
    { toolCallId: "own", toolName: "read", input: '{"a":1}' },
  ])
})

test("google: a prompt that was blocked ends as filtered; an error in the stream is one", () => {
  expect(google({ promptFeedback: { blockReason: "SAFETY" } }).at(-1)).toMatchObject({
    finishReason: { unified: "content-filter" },
  })
  expect(google({ error: { code: 503, message: "overloaded", status: "UNAVAILABLE" } })).toEqual([
    { type: "error", error: { code: 503, message: "overloaded", status: "UNAVAILABLE" } },
  ])
})

test("google: what the service ran itself is passed over, members of the wrong type too", () => {
  const odd = [{}, { candidates: 5 }, { candidates: [{}] }, { candidates: [{ content: { parts: [null, 3] } }] }]
  const parts = google(
    ...odd,
    chunk({ executableCode: { code: "1+1" } }),
    chunk({ inlineData: { data: "" } }),
    chunk({ text: "ok" }, { finishReason: "STOP" }),
  )
  expect(types(parts)).toEqual(["text-start", "text-delta", "text-end", "finish"])
})
