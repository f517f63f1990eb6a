// Anthropic messages. Pure: a reply becomes frames or a body, a body becomes what was heard.
import type { Answer, Block, Failure, Finish, Usage } from "./script.ts"
import type { Circumstances, ErrorAnswer, Frame, Heard, HeardMessage, Route, Wire } from "./wire.ts"
import { argumentsOf, asList, asText, hasEmptyText, idOf, requestId, textOf } from "./wire.ts"

const STOP: Record<Exclude<Finish, "none">, string> = {
  stop: "end_turn",
  "tool-calls": "tool_use",
  length: "max_tokens",
  "content-filter": "refusal",
}

export const anthropic: Wire = {
  name: "anthropic",
  route,
  requestIdHeader: "request-id",
  read,
  frames,
  whole,
  failure,
  errorFrame: (reason, number) => event("error", failure(reason, number).body),
  brokenFrame: `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_de\n\n`,
}

/** At Google the model is in the path, and what stands after it says whether to stream. */
function route(path: string): Route | undefined {
  if (path.endsWith("/v1/messages")) return {}
  const [, model, method] = /\/models\/([^/:]+):(streamRawPredict|rawPredict)$/.exec(path) ?? []
  return model === undefined ? undefined : { model, stream: method === "streamRawPredict" }
}

const event = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`

function* frames(answer: Answer, circumstances: Circumstances): Iterable<Frame> {
  const framing = (type: string, data: object): Frame => ({ text: event(type, { type, ...data }), delta: false })
  const delta = (index: number, data: object) => framing("content_block_delta", { index, delta: data })

  const opening = answer.usage && { ...answer.usage, output: 1, reasoning: undefined }
  const message = {
    ...envelope(circumstances),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: usageOf(opening),
  }
  yield framing("message_start", { message })

  for (const [index, block] of answer.blocks.entries()) {
    yield framing("content_block_start", { index, content_block: openingOf(block, circumstances) })
    if (index === 0) yield framing("ping", {})
    if (block.type === "call") yield delta(index, { type: "input_json_delta", partial_json: "" })
    yield* deltas(block, index)
    if (block.type === "thinking") yield delta(index, { type: "signature_delta", signature: block.signature })
    yield framing("content_block_stop", { index })
  }
  if (answer.finish === "none") return
  const reason = { stop_reason: STOP[answer.finish], stop_sequence: null }
  yield framing("message_delta", { delta: reason, usage: usageOf(answer.usage) })
  yield framing("message_stop", {})
}

/** Written by hand around the one value that varies: a stream of thousands of deltas must cost next to nothing. */
function* deltas(block: Block, index: number): Iterable<Frame> {
  const [type, field] = {
    text: ["text_delta", "text"],
    thinking: ["thinking_delta", "thinking"],
    call: ["input_json_delta", "partial_json"],
  }[block.type] as [string, string]
  const head = `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":"${type}","${field}":`
  for (const piece of block.chunks) yield { text: `${head}${JSON.stringify(piece)}}}\n\n`, delta: true }
}

function openingOf(block: Block, circumstances: Circumstances): unknown {
  if (block.type === "text") return { type: "text", text: "" }
  if (block.type === "thinking") return { type: "thinking", thinking: "", signature: "" }
  return { type: "tool_use", id: callId(block, circumstances), name: block.name, input: {} }
}

function whole(answer: Answer, circumstances: Circumstances): unknown {
  const content = answer.blocks.map((block) => {
    const text = block.chunks.join("")
    if (block.type === "text") return { type: "text", text }
    if (block.type === "thinking") return { type: "thinking", thinking: text, signature: block.signature }
    return { type: "tool_use", id: callId(block, circumstances), name: block.name, input: argumentsOf(text) }
  })
  const stop_reason = answer.finish === "none" ? null : STOP[answer.finish]
  return { ...envelope(circumstances), content, stop_reason, stop_sequence: null, usage: usageOf(answer.usage) }
}

const envelope = ({ number, model }: Circumstances) => ({
  id: idOf("msg_01", number, 22),
  type: "message",
  role: "assistant",
  model,
})

function failure(reason: Failure, number: number): ErrorAnswer {
  const usual = usualFailure(reason)
  const error = { type: reason.type ?? usual.type, message: reason.message ?? usual.message }
  // The wire has no `code`; gateways in front of it add one.
  const body = {
    type: "error",
    error: { ...error, ...(reason.code && { code: reason.code }) },
    request_id: requestId(number),
  }
  return { status: reason.status ?? usual.status, body }
}

function usualFailure(reason: Failure): { status: number; type: string; message: string } {
  if (reason.cause === "overflow")
    return {
      status: 400,
      type: "invalid_request_error",
      message: "prompt is too long: 214735 tokens > 200000 maximum",
    }
  const status = reason.cause === "overloaded" ? 529 : (reason.status ?? 500)
  const [type, message] = USUAL[status] ?? (status >= 500 ? INTERNAL : INVALID)
  return { status, type, message }
}

const INVALID = ["invalid_request_error", "The request was refused."] as const
const INTERNAL = ["api_error", "Internal server error"] as const
const USUAL: Record<number, readonly [type: string, message: string]> = {
  401: ["authentication_error", "invalid x-api-key"],
  403: ["permission_error", "Your API key does not have permission to use the specified resource."],
  404: ["not_found_error", "The model does not exist."],
  413: ["request_too_large", "Request exceeds the maximum size"],
  429: ["rate_limit_error", "This request would exceed your account's rate limit. Please try again later."],
  529: ["overloaded_error", "Overloaded"],
}

/** Here what the cache read or wrote is counted beside the input. */
function usageOf(usage: Usage | null): unknown {
  return {
    input_tokens: usage?.input ?? 0,
    cache_creation_input_tokens: usage?.cacheWrite ?? 0,
    cache_read_input_tokens: usage?.cacheRead ?? 0,
    output_tokens: usage?.output ?? 0,
    ...(usage?.reasoning !== undefined && { output_tokens_details: { thinking_tokens: usage.reasoning } }),
  }
}

const callId = (block: { id?: string }, circumstances: Circumstances): string =>
  block.id ?? idOf("toolu_01", circumstances.nextCall(), 22)

function read(body: Record<string, unknown>): Heard {
  return {
    system: textOf(body.system),
    messages: asList(body.messages).map(readMessage),
    tools: asList(body.tools).map((tool) => asText(tool.name)),
  }
}

function readMessage(message: Record<string, unknown>): HeardMessage {
  const blocks = asList(message.content)
  const ofType = (type: string) => blocks.filter((block) => block.type === type)
  return {
    role: asText(message.role),
    text: textOf(message.content),
    reasoning: ofType("thinking")
      .map((block) => asText(block.thinking))
      .join("\n"),
    toolCalls: ofType("tool_use").map((block) => ({
      id: asText(block.id),
      name: asText(block.name),
      input: block.input,
    })),
    toolResults: ofType("tool_result").map((block) => ({
      id: asText(block.tool_use_id),
      text: textOf(block.content),
      isError: block.is_error === true,
    })),
    hasEmptyText: hasEmptyText(message.content),
  }
}
