import { generateKeyPairSync, verify } from "node:crypto"
import { expect, test } from "vitest"
import { openLanguage } from "@opencode/core/model/language.ts"
import { streamAnswer } from "@opencode/core/model/stream.ts"
import { modelServer } from "@opencode/testing/model-server.ts"
import { says } from "@opencode/testing/script.ts"
import { collect } from "./answers.ts"
import { answerOf, forbidFetch, LEAK, listener, poison, setting, textOf } from "./provider-setting.ts"

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
