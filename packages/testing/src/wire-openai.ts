// OpenAI-compatible chat completions. Pure: a reply becomes frames or a body, a body becomes what was heard.
import type { Answer, Block, Failure, Finish, Usage } from "./script.ts"
import type { Circumstances, ErrorAnswer, Frame, Heard, HeardMessage, Wire } from "./wire.ts"
import { argumentsOf, asList, asRecord, asText, hasEmptyText, idOf, pathEnding, textOf } from "./wire.ts"

/** Any fixed moment: recordings of two runs compare equal. */
const CREATED = 1_750_000_000

const FINISH: Record<Exclude<Finish, "none">, string> = {
  stop: "stop",
  "tool-calls": "tool_calls",
  length: "length",
  "content-filter": "content_filter",
}

export const openai: Wire = {
  name: "openai",
  route: pathEnding("/chat/completions"),
  requestIdHeader: "x-request-id",
  read,
  frames,
  whole,
  failure: openaiFailure,
  errorFrame: (reason) => `data: ${JSON.stringify(openaiFailure(reason).body)}\n\n`,
  brokenFrame: `data: {"id":"chatcmpl-broken","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"cont\n\n`,
}

function* frames(answer: Answer, circumstances: Circumstances): Iterable<Frame> {
  const head = JSON.stringify({
    id: idOf("chatcmpl-", circumstances.number, 29),
    object: "chat.completion.chunk",
    created: CREATED,
    model: circumstances.model,
  }).slice(0, -1)
  // Written by hand around the one value that varies: a stream of thousands of deltas must cost next to nothing.
  const chunk = (delta: string, finish = "null"): string =>
    `data: ${head},"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}]}\n\n`

  yield { text: chunk(`{"role":"assistant","content":""}`), delta: false }
  let index = 0
  for (const block of answer.blocks) {
    if (block.type === "call") {
      const call = {
        index,
        id: callId(block, circumstances),
        type: "function",
        function: { name: block.name, arguments: "" },
      }
      yield { text: chunk(JSON.stringify({ tool_calls: [call] })), delta: false }
      for (const piece of block.chunks)
        yield {
          text: chunk(`{"tool_calls":[{"index":${index},"function":{"arguments":${JSON.stringify(piece)}}}]}`),
          delta: true,
        }
      index++
    } else {
      const field = block.type === "text" ? "content" : "reasoning_content"
      for (const piece of block.chunks) yield { text: chunk(`{"${field}":${JSON.stringify(piece)}}`), delta: true }
    }
  }
  if (answer.finish === "none") return
  yield { text: chunk("{}", JSON.stringify(FINISH[answer.finish])), delta: false }
  if (answer.usage && asRecord(circumstances.body.stream_options).include_usage === true)
    yield { text: `data: ${head},"choices":[],"usage":${JSON.stringify(usageOf(answer.usage))}}\n\n`, delta: false }
  yield { text: "data: [DONE]\n\n", delta: false }
}

function whole(answer: Answer, circumstances: Circumstances): unknown {
  const joined = (type: Block["type"]) =>
    answer.blocks.flatMap((block) => (block.type === type ? block.chunks : [])).join("")
  const calls = answer.blocks.flatMap((block) => {
    if (block.type !== "call") return []
    const made = { name: block.name, arguments: block.chunks.join("") }
    return [{ id: callId(block, circumstances), type: "function", function: made }]
  })
  const reasoning = joined("thinking")
  return {
    id: idOf("chatcmpl-", circumstances.number, 29),
    object: "chat.completion",
    created: CREATED,
    model: circumstances.model,
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: joined("text") || null,
          ...(reasoning ? { reasoning_content: reasoning } : {}),
          ...(calls.length ? { tool_calls: calls } : {}),
        },
        logprobs: null,
        finish_reason: answer.finish === "none" ? null : FINISH[answer.finish],
      },
    ],
    ...(answer.usage ? { usage: usageOf(answer.usage) } : {}),
  }
}

/** Both wires of OpenAI fail alike. */
export function openaiFailure(reason: Failure): ErrorAnswer {
  const usual = usualFailure(reason)
  const { message, type, code } = { ...usual, ...given(reason) }
  return { status: reason.status ?? usual.status, body: { error: { message, type, param: usual.param ?? null, code } } }
}

type Usual = { status: number; message: string; type: string; code: string | null; param?: string }

function usualFailure(reason: Failure): Usual {
  if (reason.cause === "overflow")
    return {
      status: 400,
      message:
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 130172 tokens. " +
        "Please reduce the length of the messages.",
      type: "invalid_request_error",
      code: "context_length_exceeded",
      param: "messages",
    }
  const status = reason.cause === "overloaded" ? 503 : (reason.status ?? 500)
  const invalid = "invalid_request_error"
  if (status === 401) return { status, message: "Incorrect API key provided.", type: invalid, code: "invalid_api_key" }
  if (status === 404)
    return { status, message: "The model does not exist.", type: invalid, code: "model_not_found", param: "model" }
  if (status === 429)
    return { status, message: "Rate limit reached for requests.", type: "requests", code: "rate_limit_exceeded" }
  if (status === 503)
    return {
      status,
      message: "The engine is currently overloaded, please try again later.",
      type: "server_error",
      code: null,
    }
  if (status >= 500)
    return {
      status,
      message: "The server had an error while processing your request.",
      type: "server_error",
      code: null,
    }
  return { status, message: "The request was refused.", type: invalid, code: null }
}

function given({ message, type, code }: Failure): Partial<Usual> {
  return {
    ...(message !== undefined && { message }),
    ...(type !== undefined && { type }),
    ...(code !== undefined && { code }),
  }
}

/** Here the prompt counts everything, cached or not. */
function usageOf(usage: Usage): unknown {
  const prompt = usage.input + (usage.cacheRead ?? 0) + (usage.cacheWrite ?? 0)
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.output,
    total_tokens: prompt + usage.output,
    prompt_tokens_details: { cached_tokens: usage.cacheRead ?? 0 },
    completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
  }
}

const callId = (block: { id?: string }, circumstances: Circumstances): string =>
  block.id ?? idOf("call_", circumstances.nextCall(), 24)

function read(body: Record<string, unknown>): Heard {
  const all = asList(body.messages)
  const isSystem = (message: Record<string, unknown>) => message.role === "system" || message.role === "developer"
  return {
    system: all
      .filter(isSystem)
      .map((message) => textOf(message.content))
      .join("\n\n"),
    messages: all.filter((message) => !isSystem(message)).map(readMessage),
    tools: asList(body.tools).map((tool) => asText(asRecord(tool.function).name)),
  }
}

function readMessage(message: Record<string, unknown>): HeardMessage {
  const text = textOf(message.content)
  const role = asText(message.role)
  const empty = hasEmptyText(message.content)
  if (role === "tool") {
    const result = { id: asText(message.tool_call_id), text, isError: false }
    return { role, text: "", reasoning: "", toolCalls: [], toolResults: [result], hasEmptyText: empty }
  }
  const toolCalls = asList(message.tool_calls).map((call) => {
    const made = asRecord(call.function)
    return { id: asText(call.id), name: asText(made.name), input: argumentsOf(asText(made.arguments)) }
  })
  return { role, text, reasoning: asText(message.reasoning_content), toolCalls, toolResults: [], hasEmptyText: empty }
}
