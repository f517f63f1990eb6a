import type { LanguageModelV3CallOptions } from "@ai-sdk/provider"
import { secret } from "@opencode/core/lib/secret.ts"
import type { ModelEvent } from "@opencode/core/model/events.ts"
import { openLanguage } from "@opencode/core/model/language.ts"
import { createRequest, type Deadlines } from "@opencode/core/model/request.ts"
import { streamAnswer } from "@opencode/core/model/stream.ts"

/** The wires that are read here, and those besides that the scripted server speaks. */
export const WIRES = ["@ai-sdk/openai-compatible", "@ai-sdk/anthropic"] as const
export const ALL_WIRES = [...WIRES, "@ai-sdk/openai", "@ai-sdk/google"] as const

export const baseOf = (npm: string, url: string): string => `${url}/${npm === "@ai-sdk/google" ? "v1beta" : "v1"}`

export type Asking = {
  npm: string
  url: string
  options?: Partial<LanguageModelV3CallOptions>
  signal?: AbortSignal
  deadlines?: Deadlines
}

/** One answer of the scripted server, through the same path as a turn's. */
export async function* ask({ npm, url, options, signal, deadlines = {} }: Asking): AsyncGenerator<ModelEvent> {
  const request = createRequest()
  try {
    const language = await openLanguage({
      npm,
      providerID: "mock",
      modelID: "large",
      baseURL: baseOf(npm, url),
      key: secret("sk-test"),
      headers: { "x-team": "blue" },
      options: {},
      deadlines,
      request,
    })
    const prompt = options?.prompt ?? [{ role: "user", content: [{ type: "text", text: "hello" }] }]
    yield* streamAnswer({
      language,
      options: { ...options, prompt },
      signal: signal ?? new AbortController().signal,
      now: () => Date.parse("2026-11-20T12:00:00Z"),
    })
  } finally {
    request.close()
  }
}

export const all = (asking: Asking): Promise<ModelEvent[]> => collect(ask(asking))

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}
