import type { LanguageModelV3CallOptions, LanguageModelV3Message } from "@ai-sdk/provider"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import { calls, says, thinks } from "@opencode/testing/script.ts"
import type { WireName } from "@opencode/testing/wire.ts"
import { world } from "@opencode/testing/world.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { applyQuirks, QUIRKS } from "@opencode/core/model/quirks/apply.ts"
import { inferenceProfile } from "@opencode/core/model/quirks/bedrock.ts"
import { BODY_QUIRKS, bodyQuirks } from "@opencode/core/model/quirks/body.ts"
import { cacheMark } from "@opencode/core/model/quirks/cache-mark.ts"
import { googleSchema } from "@opencode/core/model/quirks/google.ts"
import { returnedReasoning, returnedWith } from "@opencode/core/model/quirks/opaque.ts"
import { schemas } from "@opencode/testing/law-google.ts"
import { modelOf } from "../turn/history.ts"

function model(npm: string, id = "large", more: Partial<Model["capabilities"]> = {}): Model {
  const made = modelOf("@ai-sdk/openai-compatible", { id })
  return { ...made, api: { ...made.api, npm, id }, capabilities: { ...made.capabilities, ...more } }
}
const user = (text: string): LanguageModelV3Message => ({ role: "user", content: [{ type: "text", text }] })
const said = (text: string): LanguageModelV3Message => ({ role: "assistant", content: [{ type: "text", text }] })
const call = (...ids: string[]): LanguageModelV3Message => ({
  role: "assistant",
  content: ids.map((toolCallId) => ({ type: "tool-call", toolCallId, toolName: "bash", input: {} })),
})
const result = (...ids: string[]): LanguageModelV3Message => ({
  role: "tool",
  content: ids.map((toolCallId) => ({
    type: "tool-result",
    toolCallId,
    toolName: "bash",
    output: { type: "text", value: "ok" },
  })),
})
const idsOf = (prompt: LanguageModelV3Message[]): string[] =>
  prompt.flatMap(({ role, content }) =>
    role === "assistant" || role === "tool"
      ? content.flatMap((part) => ("toolCallId" in part ? [part.toolCallId] : []))
      : [],
  )
const promptFor = (npm: string, prompt: LanguageModelV3Message[], id?: string): LanguageModelV3Message[] =>
  applyQuirks({ prompt }, model(npm, id)).prompt

test("every quirk names where it is from, and whether it was tried", () => {
  for (const quirk of [...QUIRKS, ...BODY_QUIRKS]) {
    expect(quirk.source).toMatch(/^https:\/\//)
    expect(quirk.tried).toBe(false)
  }
  expect(new Set(QUIRKS.map(({ name }) => name)).size).toBe(QUIRKS.length)
})

test("a provider without peculiarities gets the request as it is", () => {
  const options: LanguageModelV3CallOptions = { prompt: [user("go"), call("call_1"), result("call_1"), user("on")] }
  for (const npm of ["@ai-sdk/openai-compatible", "@ai-sdk/anthropic", "@ai-sdk/groq", "@ai-sdk/xai", "@ai-sdk/cohere"])
    expect(applyQuirks(options, model(npm))).toBe(options)
})

test.each([
  ["@ai-sdk/mistral", "mistral-large"],
  ["@ai-sdk/openai-compatible", "mistralai/Devstral-Small"],
  ["@ai-sdk/amazon-bedrock", "mistral.ministral-3-8b"],
])("Mistral's ids are nine letters and digits, unique, and the same each time (%s %s)", (npm, id) => {
  const ids = Array.from({ length: 300 }, (_, n) => `call_0000000000000000000${n}`)
  const prompt = [user("go"), call(...ids, "abcDEF123"), result(...ids, "abcDEF123")]
  const changed = idsOf(promptFor(npm, prompt, id))
  expect(new Set(changed).size).toBe(301)
  for (const name of changed) expect(name).toMatch(/^[A-Za-z0-9]{9}$/)
  expect(changed.slice(0, 301)).toEqual(changed.slice(301))
  expect(changed).toContain("abcDEF123")
  expect(idsOf(promptFor(npm, [...prompt, user("more")], id))).toEqual(changed)
})

test("Mistral's model speaks between a result and the user", () => {
  const roles = (prompt: LanguageModelV3Message[]) => promptFor("@ai-sdk/mistral", prompt).map(({ role }) => role)
  expect(roles([user("go"), call("a"), result("a"), user("stop")])).toEqual([
    "user",
    "assistant",
    "tool",
    "assistant",
    "user",
  ])
  expect(roles([user("go"), call("a"), result("a")])).toEqual(["user", "assistant", "tool"])
})

test("Google's calls follow the user or a result", () => {
  const roles = (prompt: LanguageModelV3Message[]) => promptFor("@ai-sdk/google", prompt).map(({ role }) => role)
  expect(roles([user("go"), said("half"), call("a"), result("a")])).toEqual([
    "user",
    "assistant",
    "user",
    "assistant",
    "tool",
  ])
  expect(roles([user("go"), call("a"), result("a"), call("b"), result("b")])).toHaveLength(5)
})

test("Perplexity's user and model take turns", () => {
  const prompt = promptFor("@ai-sdk/perplexity", [user("a"), user("b"), said("c"), said("d"), user("e")])
  expect(prompt.map(({ role, content }) => [role, content.length])).toEqual([
    ["user", 2],
    ["assistant", 2],
    ["user", 1],
  ])
})

test.each([
  ["John's report.pdf", "John s report"],
  ["slack-file://F0XX", "slack-file F0XX"],
  ["a  b\t c.tar.gz", "a b c tar"],
  ["분기보고서.pdf", undefined],
  ["x".repeat(300), "x".repeat(200)],
])("Bedrock's name for %s is %s", (filename, expected) => {
  const file = { type: "file" as const, data: "AAAA", mediaType: "application/pdf", filename }
  const [message] = promptFor("@ai-sdk/amazon-bedrock", [{ role: "user", content: [file] }])
  const [part] = message?.role === "user" ? message.content : []
  expect(part?.type === "file" ? part.filename : "no file").toBe(expected)
})

test.each([
  ["anthropic.claude-sonnet-4-5-20250929-v1:0", "us-east-1", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"],
  ["anthropic.claude-sonnet-4-5-20250929-v1:0", "eu-north-1", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"],
  ["anthropic.claude-haiku-4-5-20251001-v1:0", "ap-northeast-1", "jp.anthropic.claude-haiku-4-5-20251001-v1:0"],
  ["anthropic.claude-haiku-4-5-20251001-v1:0", "ap-south-1", "apac.anthropic.claude-haiku-4-5-20251001-v1:0"],
  ["amazon.nova-pro-v1:0", "us-gov-west-1", "us-gov.amazon.nova-pro-v1:0"],
  ["global.anthropic.claude-sonnet-4-5-20250929-v1:0", "us-east-1", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"],
  ["us.amazon.nova-pro-v1:0", "eu-west-1", "us.amazon.nova-pro-v1:0"],
  ["anthropic.claude-3-haiku-20240307-v1:0", "us-east-1", "anthropic.claude-3-haiku-20240307-v1:0"],
  [
    "arn:aws:bedrock:us-east-1:1:application-inference-profile/x",
    "us-east-1",
    "arn:aws:bedrock:us-east-1:1:application-inference-profile/x",
  ],
  ["openai.gpt-oss-120b-1:0", "us-west-2", "openai.gpt-oss-120b-1:0"],
  ["anthropic.claude-sonnet-4-5-20250929-v1:0", "ca-central-1", "anthropic.claude-sonnet-4-5-20250929-v1:0"],
])("Bedrock answers to %s in %s as %s", (id, region, expected) => {
  expect(inferenceProfile(id, region)).toBe(expected)
})

test("OpenAI keeps nothing, and seals its reasoning, unless the user wants otherwise", () => {
  const optionsOf = (given: object | undefined, npm = "@ai-sdk/openai", reasoning = true) =>
    applyQuirks(
      { prompt: [], ...(given && { providerOptions: { openai: { ...given } } }) },
      model(npm, "x", { reasoning }),
    ).providerOptions?.openai
  expect(optionsOf(undefined)).toEqual({ store: false, include: ["reasoning.encrypted_content"], forceReasoning: true })
  expect(optionsOf({ include: ["web_search_call.results"], reasoningEffort: "low" })).toMatchObject({
    include: ["web_search_call.results", "reasoning.encrypted_content"],
    reasoningEffort: "low",
  })
  expect(optionsOf({ store: true, forceReasoning: false })).toEqual({ store: true, forceReasoning: false })
  expect(optionsOf(undefined, "@ai-sdk/azure", false)).toEqual({ store: false })
})

test.each([
  ["gpt-5.1", "https://api.openai.com/v1", true],
  ["o3-mini", "https://acme.openai.azure.com/openai/v1", true],
  ["gpt-4o", "https://api.openai.com/v1", false],
  ["gpt-5.1", "https://api.example.com/v1", false],
  ["gpt-5.1", "https://api.openai.com.evil.example/v1", false],
])("the body for %s at %s counts completion tokens: %s", (modelID, baseURL, isChanged) => {
  const body = { model: modelID, max_tokens: 100, temperature: 1, messages: [] }
  const expected = { model: modelID, max_completion_tokens: 100, messages: [] }
  expect(bodyQuirks({ modelID, baseURL })(body)).toEqual(isChanged ? expected : body)
})

test("DeepSeek's calls carry reasoning, if only an empty one", () => {
  const messages = [
    { role: "user", content: "go" },
    { role: "assistant", content: null, tool_calls: [{}] },
    { role: "assistant", content: null, tool_calls: [{}], reasoning_content: "hm" },
    { role: "assistant", content: "done" },
  ]
  const change = bodyQuirks({ modelID: "deepseek-v4-pro", baseURL: "https://api.deepseek.com" })
  const { messages: changed } = change({ messages }) as { messages: { reasoning_content?: string }[] }
  expect(changed.map(({ reasoning_content }) => reasoning_content)).toEqual([undefined, "", "hm", undefined])
})

test.each<[string, string, object | undefined]>([
  ["@ai-sdk/anthropic", "claude", { anthropic: { cacheControl: { type: "ephemeral" } } }],
  ["@ai-sdk/google-vertex/anthropic", "claude-opus-4-6", { anthropic: { cacheControl: { type: "ephemeral" } } }],
  ["@ai-sdk/amazon-bedrock", "us.anthropic.claude-opus-4-6", { bedrock: { cachePoint: { type: "default" } } }],
  ["@ai-sdk/amazon-bedrock", "amazon.nova-pro-v1:0", { bedrock: { cachePoint: { type: "default" } } }],
  ["@ai-sdk/amazon-bedrock", "anthropic.claude-3-haiku-20240307-v1:0", undefined],
  ["@ai-sdk/amazon-bedrock", "meta.llama3-3-70b-instruct-v1:0", undefined],
  ["@openrouter/ai-sdk-provider", "anthropic/claude-opus-4.6", { openrouter: { cacheControl: { type: "ephemeral" } } }],
  ["@openrouter/ai-sdk-provider", "openai/gpt-5", undefined],
  ["@ai-sdk/gateway", "anthropic/claude-opus-4.6", { anthropic: { cacheControl: { type: "ephemeral" } } }],
  ["@ai-sdk/openai", "gpt-5", undefined],
])("the mark for the cache of %s with %s", (npm, id, expected) => {
  expect(cacheMark(model(npm, id))).toEqual(expected)
})

const SEALED = { itemId: "rs_1", reasoningEncryptedContent: "x" }
test.each<[string, string, object | undefined, object | undefined]>([
  ["signed", "@ai-sdk/anthropic", { anthropic: { signature: "s" } }, { anthropic: { signature: "s" } }],
  ["unsigned", "@ai-sdk/anthropic", undefined, undefined],
  ["signed, at Amazon", "@ai-sdk/amazon-bedrock", { bedrock: { signature: "s" } }, { bedrock: { signature: "s" } }],
  ["of another service", "@ai-sdk/amazon-bedrock", { anthropic: { signature: "s" } }, undefined],
  ["sealed", "@ai-sdk/openai", { openai: SEALED }, { openai: SEALED }],
  ["sealed by the other name", "@ai-sdk/azure", { azure: SEALED }, { azure: SEALED }],
  ["named and not sealed", "@ai-sdk/openai", { openai: { ...SEALED, reasoningEncryptedContent: null } }, undefined],
  ["signed by Google", "@ai-sdk/google", { google: { thoughtSignature: "s" } }, { google: { thoughtSignature: "s" } }],
  ["without a signature of Google's", "@ai-sdk/google", undefined, undefined],
  [
    "with details",
    "@openrouter/ai-sdk-provider",
    { openrouter: { reasoning_details: [{}] } },
    { openrouter: { reasoning_details: [{}] } },
  ],
])("reasoning that is %s goes back by %s as it may", (_, npm, metadata, expected) => {
  const returned = returnedReasoning({ text: "hm", metadata: metadata && { ...metadata } }, model(npm))
  expect(returned?.providerOptions).toEqual(expected)
  if (!expected) expect(returned).toBeUndefined()
})

test("reasoning that nobody sealed goes back where the model wants to see it", () => {
  const back = (npm: string, interleaved: boolean) =>
    returnedReasoning({ text: "hm" }, model(npm, "x", { interleaved }))
  for (const npm of ["@ai-sdk/openai-compatible", "@ai-sdk/groq", "@ai-sdk/mistral", "@openrouter/ai-sdk-provider"]) {
    expect(back(npm, true)).toEqual({ text: "hm" })
    expect(back(npm, false)).toBeUndefined()
  }
})

test("ids that name what was not stored stay here; phases and signatures go back", () => {
  expect(returnedWith({ openai: { itemId: "msg_1", phase: "commentary" } }, model("@ai-sdk/openai"))).toEqual({
    openai: { phase: "commentary" },
  })
  expect(returnedWith({ openai: { itemId: "fc_1" } }, model("@ai-sdk/openai"))).toBeUndefined()
  expect(returnedWith({ vertex: { thoughtSignature: "s" } }, model("@ai-sdk/google-vertex"))).toEqual({
    vertex: { thoughtSignature: "s" },
  })
  expect(returnedWith({ mock: { thoughtSignature: "s" } }, model("@ai-sdk/openai-compatible"))).toEqual({
    google: { thoughtSignature: "s" },
  })
  expect(returnedWith({ google: { thoughtSignature: "s" } }, model("@ai-sdk/anthropic"))).toBeUndefined()
})

const lawful = (schema: object): string | undefined =>
  schemas({ tools: [{ functionDeclarations: [{ name: "t", parameters: googleSchema({ ...schema }) }] }] })

test.each<[string, object, object]>([
  [
    "a reference",
    { $defs: { a: { type: "integer" } }, properties: { x: { $ref: "#/$defs/a" } } },
    { x: { type: "integer" } },
  ],
  ["numbers to choose from", { properties: { x: { enum: [1, 2] } } }, { x: { type: "string", enum: ["1", "2"] } }],
  ["one value", { properties: { x: { const: true } } }, { x: { type: "string", enum: ["true"] } }],
  ["or null", { properties: { x: { type: ["integer", "null"] } } }, { x: { type: "integer", nullable: true } }],
  [
    "one of two",
    { properties: { x: { oneOf: [{ type: "string" }, { type: "array" }] } } },
    { x: { anyOf: [{ type: "string" }, { type: "array", items: { type: "string" } }] } },
  ],
  [
    "a choice of one and null",
    { properties: { x: { anyOf: [{ type: "string", format: "uri" }, { type: "null" }], description: "d" } } },
    { x: { type: "string", description: "d", nullable: true } },
  ],
  [
    "several at once",
    { properties: { x: { allOf: [{ properties: { a: { type: "string" } } }, { required: ["a", "gone"] }] } } },
    { x: { type: "object", properties: { a: { type: "string" } }, required: ["a"] } },
  ],
])("a schema with %s fits into Google's subset", (_, schema, properties) => {
  expect(googleSchema({ type: "object", ...schema }).properties).toEqual(properties)
  expect(lawful({ type: "object", ...schema })).toBeUndefined()
})

test("a schema that refers to itself ends", () => {
  const node = { type: "object", properties: { next: { $ref: "#/$defs/node" } } }
  expect(lawful({ type: "object", $defs: { node }, properties: { first: { $ref: "#/$defs/node" } } })).toBeUndefined()
})

const anySchema: fc.Arbitrary<object> = fc.letrec((tie) => ({
  schema: fc.oneof(
    { maxDepth: 4 },
    fc.record(
      {
        type: fc.constantFrom<unknown>("string", "integer", "object", "array", "null", ["string", "null"], 7),
        format: fc.constantFrom("uri", "date-time"),
        enum: fc.constantFrom<unknown[]>([], ["a"], [1, null], [true, "true"]),
        additionalProperties: fc.boolean(),
        $ref: fc.constantFrom("#/$defs/a", "#/definitions/b", "https://example.com/x"),
        const: fc.constantFrom<unknown>(1, "x", null),
        required: fc.constantFrom<unknown>(["a"], "a", [1]),
      },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        type: fc.constantFrom("object", "array"),
        properties: fc.dictionary(fc.constantFrom("a", "b", "$ref"), tie("schema")),
        items: tie("schema"),
        anyOf: fc.array(tie("schema"), { maxLength: 2 }),
        allOf: fc.array(tie("schema"), { maxLength: 2 }),
        $defs: fc.record({ a: tie("schema") }),
      },
      { requiredKeys: [] },
    ),
  ),
})).schema as fc.Arbitrary<object>

test("any schema becomes one that Google takes", () => {
  fc.assert(
    fc.property(anySchema, (schema) => {
      const made = googleSchema({ properties: { x: { type: "string" } }, ...schema })
      const fields = JSON.stringify(made).replaceAll(/"\$ref":\{/g, "{")
      expect(fields).not.toMatch(/"(\$ref|additionalProperties|\$defs|const)":/)
    }),
    { numRuns: 500 },
  )
})

const WIRES: WireName[] = ["openai", "anthropic", "openai-responses", "google"]
const OPAQUE: Record<string, RegExp> = {
  anthropic: /"signature":"c2lnbmVk/,
  "openai-responses": /"encrypted_content":"c2lnbmVk/,
  google: /"thoughtSignature":"c2lnbmVk/,
}

test.each(WIRES)("a turn with reasoning and a call: what was sealed goes back with the result (%s)", async (wire) => {
  await using w = await world({
    wire,
    files: { "a.txt": "hello" },
    model: [thinks("I should read it.", calls("read", { filePath: "a.txt" })), says("It says hello.")],
  })
  await w.prompt("what is in a.txt?")
  expect(w.model.unexpected).toEqual([])
  expect((await w.calls()).map(({ state }) => state.status)).toEqual(["completed"])
  const sent = JSON.stringify(w.model.requests.at(-1)?.body)
  expect(sent).toContain("hello")
  const opaque = OPAQUE[wire]
  if (opaque) expect(sent).toMatch(opaque)
})

test.each(WIRES)("after a change of the model nothing that was sealed goes along (%s)", async (wire) => {
  await using w = await world({
    wire,
    model: [thinks("hm", says("first")), says("second")],
  })
  await w.prompt("one")
  const messages: MessageWithParts[] = await w.transcript()
  expect(JSON.stringify(messages)).toContain("first")
  const { compile } = await import("@opencode/core/turn/compile.ts")
  for (const npm of ["@ai-sdk/anthropic", "@ai-sdk/openai", "@ai-sdk/google", "@ai-sdk/openai-compatible"]) {
    const other = { ...model(npm), providerID: "other" }
    expect(JSON.stringify(compile({ system: [], messages, tools: [], model: other }))).not.toMatch(/c2lnbmVk|rs_0/)
  }
})
