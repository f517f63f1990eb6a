// What real providers refuse about a transcript. A server that took anything would let a broken one pass every test.
import { contents, schemas } from "./law-google.ts"
import { items } from "./law-openai-responses.ts"
import type { Heard, HeardMessage, WireName } from "./wire.ts"

/** Why a provider would answer 400, in its own words; undefined when it would not. */
export function breach(
  wire: WireName,
  { messages, body = {} }: Heard & { body?: Record<string, unknown> },
): string | undefined {
  return pairing(wire, messages) ?? OWN[wire](messages, body)
}

const OWN: Record<WireName, (messages: HeardMessage[], body: Record<string, unknown>) => string | undefined> = {
  openai: callIDs,
  anthropic: blocks,
  "openai-responses": (_, body) => items(body),
  google: (messages, body) => contents(messages, body) ?? schemas(body),
}

/** Each call has exactly one result right after it, and each result its call right before. */
function pairing(wire: WireName, messages: HeardMessage[]): string | undefined {
  const seen = new Set<string>()
  let open = new Set<string>()
  for (const [index, message] of messages.entries()) {
    for (const { id } of message.toolResults) if (!open.delete(id)) return UNASKED[wire](index, id)
    // One wire gives each result a message of its own, the other all of them one message.
    if (message.role !== "tool" && open.size > 0) return UNANSWERED[wire](index, [...open])
    if (message.toolCalls.length === 0) continue
    if (open.size > 0) return UNANSWERED[wire](index, [...open])
    open = new Set(message.toolCalls.map((call) => call.id))
    const isDoubled =
      open.size < message.toolCalls.length || (wire !== "openai" && [...open].some((id) => seen.has(id)))
    if (isDoubled) return `messages.${index}.content: \`tool_use\` ids must be unique`
    for (const id of open) seen.add(id)
  }
  return open.size > 0 ? UNANSWERED[wire](messages.length, [...open]) : undefined
}

/** Where the others count to 64, chat completions count to 40. */
const MAX_CALL_ID = 40

function callIDs(messages: HeardMessage[]): string | undefined {
  for (const [index, { toolCalls }] of messages.entries())
    for (const [at, { id }] of toolCalls.entries())
      if (id.length > MAX_CALL_ID)
        return `Invalid 'messages[${index}].tool_calls[${at}].id': string too long. Expected a string with maximum length ${MAX_CALL_ID}, but got a string with length ${id.length} instead.`
  return undefined
}

type Sentence<T> = Record<WireName, (index: number, id: T) => string>

const UNANSWERED: Sentence<string[]> = {
  openai: (_, ids) =>
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. " +
    `The following tool_call_ids did not have response messages: ${ids.join(", ")}`,
  anthropic: (index, ids) =>
    `messages.${index - 1}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${ids.join(", ")}. ` +
    "Each `tool_use` block must have a corresponding `tool_result` block in the next message.",
  "openai-responses": (_, ids) => `No tool output found for function call ${ids[0]}.`,
  google: () =>
    "Please ensure that the number of function response parts is equal to the number of function call parts of the " +
    "function call turn.",
}

const UNASKED: Sentence<string> = {
  openai: () => "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
  anthropic: (index, id) =>
    `messages.${index}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${id}. ` +
    "Each `tool_result` block must have a corresponding `tool_use` block in the previous message.",
  "openai-responses": (_, id) => `No tool call found for function call output with call_id ${id}.`,
  google: () => "Please ensure that function response turn comes immediately after a function call turn.",
}

function blocks(messages: HeardMessage[]): string | undefined {
  const first = messages[0]
  if (first && first.role !== "user") return 'messages: first message must use the "user" role'
  for (const [index, message] of messages.entries()) {
    if (message.hasEmptyText) return `messages.${index}: text content blocks must be non-empty`
    for (const { id } of message.toolCalls)
      if (!/^[a-zA-Z0-9_-]+$/.test(id))
        return `messages.${index}: tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'`
  }
  const last = messages.at(-1)
  const endsBlank = last?.role === "assistant" && last.toolCalls.length === 0 && /\s$/.test(last.text)
  return endsBlank ? "messages: final assistant content cannot end with trailing whitespace" : undefined
}
