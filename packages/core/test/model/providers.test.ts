import { expect, test } from "vitest"
import { isFault } from "@opencode/core/lib/fault.ts"
import { PACKAGES } from "@opencode/core/model/packages/table.ts"
import { modelServer } from "@opencode/testing/model-server.ts"
import { callsMany, says, thinks, unauthorized } from "@opencode/testing/script.ts"
import { answerOf, forbidFetch, LEAK, listener, poison, setting, textOf } from "./provider-setting.ts"

/** Packages that speak a wire of the scripted server: the end of their base URL, and where their key goes. */
const SCRIPTED: [npm: string, base: string, key: string][] = [
  ["@ai-sdk/openai-compatible", "/v1", "authorization"],
  ["@ai-sdk/anthropic", "/v1", "x-api-key"],
  ["@ai-sdk/openai", "/v1", "authorization"],
  ["@ai-sdk/azure", "/openai/v1", "api-key"],
  ["@ai-sdk/google", "/v1beta", "x-goog-api-key"],
  ["@ai-sdk/google-vertex", "/v1/publishers/google", "x-goog-api-key"],
  ["@ai-sdk/amazon-bedrock/mantle", "/openai/v1", "authorization"],
  ["@ai-sdk/groq", "/openai/v1", "authorization"],
  ["@ai-sdk/mistral", "/v1", "authorization"],
  ["@ai-sdk/xai", "/v1", "authorization"],
  ["@ai-sdk/cerebras", "/v1", "authorization"],
  ["@ai-sdk/deepinfra", "/v1", "authorization"],
  ["@ai-sdk/togetherai", "/v1", "authorization"],
  ["@ai-sdk/perplexity", "", "authorization"],
  ["@openrouter/ai-sdk-provider", "/api/v1", "authorization"],
]

/** Perplexity's models call nothing, and xAI sends a call whole: another test. */
const WITHOUT_PIECES: ReadonlySet<string> = new Set(["@ai-sdk/perplexity", "@ai-sdk/xai"])
/** Services that count without being asked, as the scripted one does not. */
const COUNTED_UNASKED: ReadonlySet<string> = new Set([
  "@ai-sdk/groq",
  "@ai-sdk/mistral",
  "@ai-sdk/cerebras",
  "@ai-sdk/deepinfra",
  "@ai-sdk/perplexity",
])

test.each(SCRIPTED)("%s answers over our request function, with the key we gave it", async (npm, base, key) => {
  forbidFetch()
  poison()
  const spoken = [
    { name: "read", input: { filePath: "/a" } },
    { name: "bash", input: { command: "ls" } },
  ]
  const text = "I will look, Grüße."
  const usage = { input: 100, output: 20, cacheRead: 30 }
  const reply = WITHOUT_PIECES.has(npm) ? says(text, { usage }) : callsMany(spoken, { text, usage })
  await using server = await modelServer({ script: [reply] })
  const events = await answerOf(setting(npm, server.url + base))
  expect(textOf(events)).toBe("I will look, Grüße.")
  if (!WITHOUT_PIECES.has(npm)) {
    const calls = events.filter((event) => event.type === "tool-call")
    expect(calls.map(({ tool, input }) => [tool, JSON.parse(input)])).toEqual([
      ["read", { filePath: "/a" }],
      ["bash", { command: "ls" }],
    ])
    expect(events.at(-1)).toMatchObject({ reason: "tool-calls" })
  }
  if (!COUNTED_UNASKED.has(npm)) expect(events.at(-1)).toMatchObject({ type: "finish", usage: { output: 20 } })
  const [heard] = server.requests
  expect(heard?.headers[key]).toContain("sk-test")
  expect(heard?.headers).toMatchObject({ "x-team": "blue" })
  expect(JSON.stringify([heard?.headers, heard?.body])).not.toContain(LEAK)
  expect(server.unexpected).toEqual([])
})

test.each(SCRIPTED.map(([npm, base]) => [npm, base] as const))(
  "%s without a key takes none from the environment",
  async (npm, base) => {
    forbidFetch()
    poison()
    await using server = await modelServer({ script: [says("ok")], repeat: true })
    const { key: _, ...input } = setting(npm, server.url + base)
    const outcome = await answerOf({ ...input, env: {} }).catch((error: unknown) => error)
    // Those that sign say that there is nothing to sign with; the others ask without.
    if (outcome instanceof Error) expect(isFault(outcome, "provider_auth"), String(outcome)).toBe(true)
    expect(JSON.stringify(server.requests.map(({ headers, body }) => [headers, body]))).not.toContain(LEAK)
  },
)

test.each(SCRIPTED)("%s tells a refused key as such", async (npm, base) => {
  await using server = await modelServer({ script: [unauthorized()] })
  await expect(answerOf(setting(npm, server.url + base))).rejects.toMatchObject({
    kind: "auth",
    isRetryable: false,
    statusCode: 401,
  })
})

test.each(SCRIPTED.filter(([npm]) => !["@ai-sdk/mistral", "@ai-sdk/perplexity", "@ai-sdk/groq"].includes(npm)))(
  "%s hears reasoning",
  async (npm, base) => {
    await using server = await modelServer({ script: [thinks("let me see", says("yes"))] })
    const events = await answerOf(setting(npm, server.url + base))
    // OpenRouter has a member of its own for it, which the scripted server does not send.
    if (npm !== "@openrouter/ai-sdk-provider")
      expect(events.map((event) => (event.type === "reasoning-delta" ? event.delta : "")).join("")).toBe("let me see")
    expect(textOf(events)).toBe("yes")
  },
)

test.each(SCRIPTED.map(([npm, base]) => [npm, base] as const))(
  "%s: an answer that ends without saying why is not taken for a whole one",
  async (npm, base) => {
    await using server = await modelServer({ script: [says("half of it", { finish: "none" })] })
    await expect(answerOf(setting(npm, server.url + base))).rejects.toMatchObject({
      kind: "protocol",
      isRetryable: true,
    })
  },
)

test("a package that is not included is told in a sentence that names the others", async () => {
  const failed = await answerOf(setting("@acme/provider", "http://127.0.0.1:1")).catch((error: unknown) => error)
  expect(isFault(failed, "config_invalid")).toBe(true)
  for (const npm of Object.keys(PACKAGES)) expect(String(failed)).toContain(npm)
})

test("a web page instead of a stream is told as such, by packages that read themselves too", async () => {
  const { url } = await listener({ type: "text/html", body: "<!doctype html><title>Sign in</title>" })
  for (const npm of ["@ai-sdk/groq", "@ai-sdk/mistral", "@openrouter/ai-sdk-provider", "@ai-sdk/cohere"])
    await expect(answerOf(setting(npm, `${url}/v1`))).rejects.toMatchObject({ kind: "protocol", isRetryable: true })
})

const sse = (...events: unknown[]): string =>
  events.map((event) => `event: ${(event as { type?: string }).type}\ndata: ${JSON.stringify(event)}\n\n`).join("")

test("xAI sends a call whole, and counts reasoning beside the answer", async () => {
  const made = { id: "c1", type: "function", function: { name: "list", arguments: '{"a":1}' } }
  const chunks = [
    { id: "x", model: "large", choices: [{ index: 0, delta: { role: "assistant", reasoning_content: "hm" } }] },
    { id: "x", model: "large", choices: [{ index: 0, delta: { tool_calls: [made] } }] },
    {
      id: "x",
      model: "large",
      choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }],
      usage: {
        prompt_tokens: 10,
        completion_tokens: 2,
        total_tokens: 15,
        completion_tokens_details: { reasoning_tokens: 3 },
      },
    },
  ]
  const body = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("") + "data: [DONE]\n\n"
  const { url } = await listener({ type: "text/event-stream", body })
  const events = await answerOf(setting("@ai-sdk/xai", `${url}/v1`))
  expect(events.find((event) => event.type === "tool-call")).toMatchObject({ tool: "list", input: '{"a":1}' })
  expect(events.at(-1)).toMatchObject({ reason: "tool-calls", usage: { input: 10, output: 2, reasoning: 3 } })
})

test("Cohere's own wire is read by its package", async () => {
  forbidFetch()
  poison()
  const delta = (message: object) => ({ message })
  const usage = { billed_units: { input_tokens: 3, output_tokens: 2 }, tokens: { input_tokens: 9, output_tokens: 2 } }
  const { url, heard } = await listener({
    type: "text/event-stream",
    body: sse(
      { type: "message-start", id: "m", delta: delta({ role: "assistant" }) },
      { type: "content-start", index: 0, delta: delta({ content: { type: "text", text: "" } }) },
      { type: "content-delta", index: 0, delta: delta({ content: { text: "hello" } }) },
      { type: "content-end", index: 0 },
      {
        type: "tool-call-start",
        index: 0,
        delta: delta({ tool_calls: { id: "c1", type: "function", function: { name: "list", arguments: "" } } }),
      },
      { type: "tool-call-delta", index: 0, delta: delta({ tool_calls: { function: { arguments: '{"a":1}' } } }) },
      { type: "tool-call-end", index: 0 },
      { type: "message-end", delta: { finish_reason: "TOOL_CALL", usage } },
    ),
  })
  const events = await answerOf(setting("@ai-sdk/cohere", `${url}/v2`))
  expect(textOf(events)).toBe("hello")
  expect(events.find((event) => event.type === "tool-call")).toMatchObject({ tool: "list", input: '{"a":1}' })
  expect(heard[0]).toMatchObject({ url: "/v2/chat", headers: { authorization: "Bearer sk-test" } })
})

test("the gateway hands parts on as they are, says nothing of this machine, and needs a key", async () => {
  forbidFetch()
  poison()
  const usage = {
    inputTokens: { total: 3, noCache: 3, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 1, text: 1, reasoning: 0 },
  }
  const { url, heard } = await listener({
    type: "text/event-stream",
    body: sse(
      { type: "stream-start", warnings: [] },
      { type: "text-start", id: "0" },
      { type: "text-delta", id: "0", delta: "hello" },
      { type: "text-end", id: "0" },
      { type: "finish", finishReason: { unified: "stop", raw: "stop" }, usage },
    ),
  })
  expect(textOf(await answerOf(setting("@ai-sdk/gateway", `${url}/v3/ai`)))).toBe("hello")
  expect(heard[0]?.headers.authorization).toBe("Bearer sk-test")
  expect(JSON.stringify(heard)).not.toContain(LEAK)
  const { key: _, ...keyless } = setting("@ai-sdk/gateway", `${url}/v3/ai`)
  await expect(answerOf(keyless)).rejects.toMatchObject({ code: "provider_auth" })
  expect(heard).toHaveLength(1)
})

test.each([
  ["@ai-sdk/openai", { useChat: true }, "/v1/chat/completions"],
  ["@ai-sdk/openai", {}, "/v1/responses"],
  ["@ai-sdk/azure", { useCompletionUrls: true }, "/v1/chat/completions"],
  ["@ai-sdk/xai", { useResponses: true }, "/v1/responses"],
])("%s with %j asks %s", async (npm, options, path) => {
  await using server = await modelServer({ script: [says("hello")] })
  expect(textOf(await answerOf(setting(npm, `${server.url}/v1`, { options })))).toBe("hello")
  expect(server.requests[0]?.path).toBe(path)
})

test("what the gateway's package wraps once more keeps its kind", async () => {
  const error = { message: "Invalid API key", type: "authentication_error", param: {}, code: "invalid_api_key" }
  const { url } = await listener({ type: "application/json", body: JSON.stringify({ error }), status: 401 })
  await expect(answerOf(setting("@ai-sdk/gateway", url))).rejects.toMatchObject({ kind: "auth", isRetryable: false })
  const nobody = await answerOf(setting("@ai-sdk/gateway", "http://127.0.0.1:9")).catch((failure: unknown) => failure)
  expect(nobody).toMatchObject({ kind: "network", isRetryable: true })
})

test.each([
  ["@ai-sdk/amazon-bedrock", 429, { message: "Too many requests", __type: "ThrottlingException" }, "rate_limit"],
  ["@ai-sdk/amazon-bedrock", 403, { message: "The security token is expired" }, "auth"],
  ["@ai-sdk/amazon-bedrock", 400, { message: "Input is too long for requested model." }, "overflow"],
  ["@ai-sdk/cohere", 401, { message: "invalid api token" }, "auth"],
  [
    "@ai-sdk/mistral",
    400,
    { object: "error", message: "no", type: "invalid_request_error", code: "3240" },
    "bad_request",
  ],
  [
    "@ai-sdk/xai",
    400,
    { code: "Client specified an invalid argument", error: "Incorrect API key provided" },
    "bad_request",
  ],
  [
    "@ai-sdk/google",
    400,
    {
      error: {
        code: 400,
        message: "API key not valid.",
        status: "INVALID_ARGUMENT",
        details: [{ reason: "API_KEY_INVALID" }],
      },
    },
    "auth",
  ],
])("%s: a refusal with %i is told as what it is", async (npm, status, body, kind) => {
  const { url } = await listener({ type: "application/json", body: JSON.stringify(body), status })
  const input = setting(npm, url, { options: { region: "us-east-1" }, env: {} })
  await expect(answerOf(input)).rejects.toMatchObject({ kind, statusCode: status })
})
