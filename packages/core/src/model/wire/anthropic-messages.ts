import type { LanguageModelV3FinishReason, LanguageModelV3Usage } from "@ai-sdk/provider"
import { asNumber, asRecord, asText, parseRecord, type Json } from "./json.ts"
import { brokenFrame, type Emit, type PartReader } from "./part-reader.ts"

/** Reads streamed Anthropic messages. Blocks of a kind that is not known here are passed over. */
export function anthropicMessagesReader(emit: Emit): PartReader {
  const open = new Map<number, Block>()
  let usage: Json = {}
  let finish: LanguageModelV3FinishReason | undefined

  function start(index: number, given: Json): void {
    const block = blockOf(index, given)
    if (!block) return
    open.set(index, block)
    if (block.kind === "call") return emit({ type: "tool-input-start", id: block.id, toolName: block.name })
    const redacted = asText(given.data)
    emit({
      type: `${block.kind}-start`,
      id: block.id,
      ...(redacted === undefined ? {} : { providerMetadata: { anthropic: { redactedData: redacted } } }),
    })
  }

  function delta(block: Block, given: Json): void {
    if (block.kind === "call") {
      const piece = asText(given.partial_json)
      if (!piece) return
      block.input += piece
      return emit({ type: "tool-input-delta", id: block.id, delta: piece })
    }
    const text = block.kind === "text" ? asText(given.text) : asText(given.thinking)
    if (text) return emit({ type: `${block.kind}-delta`, id: block.id, delta: text })
    const signature = block.kind === "reasoning" ? asText(given.signature) : undefined
    if (signature)
      emit({ type: "reasoning-delta", id: block.id, delta: "", providerMetadata: { anthropic: { signature } } })
  }

  function stop(index: number, block: Block): void {
    open.delete(index)
    if (block.kind !== "call") return emit({ type: `${block.kind}-end`, id: block.id })
    emit({ type: "tool-input-end", id: block.id })
    emit({ type: "tool-call", toolCallId: block.id, toolName: block.name, input: block.input || block.whole })
  }

  return {
    event(data) {
      const event = parseRecord(data)
      if (!event) throw brokenFrame(data)
      const index = asNumber(event.index) ?? 0
      const block = open.get(index)
      switch (event.type) {
        case "content_block_delta":
          return block && delta(block, asRecord(event.delta) ?? {})
        case "content_block_start":
          return start(index, asRecord(event.content_block) ?? {})
        case "content_block_stop":
          return block && stop(index, block)
        case "message_start":
          usage = { ...asRecord(asRecord(event.message)?.usage) }
          return
        case "message_delta": {
          // Its counts are totals and replace the opening ones; members it leaves out stay.
          usage = { ...usage, ...asRecord(event.usage) }
          const reason = asText(asRecord(event.delta)?.stop_reason)
          if (reason) finish = { unified: FINISH[reason] ?? "other", raw: reason }
          return
        }
        case "error":
          return emit({ type: "error", error: event.error ?? event })
      }
    },
    end() {
      if (!finish) return
      for (const [index, block] of open) stop(index, block)
      emit({ type: "finish", finishReason: finish, usage: usageOf(usage) })
    },
  }
}

type Block = { kind: "text" | "reasoning"; id: string } | Call
interface Call {
  kind: "call"
  id: string
  name: string
  /** As it came in pieces. */
  input: string
  /** As it came with the block; used when no piece followed. */
  whole: string
}

function blockOf(index: number, given: Json): Block | undefined {
  if (given.type === "text") return { kind: "text", id: String(index) }
  if (given.type === "thinking" || given.type === "redacted_thinking") return { kind: "reasoning", id: String(index) }
  if (given.type !== "tool_use") return undefined
  const id = asText(given.id) || `call_${index}`
  return {
    kind: "call",
    id,
    name: asText(given.name) ?? "",
    input: "",
    whole: JSON.stringify(asRecord(given.input) ?? {}),
  }
}

const FINISH: Record<string, LanguageModelV3FinishReason["unified"]> = {
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "stop",
  refusal: "content-filter",
  tool_use: "tool-calls",
  max_tokens: "length",
  model_context_window_exceeded: "length",
}

/** Here what the cache read or wrote stands beside the input. */
function usageOf(usage: Json): LanguageModelV3Usage {
  const noCache = asNumber(usage.input_tokens)
  const cacheRead = asNumber(usage.cache_read_input_tokens)
  const cacheWrite = asNumber(usage.cache_creation_input_tokens)
  const output = asNumber(usage.output_tokens)
  const reasoning = asNumber(asRecord(usage.output_tokens_details)?.thinking_tokens)
  return {
    inputTokens: { total: (noCache ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0), noCache, cacheRead, cacheWrite },
    outputTokens: { total: output, text: output === undefined ? undefined : output - (reasoning ?? 0), reasoning },
  }
}
