// What OpenAI's responses refuse beyond unpaired calls: items that do not belong together.
import { asList, asText } from "./wire.ts"

const MAX_ID = 64
const PREFIX: Record<string, string> = { message: "msg", function_call: "fc", reasoning: "rs" }

export function items(body: Record<string, unknown>): string | undefined {
  const input = asList(body.input)
  const seen = new Set<string>()
  for (const [index, item] of input.entries()) {
    const type = asText(item.type) || "message"
    const id = asText(item.id)
    const callID = asText(item.call_id)
    if (callID.length > MAX_ID)
      return `Invalid 'input[${index}].call_id': string too long. Expected a string with maximum length ${MAX_ID}, but got a string with length ${callID.length} instead.`
    if (id && seen.has(id))
      return `Duplicate item found with id ${id}. Remove duplicate items from your input and try again.`
    seen.add(id)
    const prefix = PREFIX[type]
    if (id && prefix && !id.startsWith(prefix))
      return `Invalid 'input[${index}].id': '${id}'. Expected an ID that begins with '${prefix}'.`
    const isKept = body.store !== false
    if (!isKept && (type === "item_reference" || (type === "reasoning" && !item.encrypted_content)))
      return `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false.`
    if (type === "reasoning" && !isFollowed(input.slice(index + 1)))
      return `Item '${id}' of type 'reasoning' was provided without its required following item.`
    if (asList(item.content).some((part) => part.text === "") && item.role === "user")
      return `Invalid 'input[${index}].content': empty text.`
  }
  return undefined
}

/** By what the model said or did after it thought. */
function isFollowed(rest: Record<string, unknown>[]): boolean {
  const next = rest.find((item) => item.type !== "reasoning")
  return next?.type === "function_call" || next?.role === "assistant"
}
