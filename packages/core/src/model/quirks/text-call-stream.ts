import type { LanguageModelV3CallOptions, LanguageModelV3StreamPart } from "@ai-sdk/provider"
import { asRecord } from "../wire/json.ts"
import type { Emit } from "../wire/part-reader.ts"
import { textCalls, type TextCalls } from "./text-calls.ts"
import type { Offered, TextCall } from "./text-call-dialects.ts"

/**
 * The parts of an answer with the calls in its text made calls. Only the last text of an answer that has no other calls
 * and came to its end counts: a server that understood the model has told its calls already.
 */
export function callsFromText(options: LanguageModelV3CallOptions, emit: Emit): Emit {
  if (!options.tools?.length || options.toolChoice?.type === "none") return emit
  const offered: Offered = new Map(
    options.tools.flatMap((tool) => (tool.type === "function" ? [[tool.name, asRecord(tool.inputSchema) ?? {}]] : [])),
  )
  const open = new Map<string, TextCalls>()
  let found: { id: string; text: string; calls: TextCall[] } | undefined
  let count = 0

  function made(part: Part): Part[] {
    if (part.type === "text-start") {
      open.set(part.id, textCalls(offered))
      return [part]
    }
    const text = part.type === "text-delta" || part.type === "text-end" ? open.get(part.id) : undefined
    if (part.type === "text-delta" && text) {
      const delta = text.push(part.delta)
      return delta || part.providerMetadata ? [{ ...part, delta }] : []
    }
    if (part.type !== "text-end" || !text) return [part]
    open.delete(part.id)
    const { text: rest, calls } = text.end()
    if (calls.length) {
      found = { id: part.id, text: rest, calls }
      return []
    }
    return [...(rest ? [{ type: "text-delta" as const, id: part.id, delta: rest }] : []), part]
  }

  /** What was found is decided by what comes next: the end of the answer, or anything else. */
  function decided(part: Part): Part[] {
    if (!found) return []
    const { id, text, calls } = found
    found = undefined
    const isWhole = part.type === "finish" && WHOLE.has(part.finishReason.unified)
    if (!isWhole)
      return [
        { type: "text-delta", id, delta: text },
        { type: "text-end", id },
      ]
    return [{ type: "text-end", id }, ...calls.flatMap(partsOf)]
  }

  function partsOf({ name, input }: TextCall): Part[] {
    const id = `call_text_${count++}`
    return [
      { type: "tool-input-start", id, toolName: name },
      { type: "tool-input-delta", id, delta: input },
      { type: "tool-input-end", id },
      { type: "tool-call", toolCallId: id, toolName: name, input },
    ]
  }

  return (part) => {
    for (const each of decided(part)) emit(each)
    for (const each of made(part)) emit(each)
  }
}

type Part = LanguageModelV3StreamPart

/** Servers call the end of such an answer `stop`; some say nothing. */
const WHOLE: ReadonlySet<string> = new Set(["stop", "tool-calls", "other"])
