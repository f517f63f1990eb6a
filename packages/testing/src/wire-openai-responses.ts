// OpenAI's responses. Pure: a reply becomes frames or a body, a body becomes what was heard.
import type { Answer, Block, Failure, Usage } from "./script.ts"
import type { Circumstances, ErrorAnswer, Frame, Heard, HeardMessage, Wire } from "./wire.ts"
import { argumentsOf, asList, asText, idOf, pathEnding, textOf } from "./wire.ts"
import { openaiFailure } from "./wire-openai.ts"

/** Any fixed moment: recordings of two runs compare equal. */
const CREATED = 1_750_000_000

export const openaiResponses: Wire = {
  name: "openai-responses",
  route: pathEnding("/responses"),
  requestIdHeader: "x-request-id",
  read,
  frames,
  whole,
  failure,
  errorFrame,
  brokenFrame: `event: response.output_text.delta\ndata: {"type":"response.output_text.delta","item_id":"msg_0","del\n\n`,
}

function* frames(answer: Answer, circumstances: Circumstances): Iterable<Frame> {
  let number = 0
  const text = (type: string, members: string): string =>
    `event: ${type}\ndata: {"type":"${type}","sequence_number":${number++}${members}}\n\n`
  const framing = (type: string, data: object): Frame => ({
    text: text(type, `,${JSON.stringify(data).slice(1, -1)}`),
    delta: false,
  })

  yield framing("response.created", { response: envelope(circumstances, "in_progress") })
  yield framing("response.in_progress", { response: envelope(circumstances, "in_progress") })
  const output: unknown[] = []
  for (const [output_index, block] of answer.blocks.entries()) {
    const { opening, done } = itemOf(block, output_index, circumstances)
    const place = { item_id: done.id, output_index }
    yield framing("response.output_item.added", { output_index, item: opening })
    const { before, delta, after } = SENT[block.type](block.chunks.join(""), place)
    for (const [type, data] of before) yield framing(type, data)
    // Written by hand around the one value that varies: a stream of thousands of deltas must cost next to nothing.
    const head = JSON.stringify(delta.data).slice(1, -1)
    for (const piece of block.chunks)
      yield { text: text(delta.type, `,${head},"delta":${JSON.stringify(piece)}`), delta: true }
    for (const [type, data] of after) yield framing(type, data)
    yield framing("response.output_item.done", { output_index, item: done })
    output.push(done)
  }
  if (answer.finish === "none") return
  const response = ended(answer, output, circumstances)
  yield framing(`response.${response.status}`, { response })
}

type Sent = { before: [string, object][]; delta: { type: string; data: object }; after: [string, object][] }

/** What is said between the start of an item and its end. */
const SENT: Record<Block["type"], (text: string, place: object) => Sent> = {
  text: (text, place) => {
    const at = { ...place, content_index: 0 }
    const part = { type: "output_text", annotations: [], logprobs: [], text: "" }
    return {
      before: [["response.content_part.added", { ...at, part }]],
      delta: { type: "response.output_text.delta", data: { ...at, logprobs: [] } },
      after: [
        ["response.output_text.done", { ...at, logprobs: [], text }],
        ["response.content_part.done", { ...at, part: { ...part, text } }],
      ],
    }
  },
  thinking: (text, place) => {
    const at = { ...place, summary_index: 0 }
    const part = { type: "summary_text", text: "" }
    return {
      before: [["response.reasoning_summary_part.added", { ...at, part }]],
      delta: { type: "response.reasoning_summary_text.delta", data: at },
      after: [
        ["response.reasoning_summary_text.done", { ...at, text }],
        ["response.reasoning_summary_part.done", { ...at, part: { ...part, text } }],
      ],
    }
  },
  call: (text, place) => ({
    before: [],
    delta: { type: "response.function_call_arguments.delta", data: place },
    after: [["response.function_call_arguments.done", { ...place, arguments: text }]],
  }),
}

type Item = { id: string; type: string; [member: string]: unknown }

/** An item as it is announced, and as it is when it is whole. */
function itemOf(block: Block, index: number, circumstances: Circumstances): { opening: Item; done: Item } {
  const text = block.chunks.join("")
  const number = circumstances.number * 100 + index
  if (block.type === "call") {
    const item = {
      id: idOf("fc_", number, 48),
      type: "function_call",
      call_id: block.id ?? idOf("call_", circumstances.nextCall(), 24),
      name: block.name,
    }
    const opening = { ...item, status: "in_progress", arguments: "" }
    return { opening, done: { ...item, status: "completed", arguments: text } }
  }
  if (block.type === "text") {
    const item = { id: idOf("msg_", number, 48), type: "message", role: "assistant" }
    const content = [{ type: "output_text", annotations: [], logprobs: [], text }]
    return {
      opening: { ...item, status: "in_progress", content: [] },
      done: { ...item, status: "completed", content },
    }
  }
  const item = { id: idOf("rs_", number, 48), type: "reasoning" }
  // Only for those who ask: others are meant to name the item, which the service keeps.
  const asked = Array.isArray(circumstances.body.include) ? circumstances.body.include : []
  const sealed = asked.includes("reasoning.encrypted_content") ? { encrypted_content: block.signature } : {}
  return {
    opening: { ...item, summary: [], ...sealed },
    done: { ...item, summary: [{ type: "summary_text", text }], ...sealed },
  }
}

function whole(answer: Answer, circumstances: Circumstances): unknown {
  const output = answer.blocks.map((block, index) => itemOf(block, index, circumstances).done)
  return ended(answer, output, circumstances)
}

function ended(answer: Answer, output: unknown[], circumstances: Circumstances) {
  const reason = { length: "max_output_tokens", "content-filter": "content_filter" }[answer.finish as string]
  return {
    ...envelope(circumstances, reason ? "incomplete" : "completed"),
    incomplete_details: reason ? { reason } : null,
    output,
    usage: answer.usage && usageOf(answer.usage),
  }
}

const envelope = ({ number, model }: Circumstances, status: string) => ({
  id: idOf("resp_", number, 48),
  object: "response",
  created_at: CREATED,
  status,
  error: null,
  incomplete_details: null as { reason: string } | null,
  model,
  output: [] as unknown[],
  parallel_tool_calls: true,
  store: false,
  usage: null as unknown,
})

/** Here the input counts what the cache read, and the output counts reasoning. */
function usageOf(usage: Usage): unknown {
  const input_tokens = usage.input + (usage.cacheRead ?? 0) + (usage.cacheWrite ?? 0)
  return {
    input_tokens,
    input_tokens_details: { cached_tokens: usage.cacheRead ?? 0 },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    total_tokens: input_tokens + usage.output,
  }
}

function failure(reason: Failure): ErrorAnswer {
  const overflow = {
    message: "Your input exceeds the context window of this model. Please adjust your input and try again.",
  }
  return openaiFailure(reason.cause === "overflow" ? { ...overflow, ...reason } : reason)
}

function errorFrame(reason: Failure): string {
  const { error } = failure(reason).body as { error: { message: string; code: string | null; type: string } }
  const data = {
    type: "error",
    sequence_number: 99,
    code: error.code ?? error.type,
    message: error.message,
    param: null,
  }
  return `event: error\ndata: ${JSON.stringify(data)}\n\n`
}

function read(body: Record<string, unknown>): Heard {
  const items = asList(body.input)
  const isSystem = (item: Record<string, unknown>) => item.role === "system" || item.role === "developer"
  const system = [asText(body.instructions), ...items.filter(isSystem).map((item) => contentText(item.content))]
  return {
    system: system.filter((text) => text).join("\n\n"),
    messages: joined(items.filter((item) => !isSystem(item))),
    tools: asList(body.tools).map((tool) => asText(tool.name)),
  }
}

/** Items of one answer follow each other; they are heard as one message, and so are results. */
function joined(items: Record<string, unknown>[]): HeardMessage[] {
  const messages: HeardMessage[] = []
  for (const item of items) {
    const role = roleOf(item)
    const last = messages.at(-1)
    const isSame = role !== "user" && last?.role === role
    const message: HeardMessage = isSame
      ? last
      : { role, text: "", reasoning: "", toolCalls: [], toolResults: [], hasEmptyText: false }
    if (!isSame) messages.push(message)
    add(item, message)
  }
  return messages
}

function add(item: Record<string, unknown>, message: HeardMessage): void {
  const append = (old: string, more: string): string => (old && more ? `${old}\n${more}` : old || more)
  if (item.type === "function_call") {
    const input = argumentsOf(asText(item.arguments))
    message.toolCalls.push({ id: asText(item.call_id), name: asText(item.name), input })
  } else if (item.type === "function_call_output") {
    message.toolResults.push({ id: asText(item.call_id), text: contentText(item.output), isError: false })
  } else if (item.type === "reasoning") {
    const summary = asList(item.summary).map((part) => asText(part.text))
    message.reasoning = append(message.reasoning, summary.join("\n"))
  } else {
    message.text = append(message.text, contentText(item.content))
    message.hasEmptyText ||= item.content === "" || asList(item.content).some((part) => part.text === "")
  }
}

const roleOf = (item: Record<string, unknown>): string => {
  if (item.type === "function_call_output") return "tool"
  return item.type === "function_call" || item.type === "reasoning" ? "assistant" : asText(item.role)
}

const contentText = (content: unknown): string =>
  textOf(
    typeof content === "string"
      ? content
      : asList(content).map((part) => (asText(part.type).endsWith("_text") ? { ...part, type: "text" } : part)),
  )
