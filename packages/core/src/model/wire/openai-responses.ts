import type { LanguageModelV3FinishReason, LanguageModelV3Usage } from "@ai-sdk/provider"
import { asNumber, asRecord, asText, parseRecord, type Json } from "./json.ts"
import { brokenFrame, type Emit, type PartReader } from "./part-reader.ts"
import { inclusiveUsage } from "./usage.ts"

/**
 * Reads streamed responses of OpenAI and of those that copy it. An answer ends with an event that says so; a stream
 * that ends without one was cut, and has no finish. Items of a kind that is not known here are passed over.
 *
 * @param metadataKey under which the provider package looks for what it wants back
 */
export function openaiResponsesReader(emit: Emit, metadataKey: string): PartReader {
  const open = new Map<number, Item>()
  let hasCalls = false
  let ending: Json | undefined

  const metadata = (facts: Json) => ({ providerMetadata: { [metadataKey]: facts as never } })

  function start(index: number, given: Json): Item | undefined {
    const item = itemOf(index, given)
    if (!item) return undefined
    open.set(index, item)
    if (item.kind === "text") emit({ type: "text-start", id: item.id, ...metadata({ itemId: item.id }) })
    if (item.kind === "call") emit({ type: "tool-input-start", id: item.callID, toolName: item.name })
    return item
  }

  /** The item an event is about; servers that announce none get one with the first delta. */
  const itemAt = (event: Json, type: string): Item | undefined => {
    const index = asNumber(event.output_index) ?? 0
    return open.get(index) ?? start(index, { type, id: event.item_id })
  }

  function write(item: Item | undefined, kind: Item["kind"], delta: string | undefined, part = 0): void {
    if (!item || !delta || item.kind !== kind) return
    if (item.kind === "text") return emit({ type: "text-delta", id: item.id, delta })
    if (item.kind === "call") {
      item.input += delta
      return emit({ type: "tool-input-delta", id: item.callID, delta })
    }
    if (!item.parts.has(part)) {
      item.parts.add(part)
      emit({ type: "reasoning-start", id: `${item.id}:${part}` })
    }
    emit({ type: "reasoning-delta", id: `${item.id}:${part}`, delta })
  }

  function stop(index: number, given: Json): void {
    const item = open.get(index) ?? start(index, given)
    if (!item) return
    open.delete(index)
    if (item.kind === "text") {
      const phase = asText(given.phase)
      return emit({ type: "text-end", id: item.id, ...metadata({ itemId: item.id, ...(phase && { phase }) }) })
    }
    if (item.kind === "call") return call(item, given)
    // Sealed reasoning without a summary is a part without text.
    if (item.parts.size === 0) {
      item.parts.add(0)
      emit({ type: "reasoning-start", id: `${item.id}:0` })
    }
    const sealed = asText(given.encrypted_content) ?? null
    const opaque = metadata({ itemId: item.id, reasoningEncryptedContent: sealed })
    for (const part of item.parts) emit({ type: "reasoning-end", id: `${item.id}:${part}`, ...opaque })
  }

  function call(item: Call, given: Json): void {
    const whole = asText(given.arguments) ?? item.input
    if (!item.input && whole) emit({ type: "tool-input-delta", id: item.callID, delta: whole })
    hasCalls = true
    emit({ type: "tool-input-end", id: item.callID })
    const { callID: toolCallId, name: toolName, id } = item
    emit({ type: "tool-call", toolCallId, toolName, input: whole.trim() ? whole : "{}", ...metadata({ itemId: id }) })
  }

  return {
    event(data) {
      if (data === DONE) return
      const event = parseRecord(data)
      if (!event) throw brokenFrame(data)
      const index = asNumber(event.output_index) ?? 0
      switch (event.type) {
        case "response.output_text.delta":
        case "response.refusal.delta":
          return write(itemAt(event, "message"), "text", asText(event.delta))
        case "response.reasoning_summary_text.delta":
          return write(itemAt(event, "reasoning"), "reasoning", asText(event.delta), asNumber(event.summary_index))
        case "response.reasoning_text.delta":
          return write(itemAt(event, "reasoning"), "reasoning", asText(event.delta), asNumber(event.content_index))
        case "response.function_call_arguments.delta":
          return write(open.get(index), "call", asText(event.delta))
        case "response.output_item.added":
          return void start(index, asRecord(event.item) ?? {})
        case "response.output_item.done":
          return stop(index, asRecord(event.item) ?? {})
        case "response.completed":
        case "response.incomplete":
          ending = asRecord(event.response) ?? {}
          return
        case "response.failed":
          return emit({ type: "error", error: asRecord(asRecord(event.response)?.error) ?? {} })
        case "error":
          return emit({ type: "error", error: asRecord(event.error) ?? { message: event.message, code: event.code } })
      }
    },
    end() {
      if (!ending) return
      for (const [index, item] of [...open]) stop(index, { encrypted_content: null, ...item.given })
      emit({ type: "finish", finishReason: finishOf(ending, hasCalls), usage: usageOf(asRecord(ending.usage)) })
    },
  }
}

const DONE = "[DONE]"

interface Call {
  kind: "call"
  id: string
  given: Json
  callID: string
  name: string
  input: string
}
type Item =
  | { kind: "text"; id: string; given: Json }
  | { kind: "reasoning"; id: string; given: Json; parts: Set<number> }
  | Call

function itemOf(index: number, given: Json): Item | undefined {
  const id = asText(given.id) || `item_${index}`
  if (given.type === "message") return { kind: "text", id, given }
  if (given.type === "reasoning") return { kind: "reasoning", id, given, parts: new Set() }
  if (given.type !== "function_call") return undefined
  return { kind: "call", id, given, callID: asText(given.call_id) || id, name: asText(given.name) ?? "", input: "" }
}

function finishOf(response: Json, hasCalls: boolean): LanguageModelV3FinishReason {
  const raw = asText(asRecord(response.incomplete_details)?.reason)
  if (raw === undefined) return { unified: hasCalls ? "tool-calls" : "stop", raw }
  return {
    unified: raw === "max_output_tokens" ? "length" : raw === "content_filter" ? "content-filter" : "other",
    raw,
  }
}

/** Here the input counts what the cache read, and the output counts reasoning. */
function usageOf(usage: Json | undefined): LanguageModelV3Usage {
  const total = asNumber(usage?.input_tokens)
  const cacheRead = asNumber(asRecord(usage?.input_tokens_details)?.cached_tokens)
  const output = asNumber(usage?.output_tokens)
  const reasoning = asNumber(asRecord(usage?.output_tokens_details)?.reasoning_tokens)
  return inclusiveUsage({ total, cacheRead, output, reasoning })
}
