import { expect, test } from "vitest"
import type { ModelEvent } from "@opencode/core/model/events.ts"
import { ProviderFailure } from "@opencode/core/model/failure.ts"
import { streamAnswer } from "@opencode/core/model/stream.ts"
import { modelServer } from "@opencode/testing/model-server.ts"
import * as say from "@opencode/testing/script.ts"
import { all, ALL_WIRES, ask, collect, type Asking } from "./answers.ts"

const failure = async (asking: Asking): Promise<ProviderFailure> => {
  const error: unknown = await all(asking).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(ProviderFailure)
  return error as ProviderFailure
}
const textOf = (events: ModelEvent[]) =>
  events.map((event) => (event.type === "text-delta" ? event.delta : "")).join("")

const KEY_HEADERS: Record<string, string> = { "@ai-sdk/anthropic": "x-api-key", "@ai-sdk/google": "x-goog-api-key" }

for (const npm of ALL_WIRES) {
  const usage = { input: 100, output: 20, cacheRead: 30, reasoning: 5 }

  test(`${npm}: text comes in order and ends with what it cost`, async () => {
    await using server = await modelServer({ script: [say.says("Grüße, 世界 👋 and more of it", { usage })] })
    const events = await all({ npm, url: server.url })
    expect(textOf(events)).toBe("Grüße, 世界 👋 and more of it")
    expect(events.at(0)?.type).toBe("text-start")
    expect(events.at(-2)?.type).toBe("text-end")
    expect(events.at(-1)).toMatchObject({
      type: "finish",
      reason: "stop",
      usage: { total: 150, input: 100, output: 15, reasoning: 5, cache: { read: 30, write: 0 } },
    })
    expect(server.unexpected).toEqual([])
  })

  test(`${npm}: pieces of one byte and CRLF change nothing`, async () => {
    const reply = say.thinks(
      "hm — 世界",
      say.calls("bash", { command: "echo 👋" }, { text: "Grüße 👋", crlf: true, bytesPerWrite: 1 }),
    )
    await using server = await modelServer({ script: [reply, { ...reply, crlf: false, bytesPerWrite: undefined }] })
    const hard = await all({ npm, url: server.url })
    const easy = await all({ npm, url: server.url })
    const anonymous = (events: ModelEvent[]) =>
      JSON.stringify(events).replaceAll(/(call_|toolu_01|rs_0|msg_0|fc_0|resp_0)\d+/g, "ID")
    expect(anonymous(hard)).toBe(anonymous(easy))
  })

  test(`${npm}: several calls keep their ids, names and arguments`, async () => {
    const reply = say.callsMany([
      { name: "read", input: { filePath: "/a" } },
      { name: "bash", input: { command: "ls" } },
      { name: "todo" },
    ])
    await using server = await modelServer({ script: [reply] })
    const events = await all({ npm, url: server.url })
    const calls = events.filter((event) => event.type === "tool-call")
    expect(calls.map(({ tool, input }) => [tool, JSON.parse(input)])).toEqual([
      ["read", { filePath: "/a" }],
      ["bash", { command: "ls" }],
      ["todo", {}],
    ])
    expect(new Set(calls.map(({ id }) => id)).size).toBe(3)
    for (const { id, input } of calls) {
      const own = events.filter((event) => "id" in event && event.id === id)
      expect(own[0]?.type).toBe("tool-input-start")
      expect(own.map((event) => (event.type === "tool-input-delta" ? event.delta : "")).join("")).toBe(input)
    }
    expect(events.at(-1)).toMatchObject({ type: "finish", reason: "tool-calls" })
  })

  // Google's service parses the arguments itself, and sends them whole: there is nothing to be broken or cut.
  const inPieces: typeof test | (() => void) = npm === "@ai-sdk/google" ? () => {} : test

  inPieces(`${npm}: arguments that are no JSON come as they are`, async () => {
    await using server = await modelServer({ script: [say.badToolJson("bash", '{"command": "ls')] })
    const events = await all({ npm, url: server.url })
    expect(events.find((event) => event.type === "tool-call")).toMatchObject({ input: '{"command": "ls' })
  })

  test.each([
    ["length", "length"],
    ["content-filter", "content-filter"],
  ] as const)(`${npm}: the end "%s" is told as such`, async (finish, reason) => {
    await using server = await modelServer({ script: [say.says("half", { finish })] })
    expect((await all({ npm, url: server.url })).at(-1)).toMatchObject({ reason })
  })

  test.each([
    ["401", say.unauthorized(), { kind: "auth", isRetryable: false, statusCode: 401 }],
    ["403", say.fails(403), { kind: "auth", isRetryable: false, statusCode: 403 }],
    [
      "400",
      say.fails(400, { message: "no such field" }),
      { kind: "bad_request", isRetryable: false, message: "no such field" },
    ],
    ["404", say.fails(404), { kind: "bad_request", isRetryable: false }],
    ["429", say.rateLimited({ retryAfter: 7 }), { kind: "rate_limit", isRetryable: true, retryAfterMs: 7000 }],
    ["429 ms", say.rateLimited({ retryAfter: 7, retryAfterMs: 250 }), { kind: "rate_limit", retryAfterMs: 250 }],
    [
      "429 with a date",
      say.fails(429, { headers: { "retry-after": "Fri, 20 Nov 2026 12:00:30 GMT" } }),
      { kind: "rate_limit", retryAfterMs: 30_000 },
    ],
    ["out of money", say.fails(429, { code: "insufficient_quota" }), { kind: "rate_limit", isRetryable: false }],
    ["overloaded", say.overloaded(), { kind: "overloaded", isRetryable: true }],
    ["500", say.fails(500), { kind: "server", isRetryable: true, statusCode: 500 }],
    ["too long", say.overflows(), { kind: "overflow", isRetryable: false, statusCode: 400 }],
    ["a page", say.html(), { kind: "protocol", isRetryable: true }],
    ["no event", say.emptyStream(), { kind: "protocol", isRetryable: true }],
    ["no reason to end", say.says("half", { finish: "none" }), { kind: "protocol", isRetryable: true }],
    ["no content", say.says("", { chunks: [] }), { kind: "empty", isRetryable: true }],
    [
      "a broken frame",
      say.malformed(say.says("some longer text than one chunk")),
      { kind: "protocol", isRetryable: true },
    ],
    ["an overload in the middle", say.failsMidway(say.says("some longer text"), 1), { isRetryable: true }],
    [
      "a connection that breaks",
      say.cuts(say.says("some longer text than one"), 1),
      { kind: "network", isRetryable: true },
    ],
  ])(`${npm}: %s is a failure with a kind`, async (_, reply, expected) => {
    await using server = await modelServer({ script: [reply] })
    expect(await failure({ npm, url: server.url })).toMatchObject(expected)
    expect(server.requests).toHaveLength(1)
  })

  inPieces(`${npm}: a cut in the middle of a call gives no call`, async () => {
    await using server = await modelServer({
      script: [say.cuts(say.calls("bash", { command: "rm -rf everything" }), 1)],
    })
    const events: ModelEvent[] = []
    await expect(async () => {
      for await (const event of ask({ npm, url: server.url })) events.push(event)
    }).rejects.toThrow(ProviderFailure)
    expect(events.map(({ type }) => type)).toContain("tool-input-start")
    expect(events.map(({ type }) => type)).not.toContain("tool-call")
  })

  test(`${npm}: a silent provider ends at the deadline`, async () => {
    await using server = await modelServer({
      script: [say.neverAnswers(), say.stalls(say.says("some longer text"), 1)],
    })
    const deadlines = { headerTimeoutMs: 50, chunkTimeoutMs: 50 }
    expect(await failure({ npm, url: server.url, deadlines })).toMatchObject({ kind: "timeout", isRetryable: true })
    expect(await failure({ npm, url: server.url, deadlines })).toMatchObject({ kind: "timeout", isRetryable: true })
  })

  test.each([
    ["before the first word", say.neverAnswers()],
    ["in the middle", say.stalls(say.says("some longer text than one chunk"), 1)],
  ])(`${npm}: an abort %s closes the connection`, async (_, reply) => {
    await using server = await modelServer({ script: [reply] })
    const controller = new AbortController()
    const failed = failure({ npm, url: server.url, signal: controller.signal })
    await server.received(1)
    controller.abort(new Error("the user pressed stop"))
    expect(await failed).toMatchObject({ kind: "aborted", isRetryable: false, message: "Aborted" })
    await expect.poll(() => server.openConnections()).toBe(0)
  })

  test(`${npm}: leaving the answer early closes the connection`, async () => {
    await using server = await modelServer({ script: [say.stalls(say.says("some longer text than one chunk"), 1)] })
    for await (const event of ask({ npm, url: server.url })) if (event.type === "text-delta") break
    await expect.poll(() => server.openConnections()).toBe(0)
  })

  test(`${npm}: nobody there is a network failure that names the address`, async () => {
    const server = await modelServer({ script: [] })
    await server.close()
    const failed = await failure({ npm, url: server.url })
    expect(failed).toMatchObject({ kind: "network", isRetryable: true })
    expect(failed.message).toContain("ECONNREFUSED")
  })

  test(`${npm}: key, model and own headers are sent`, async () => {
    await using server = await modelServer({ script: [say.says("yes")] })
    await all({ npm, url: server.url, options: { headers: { "x-session-id": "ses_1" } } })
    const [heard] = server.requests
    expect(heard).toMatchObject({ model: "large", stream: true })
    expect(heard?.headers).toMatchObject({ "x-team": "blue", "x-session-id": "ses_1" })
    expect(heard?.headers[KEY_HEADERS[npm] ?? "authorization"]).toContain("sk-test")
    expect(heard?.headers["accept-encoding"]).toBe("identity")
  })
}

test("reasoning of Anthropic keeps its signature for the way back", async () => {
  await using server = await modelServer({ script: [say.thinks("let me see", say.says("yes"), { signature: "c2ln" })] })
  const events = await all({ npm: "@ai-sdk/anthropic", url: server.url })
  expect(events.find((event) => event.type === "reasoning-end")).toMatchObject({
    metadata: { anthropic: { signature: "c2ln" } },
  })
  expect(events.map((event) => (event.type === "reasoning-delta" ? event.delta : "")).join("")).toBe("let me see")
})

test("cache marks reach Anthropic, and what the cache wrote is counted", async () => {
  const usage = { input: 10, output: 20, cacheRead: 300, cacheWrite: 40 }
  await using server = await modelServer({ script: [say.says("yes", { usage })] })
  const marked = { anthropic: { cacheControl: { type: "ephemeral" } } }
  const prompt = [
    { role: "system" as const, content: "be brief", providerOptions: marked },
    { role: "user" as const, content: [{ type: "text" as const, text: "hi" }], providerOptions: marked },
  ]
  const events = await all({ npm: "@ai-sdk/anthropic", url: server.url, options: { prompt } })
  expect(JSON.stringify(server.requests[0]?.body).match(/"cache_control":\{"type":"ephemeral"\}/g)).toHaveLength(2)
  expect(events.at(-1)).toMatchObject({ usage: { input: 10, output: 20, cache: { read: 300, write: 40 }, total: 370 } })
})

test("a model that does not look at its signal is left behind", async () => {
  const controller = new AbortController()
  const language = {
    specificationVersion: "v3" as const,
    provider: "p",
    modelId: "m",
    supportedUrls: {},
    doGenerate: () => Promise.reject(new Error("unused")),
    doStream: async () => ({ stream: new ReadableStream() }),
  }
  const input = { language, options: { prompt: [] }, signal: controller.signal, now: () => 0 }
  const answer = collect(streamAnswer(input))
  controller.abort()
  await expect(answer).rejects.toMatchObject({ kind: "aborted" })
  await expect(collect(streamAnswer(input))).rejects.toMatchObject({ kind: "aborted" })
})

test("Google's calls that the service could not read are an answer to ask for again", async () => {
  await using server = await modelServer({ script: [say.badToolJson("bash", '{"command": "ls')] })
  expect(await failure({ npm: "@ai-sdk/google", url: server.url })).toMatchObject({
    kind: "protocol",
    isRetryable: true,
  })
})

test("the wait that Google asks for in the body of a refusal is heard", async () => {
  const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "7.5s" }]
  const error = { code: 429, message: "Quota exceeded.", status: "RESOURCE_EXHAUSTED", details }
  const reply = { kind: "raw" as const, status: 429, headers: {}, body: JSON.stringify({ error }) }
  await using server = await modelServer({ script: [reply] })
  expect(await failure({ npm: "@ai-sdk/google", url: server.url })).toMatchObject({
    kind: "rate_limit",
    isRetryable: true,
    retryAfterMs: 7_500,
  })
})
