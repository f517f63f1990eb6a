import type { LanguageModelV3FinishReason, LanguageModelV3Usage } from "@ai-sdk/provider"
import { asList, asNumber, asRecord, asText, parseRecord, type Json } from "./json.ts"
import { brokenFrame, type Emit, type PartReader } from "./part-reader.ts"

/**
 * Reads what Google streams of generateContent. Calls come whole; a stream that ends without a reason was cut. What the
 * service runs by itself (searches, code) is passed over.
 *
 * @param metadataKey under which the provider package looks for what it wants back
 */
export function googleReader(emit: Emit, metadataKey: string): PartReader {
  let open: { kind: Kind; id: string } | undefined
  let blocks = 0
  let calls = 0
  let usage: Json | undefined
  let reason: string | undefined
  let failed = false

  const signed = (part: Json) => {
    const thoughtSignature = asText(part.thoughtSignature)
    return thoughtSignature ? { providerMetadata: { [metadataKey]: { thoughtSignature } } } : {}
  }

  function close(): void {
    if (open) emit({ type: `${open.kind}-end`, id: open.id })
    open = undefined
  }

  function text(part: Json, delta: string): void {
    const kind: Kind = part.thought === true ? "reasoning" : "text"
    // A signature may come alone, after the text it vouches for.
    if (!delta) {
      if (open?.kind === "text" && part.thoughtSignature)
        emit({ type: "text-delta", id: open.id, delta: "", ...signed(part) })
      return
    }
    if (open?.kind !== kind) {
      close()
      open = { kind, id: String(blocks++) }
      emit({ type: `${kind}-start`, id: open.id })
    }
    emit({ type: `${kind}-delta`, id: open.id, delta, ...signed(part) })
  }

  function call(part: Json, given: Json): void {
    const toolName = asText(given.name)
    if (!toolName) return
    close()
    const id = asText(given.id) || `call_${calls}`
    calls++
    const input = JSON.stringify(asRecord(given.args) ?? {})
    emit({ type: "tool-input-start", id, toolName })
    emit({ type: "tool-input-delta", id, delta: input })
    emit({ type: "tool-input-end", id })
    emit({ type: "tool-call", toolCallId: id, toolName, input, ...signed(part) })
  }

  function fail(error: Json): void {
    failed = true
    emit({ type: "error", error })
  }

  return {
    event(data) {
      const chunk = parseRecord(data)
      if (!chunk) throw brokenFrame(data)
      const error = asRecord(chunk.error)
      if (error) return fail(error)
      usage = asRecord(chunk.usageMetadata) ?? usage
      reason = asText(asRecord(chunk.promptFeedback)?.blockReason) ?? reason
      const candidate = asRecord(asList(chunk.candidates)[0])
      for (const value of asList(asRecord(candidate?.content)?.parts)) {
        const part = asRecord(value) ?? {}
        const given = asRecord(part.functionCall)
        if (given) call(part, given)
        else if (typeof part.text === "string") text(part, part.text)
      }
      reason = asText(candidate?.finishReason) ?? reason
      if (reason && BROKEN_CALLS.has(reason)) {
        const message = asText(candidate?.finishMessage) ?? "The model wrote a call that the service could not read."
        fail({ message, status: reason })
      }
    },
    end() {
      if (!reason || failed) return
      close()
      emit({ type: "finish", finishReason: finishOf(reason, calls > 0), usage: usageOf(usage) })
    },
  }
}

type Kind = "text" | "reasoning"

/** The answer is lost, and another may be well. */
const BROKEN_CALLS = new Set(["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"])

const FINISH: Record<string, LanguageModelV3FinishReason["unified"]> = {
  STOP: "stop",
  MAX_TOKENS: "length",
  SAFETY: "content-filter",
  RECITATION: "content-filter",
  BLOCKLIST: "content-filter",
  PROHIBITED_CONTENT: "content-filter",
  SPII: "content-filter",
  IMAGE_SAFETY: "content-filter",
  JAILBREAK: "content-filter",
  MODEL_ARMOR: "content-filter",
}

const finishOf = (raw: string, hasCalls: boolean): LanguageModelV3FinishReason => ({
  unified: raw === "STOP" && hasCalls ? "tool-calls" : (FINISH[raw] ?? "other"),
  raw,
})

/** Here the prompt counts what the cache read, and reasoning stands beside the answer. */
function usageOf(usage: Json | undefined): LanguageModelV3Usage {
  const prompt = asNumber(usage?.promptTokenCount)
  const total = prompt === undefined ? undefined : prompt + (asNumber(usage?.toolUsePromptTokenCount) ?? 0)
  const cacheRead = asNumber(usage?.cachedContentTokenCount)
  const text = asNumber(usage?.candidatesTokenCount)
  const reasoning = asNumber(usage?.thoughtsTokenCount)
  return {
    inputTokens: {
      total,
      noCache: total === undefined ? undefined : Math.max(0, total - (cacheRead ?? 0)),
      cacheRead,
      cacheWrite: undefined,
    },
    outputTokens: {
      total: text === undefined && reasoning === undefined ? undefined : (text ?? 0) + (reasoning ?? 0),
      text: text ?? (reasoning === undefined ? undefined : 0),
      reasoning,
    },
  }
}
