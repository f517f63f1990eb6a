import { generateKeyPairSync, verify } from "node:crypto"
import { once } from "node:events"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, onTestFinished, test, vi } from "vitest"
import { isFault } from "@opencode/core/lib/fault.ts"
import { secret } from "@opencode/core/lib/secret.ts"
import type { ModelEvent } from "@opencode/core/model/events.ts"
import { openLanguage, type LanguageInput } from "@opencode/core/model/language.ts"
import { PACKAGES } from "@opencode/core/model/packages/table.ts"
import { createRequest } from "@opencode/core/model/request.ts"
import { streamAnswer } from "@opencode/core/model/stream.ts"
import { modelServer } from "@opencode/testing/model-server.ts"
import { callsMany, says, thinks, unauthorized } from "@opencode/testing/script.ts"
import { collect } from "./answers.ts"

/** Variables that the packages know. None of them may reach a server that we were not told to send it to. */
const VARIABLES = [
  ...["OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "ANTHROPIC_API_KEY"],
  ...["ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "GOOGLE_GENERATIVE_AI_API_KEY", "GOOGLE_VERTEX_API_KEY"],
  ...["GOOGLE_VERTEX_PROJECT", "GOOGLE_VERTEX_LOCATION", "GOOGLE_CLIENT_EMAIL", "GOOGLE_PRIVATE_KEY"],
  ...["AWS_BEARER_TOKEN_BEDROCK", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION"],
  ...["AZURE_API_KEY", "AZURE_RESOURCE_NAME", "GROQ_API_KEY", "MISTRAL_API_KEY", "XAI_API_KEY", "COHERE_API_KEY"],
  ...["AI_GATEWAY_API_KEY", "VERCEL_OIDC_TOKEN", "CEREBRAS_API_KEY", "DEEPINFRA_API_KEY", "TOGETHER_API_KEY"],
  ...["TOGETHER_AI_API_KEY", "PERPLEXITY_API_KEY", "OPENROUTER_API_KEY"],
]
const LEAK = "leaked-from-the-environment"

interface Heard {
  url: string
  headers: IncomingHttpHeaders
  body: string
}

/** A server that answers everything alike and remembers what it was asked. */
async function listener(answer: { type: string; body: string | Uint8Array; status?: number }) {
  const heard: Heard[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on("data", (piece: Buffer) => pieces.push(piece))
    request.on("end", () => {
      heard.push({ url: request.url ?? "", headers: request.headers, body: Buffer.concat(pieces).toString() })
      response.writeHead(answer.status ?? 200, { "content-type": answer.type }).end(answer.body)
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard }
}

function setting(npm: string, baseURL: string, more: Partial<LanguageInput> = {}): LanguageInput {
  const request = createRequest()
  onTestFinished(() => request.close())
  return {
    npm,
    providerID: "mock",
    modelID: "large",
    baseURL,
    key: secret("sk-test"),
    headers: { "x-team": "blue" },
    options: {},
    deadlines: {},
    request,
    ...more,
  }
}

async function answerOf(input: LanguageInput): Promise<ModelEvent[]> {
  const language = await openLanguage(input)
  const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hello" }] }]
  const { signal } = new AbortController()
  return collect(streamAnswer({ language, options: { prompt }, signal, now: Date.now }))
}
const textOf = (events: ModelEvent[]): string =>
  events.map((event) => (event.type === "text-delta" ? event.delta : "")).join("")

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

/** Nothing may go out but through the request function we give. */
function forbidFetch(): void {
  const fetch = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("the global fetch was used"))
  onTestFinished(() => {
    fetch.mockRestore()
    expect(fetch).not.toHaveBeenCalled()
  })
}
function poison(): void {
  for (const name of VARIABLES) vi.stubEnv(name, LEAK)
  onTestFinished(() => void vi.unstubAllEnvs())
}

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

/** One frame of Amazon's event stream: lengths, headers, body, and two check sums. */
function frame(type: string, body: object): Buffer {
  const header = (name: string, value: string): Buffer => {
    const size = Buffer.alloc(2)
    size.writeUInt16BE(value.length)
    return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([7]), size, Buffer.from(value)])
  }
  const headers = Buffer.concat([
    header(":event-type", type),
    header(":content-type", "application/json"),
    header(":message-type", "event"),
  ])
  const payload = Buffer.from(JSON.stringify(body))
  const prelude = Buffer.alloc(8)
  prelude.writeUInt32BE(16 + headers.length + payload.length, 0)
  prelude.writeUInt32BE(headers.length, 4)
  const sum = (...parts: Buffer[]): Buffer => {
    const out = Buffer.alloc(4)
    out.writeUInt32BE(crc32(Buffer.concat(parts)))
    return out
  }
  const start = Buffer.concat([prelude, sum(prelude)])
  return Buffer.concat([start, headers, payload, sum(start, headers, payload)])
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

const BEDROCK = {
  type: "application/vnd.amazon.eventstream",
  body: Buffer.concat([
    frame("messageStart", { role: "assistant" }),
    frame("contentBlockDelta", { contentBlockIndex: 0, delta: { reasoningContent: { text: "hm" } } }),
    frame("contentBlockDelta", { contentBlockIndex: 0, delta: { reasoningContent: { signature: "c2ln" } } }),
    frame("contentBlockStop", { contentBlockIndex: 0 }),
    frame("contentBlockDelta", { contentBlockIndex: 1, delta: { text: "hello" } }),
    frame("contentBlockStop", { contentBlockIndex: 1 }),
    frame("messageStop", { stopReason: "end_turn" }),
    frame("metadata", { usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5, cacheReadInputTokens: 7 } }),
  ]),
}

test("Bedrock answers to a bearer token, and its reasoning keeps its signature", async () => {
  forbidFetch()
  poison()
  const { url, heard } = await listener(BEDROCK)
  const modelID = "anthropic.claude-sonnet-4-5-20250929-v1:0"
  const options = { region: "eu-west-1" }
  const events = await answerOf(setting("@ai-sdk/amazon-bedrock", url, { modelID, options, env: {} }))
  expect(textOf(events)).toBe("hello")
  expect(events.find((event) => event.type === "reasoning-end")).toMatchObject({
    metadata: { bedrock: { signature: "c2ln" } },
  })
  expect(events.at(-1)).toMatchObject({ reason: "stop", usage: { cache: { read: 7 } } })
  expect(heard[0]?.headers.authorization).toBe("Bearer sk-test")
  expect(decodeURIComponent(heard[0]?.url ?? "")).toBe(`/model/eu.${modelID}/converse-stream`)
  expect(JSON.stringify(heard)).not.toContain(LEAK)
})

test("Bedrock requests are signed with the credentials at hand", async () => {
  forbidFetch()
  poison()
  const { url, heard } = await listener(BEDROCK)
  const env = { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "very-secret", AWS_SESSION_TOKEN: "session" }
  const { key: _, ...input } = setting("@ai-sdk/amazon-bedrock", url)
  expect(textOf(await answerOf({ ...input, env: { ...env, AWS_REGION: "us-west-2" } }))).toBe("hello")
  const headers = heard[0]?.headers
  expect(headers?.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-west-2\/bedrock\/aws4_request, /,
  )
  expect(headers?.["x-amz-security-token"]).toBe("session")
  expect(JSON.stringify(heard)).not.toContain("very-secret")
  expect(JSON.stringify(heard)).not.toContain(LEAK)
})

test("without credentials Bedrock says what to do, before anything is sent", async () => {
  const { url, heard } = await listener(BEDROCK)
  const { key: _, ...input } = setting("@ai-sdk/amazon-bedrock", url)
  await expect(answerOf({ ...input, env: {} })).rejects.toMatchObject({ code: "provider_auth" })
  expect(heard).toEqual([])
})

const { privateKey, publicKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
})

async function tokenServer(expires_in = 3_600) {
  return listener({ type: "application/json", body: JSON.stringify({ access_token: "ya29.token", expires_in }) })
}

const VERTEX: [npm: string, base: string][] = [
  ["@ai-sdk/google-vertex", "/v1beta1/projects/p/locations/global/publishers/google"],
  ["@ai-sdk/google-vertex/anthropic", "/v1/projects/p/locations/global/publishers/anthropic/models"],
]

test.each(VERTEX)("%s gets its token by the key of a service account, once", async (npm, base) => {
  forbidFetch()
  poison()
  const tokens = await tokenServer()
  await using server = await modelServer({ script: [says("hello")], repeat: true })
  const account = {
    type: "service_account",
    client_email: "robot@example.iam.gserviceaccount.com",
    private_key: privateKey,
    private_key_id: "key-1",
    token_uri: `${tokens.url}/token`,
  }
  const allowed: string[] = []
  const { key: _, ...input } = setting(npm, server.url + base, {
    options: { credentials: account },
    allowHost: (host) => allowed.push(host),
    env: {},
  })
  const language = await openLanguage(input)
  const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hello" }] }]
  const { signal } = new AbortController()
  const ask = async () => textOf(await collect(streamAnswer({ language, options: { prompt }, signal, now: Date.now })))
  expect(await Promise.all([ask(), ask()])).toEqual(["hello", "hello"])
  expect(await ask()).toBe("hello")

  expect(tokens.heard).toHaveLength(1)
  expect(allowed).toEqual([new URL(tokens.url).host])
  const form = new URLSearchParams(tokens.heard[0]?.body)
  const [header = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".")
  expect(verify("RSA-SHA256", Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, "base64url"))).toBe(
    true,
  )
  const decoded = JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, number>
  expect(decoded).toMatchObject({ iss: account.client_email, aud: account.token_uri })
  expect((decoded.exp ?? 0) - (decoded.iat ?? 0)).toBe(3_600)
  expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill("Bearer ya29.token"))
  expect(JSON.stringify(server.requests.map(({ headers }) => headers))).not.toContain(LEAK)
})

test("models of others on Vertex speak the compatible wire with Google's token, and only there", async () => {
  const { openaiCompatible } = await import("@opencode/core/model/packages/openai-compatible.ts")
  const place = "https://aiplatform.googleapis.com/v1/projects/p/locations/global/endpoints/openapi"
  const { key: _, ...input } = setting("@ai-sdk/openai-compatible", place, { options: { accessToken: "ya29.own" } })
  const sent: Record<string, string>[] = []
  const spy = (async (_url: string, init: { headers: Record<string, string> }) => {
    sent.push(init.headers)
    throw new Error("far enough")
  }) as unknown as typeof fetch
  for (const baseURL of [place, "https://aiplatform.googleapis.com.evil.example/v1"]) {
    const { build } = await openaiCompatible({ ...input, baseURL })
    await expect(build(spy).doStream({ prompt: [] })).rejects.toThrow()
  }
  expect(sent.map((headers) => headers.authorization)).toEqual(["Bearer ya29.own", undefined])
})

test("Azure may be asked with a token of Entra instead of a key", async () => {
  await using server = await modelServer({ script: [says("hello")] })
  const { key: _, ...input } = setting("@ai-sdk/azure", `${server.url}/openai/v1`, { options: { authToken: "entra" } })
  expect(textOf(await answerOf(input))).toBe("hello")
  expect(server.requests[0]?.headers).toMatchObject({ authorization: "Bearer entra" })
  expect(server.requests[0]?.headers).not.toHaveProperty("api-key")
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
