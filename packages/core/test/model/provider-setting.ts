import { once } from "node:events"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, onTestFinished, vi } from "vitest"
import { secret } from "@opencode/core/lib/secret.ts"
import type { ModelEvent } from "@opencode/core/model/events.ts"
import { openLanguage, type LanguageInput } from "@opencode/core/model/language.ts"
import { createRequest } from "@opencode/core/model/request.ts"
import { streamAnswer } from "@opencode/core/model/stream.ts"
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
export const LEAK = "leaked-from-the-environment"

interface Heard {
  url: string
  headers: IncomingHttpHeaders
  body: string
}

/** A server that answers everything alike and remembers what it was asked. */
export async function listener(answer: { type: string; body: string | Uint8Array; status?: number }) {
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

export function setting(npm: string, baseURL: string, more: Partial<LanguageInput> = {}): LanguageInput {
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

export async function answerOf(input: LanguageInput): Promise<ModelEvent[]> {
  const language = await openLanguage(input)
  const prompt = [{ role: "user" as const, content: [{ type: "text" as const, text: "hello" }] }]
  const { signal } = new AbortController()
  return collect(streamAnswer({ language, options: { prompt }, signal, now: Date.now }))
}
export const textOf = (events: ModelEvent[]): string =>
  events.map((event) => (event.type === "text-delta" ? event.delta : "")).join("")

/** Nothing may go out but through the request function we give. */
export function forbidFetch(): void {
  const fetch = vi.spyOn(globalThis, "fetch").mockRejectedValue(new Error("the global fetch was used"))
  onTestFinished(() => {
    fetch.mockRestore()
    expect(fetch).not.toHaveBeenCalled()
  })
}
export function poison(): void {
  for (const name of VARIABLES) vi.stubEnv(name, LEAK)
  onTestFinished(() => void vi.unstubAllEnvs())
}
