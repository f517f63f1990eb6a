import type { LanguageModelV3, LanguageModelV3StreamPart } from "@ai-sdk/provider"
import type { Model, Provider } from "@opencode/protocol/provider.ts"
import type { Answer } from "./offline/answer.ts"

/**
 * A model of rules inside the program: no network, no key, no cost. It sees what every model sees, the prompt and the
 * offered tools, and answers with text and calls, so that loop, permissions and events work as with any other.
 */
const PROVIDER_ID = "offline"
const MODEL_ID = "rules"

/** Characters of a piece of streamed text. */
const PIECE = 24
/** There is no window that could overflow; a large figure keeps conversations from being compacted for nothing. */
const CONTEXT_TOKENS = 1_000_000
const OUTPUT_TOKENS = 16_000

/** For the list of providers. Its prices are 0. */
export function offlineProvider(): Provider {
  const text = { text: true, audio: false, image: false, video: false, pdf: false }
  const model: Model = {
    id: MODEL_ID,
    providerID: PROVIDER_ID,
    api: { id: MODEL_ID, url: "", npm: "" },
    name: "Offline (rule-based)",
    capabilities: {
      temperature: false,
      reasoning: false,
      attachment: false,
      toolcall: true,
      input: text,
      output: text,
      interleaved: false,
    },
    cost: { input: 0, output: 0, cache: { read: 0, write: 0 } },
    limit: { context: CONTEXT_TOKENS, output: OUTPUT_TOKENS },
    status: "active",
    options: {},
    headers: {},
    release_date: "2026-11-20",
    variants: {},
  }
  return {
    id: PROVIDER_ID,
    name: "Offline (rule-based)",
    source: "custom",
    env: [],
    options: {},
    models: { [MODEL_ID]: model },
  }
}

export function offlineLanguage(): LanguageModelV3 {
  return {
    specificationVersion: "v3",
    provider: PROVIDER_ID,
    modelId: MODEL_ID,
    supportedUrls: {},
    async doGenerate(options) {
      const { answer } = await import("./offline/answer.ts")
      const { content, finishReason, usage } = answer(options)
      return { content, finishReason, usage, warnings: [] }
    },
    async doStream(options) {
      options.abortSignal?.throwIfAborted()
      // The rules are not loaded where a real model answers.
      const { answer } = await import("./offline/answer.ts")
      return { stream: streamOf(answer(options), options.abortSignal) }
    },
  }
}

function streamOf(answer: Answer, signal: AbortSignal | undefined): ReadableStream<LanguageModelV3StreamPart> {
  const parts = streamParts(answer)
  return new ReadableStream({
    pull(controller) {
      if (signal?.aborted) return controller.error(signal.reason)
      const next = parts.next()
      if (next.done) controller.close()
      else controller.enqueue(next.value)
    },
  })
}

function* streamParts({ content, finishReason, usage }: Answer): Generator<LanguageModelV3StreamPart> {
  yield { type: "stream-start", warnings: [] }
  for (const [index, part] of content.entries()) {
    if (part.type === "text") {
      const id = `text_${index}`
      yield { type: "text-start", id }
      for (const delta of piecesOf(part.text)) yield { type: "text-delta", id, delta }
      yield { type: "text-end", id }
    } else if (part.type === "tool-call") {
      const { toolCallId: id, toolName, input } = part
      yield { type: "tool-input-start", id, toolName }
      yield { type: "tool-input-delta", id, delta: input }
      yield { type: "tool-input-end", id }
      yield part
    }
  }
  yield { type: "finish", finishReason, usage }
}

/** Cut behind a space, so that words arrive whole. */
const piecesOf = (text: string): string[] =>
  text.match(new RegExp(`[\\s\\S]{1,${PIECE}}(?:\\s|$)|[\\s\\S]{1,${PIECE}}(?![\\uDC00-\\uDFFF])`, "g")) ?? []
