import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import { createAnthropic } from "@ai-sdk/anthropic"
import type { LanguageModelV3, LanguageModelV3StreamPart } from "@ai-sdk/provider"
import { expect, onTestFinished, test } from "vitest"
import { createRequest } from "@opencode/core/model/request.ts"
import { anthropicMessagesReader } from "@opencode/core/model/wire/anthropic-messages.ts"
import { openaiChatReader } from "@opencode/core/model/wire/openai-chat.ts"
import { sseReader } from "@opencode/core/model/wire/sse.ts"
import { openLanguage } from "@opencode/core/model/language.ts"
import { modelServer } from "@opencode/testing/model-server.ts"
import { calls, callsMany, says, script, thinks } from "@opencode/testing/script.ts"
import { collect, WIRES } from "./answers.ts"

const PROMPT = { prompt: [{ role: "user" as const, content: [{ type: "text" as const, text: "hello" }] }] }

const partsOf = async (language: LanguageModelV3) => collect((await language.doStream(PROMPT)).stream)

/** What parts say, whatever their blocks are called; parts that nobody here uses are left out. */
function meaning(parts: LanguageModelV3StreamPart[]): unknown[] {
  const blocks = new Map<string, number>()
  const nameOf = (id: string): number => blocks.get(id) ?? blocks.set(id, blocks.size).size - 1
  return parts.flatMap((part): unknown[] => {
    // Ours ends the text before a call starts, the package after all calls.
    if (part.type === "text-end" || part.type === "stream-start" || part.type === "response-metadata") return []
    if (part.type === "finish") {
      const { inputTokens, outputTokens } = part.usage
      return [{ type: part.type, reason: part.finishReason, inputTokens, output: outputTokens.total }]
    }
    if (part.type === "tool-call") return [{ ...part, providerExecuted: undefined }]
    return ["id" in part && !part.type.startsWith("tool") ? { ...part, id: nameOf(part.id) } : part]
  })
}

for (const npm of WIRES)
  test(`${npm}: the package hears the same in the same answers`, async () => {
    const replies = [
      says("some text in several pieces, Grüße 👋"),
      thinks("a thought or two about it", calls("bash", { command: "ls -la" }, { text: "I will look." })),
      callsMany([{ name: "read", input: { filePath: "/a/b/c" } }, { name: "list" }], {
        usage: { input: 5, output: 6, cacheRead: 7 },
      }),
      says("cut", { finish: "length" }),
      says("no", { finish: "content-filter" }),
    ]
    await using server = await modelServer({ script: script(...replies), repeat: true })
    const request = createRequest()
    onTestFinished(() => request.close())
    const settings = { baseURL: `${server.url}/v1`, apiKey: "k", fetch: request as unknown as typeof fetch }
    const theirs =
      npm === "@ai-sdk/anthropic"
        ? createAnthropic(settings).languageModel("large")
        : createOpenAICompatible({ ...settings, name: "mock", includeUsage: true }).languageModel("large")
    const input = { npm, providerID: "mock", modelID: "large", baseURL: settings.baseURL, request }
    const ours = await openLanguage({ ...input, headers: {}, options: {}, deadlines: {} })

    const expected = []
    for (const _ of replies) expected.push(meaning(await partsOf(theirs)))
    const actual = []
    for (const _ of replies) actual.push(meaning(await partsOf(ours)))
    const anonymous = (value: unknown) =>
      JSON.parse(JSON.stringify(value).replaceAll(/(call_|toolu_01)\d+/g, "$1")) as unknown
    expect(anonymous(actual)).toEqual(anonymous(expected))
    const bodies = server.requests.map(({ body }) => body)
    expect(bodies.slice(replies.length)).toEqual(bodies.slice(0, replies.length))
  })

function read(chunks: unknown[]): LanguageModelV3StreamPart[] {
  const parts: LanguageModelV3StreamPart[] = []
  const reader = openaiChatReader((part) => parts.push(part), "mock")
  for (const chunk of chunks) reader.event(typeof chunk === "string" ? chunk : JSON.stringify(chunk))
  reader.end()
  return parts
}
const delta = (value: object, finish_reason: string | null = null) => ({ choices: [{ delta: value, finish_reason }] })
const call = (value: object) => delta({ tool_calls: [value] })
const made = (parts: LanguageModelV3StreamPart[]) =>
  parts.flatMap((part) => (part.type === "tool-call" ? [[part.toolCallId, part.toolName, part.input]] : []))

test("servers that number every call 0, or none, are understood", () => {
  const whole = (id: string, n?: number) =>
    call({ ...(n === undefined ? {} : { index: n }), id, function: { name: "read", arguments: `{"p":"${id}"}` } })
  const expected = [
    ["a", "read", '{"p":"a"}'],
    ["b", "read", '{"p":"b"}'],
  ]
  expect(made(read([whole("a", 0), whole("b", 0), delta({}, "tool_calls")]))).toEqual(expected)
  expect(made(read([whole("a"), whole("b"), delta({}, "tool_calls")]))).toEqual(expected)
})

test("a call whose name, id or arguments come late or in another type is still one call", () => {
  const late = [
    call({ index: 0, id: "a", function: { arguments: '{"x"' } }),
    call({ index: 0, function: { name: "read", arguments: ":1" } }),
    call({ index: 0, id: "a", function: { name: "read", arguments: "}" } }),
    delta({}, "tool_calls"),
  ]
  expect(made(read(late))).toEqual([["a", "read", '{"x":1}']])
  const object = [call({ index: 0, function: { name: "read", arguments: { x: 1 } } }), delta({}, "stop")]
  expect(made(read(object))).toEqual([["call_0", "read", '{"x":1}']])
  expect(made(read([call({ index: 0, id: "a", function: { name: "list" } }), delta({}, "stop")]))).toEqual([
    ["a", "list", "{}"],
  ])
})

test.each(["reasoning_content", "reasoning", "reasoning_text"])(
  "reasoning is found in %s and ends before the text",
  (field) => {
    const types = read([delta({ [field]: "hm" }), delta({ content: "yes" }), delta({}, "stop")]).map(({ type }) => type)
    expect(types.slice(0, 5)).toEqual([
      "reasoning-start",
      "reasoning-delta",
      "reasoning-end",
      "text-start",
      "text-delta",
    ])
  },
)

test("an end without a reason is an end when the server says so", () => {
  expect(read([delta({ content: "yes" }), "[DONE]"]).at(-1)).toMatchObject({ type: "finish" })
  expect(read([delta({ content: "yes" })]).at(-1)).toMatchObject({ type: "text-delta" })
})

test("Google's signature of a call is kept for the way back", () => {
  const signed = {
    index: 0,
    id: "a",
    function: { name: "f", arguments: "{}" },
    extra_content: { google: { thought_signature: "s" } },
  }
  expect(read([call(signed), delta({}, "tool_calls")]).find((part) => part.type === "tool-call")).toMatchObject({
    providerMetadata: { mock: { thoughtSignature: "s" } },
  })
})

test("members of the wrong type are passed over", () => {
  const odd = [
    {},
    { choices: null },
    { choices: [null] },
    { choices: [{ delta: 5 }] },
    { usage: "much", choices: [{ delta: { content: 7 } }] },
  ]
  expect(read([...odd, delta({ content: "ok" }, "stop")]).filter((part) => part.type === "text-delta")).toHaveLength(1)
})

test("redacted reasoning of Anthropic goes through whole", () => {
  const parts: LanguageModelV3StreamPart[] = []
  const reader = anthropicMessagesReader((part) => parts.push(part))
  reader.event('{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"xyz"}}')
  reader.event(
    '{"type":"content_block_start","index":1,"content_block":{"type":"server_tool_use","id":"s","name":"web"}}',
  )
  reader.event('{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{}"}}')
  reader.event('{"type":"content_block_stop","index":1}')
  reader.event('{"type":"content_block_stop","index":0}')
  reader.end()
  expect(parts).toEqual([
    { type: "reasoning-start", id: "0", providerMetadata: { anthropic: { redactedData: "xyz" } } },
    { type: "reasoning-end", id: "0" },
  ])
})

test("events survive any split of their bytes, comments, ids and many lines of data", () => {
  const stream = ': hello\r\nid: 1\r\ndata: {"a":\r\ndata:"ü👋"}\r\n\r\nevent: x\ndata: 2\n\n\n\ndata: last\n'
  const bytes = new TextEncoder().encode(stream)
  for (let size = 1; size <= bytes.length; size++) {
    const heard: string[] = []
    const reader = sseReader((data) => heard.push(data))
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size))
    reader.end()
    expect(heard).toEqual(['{"a":\n"ü👋"}', "2", "last"])
  }
})

test("an event without end is refused", () => {
  const reader = sseReader(() => {})
  const block = new Uint8Array(4 * 1024 * 1024).fill(97)
  expect(() => {
    for (let i = 0; i < 8; i++) reader.push(block)
  }).toThrow("without end")
})
