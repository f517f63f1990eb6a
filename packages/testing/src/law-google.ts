// What Google refuses beyond unpaired calls: empty content, wrong turns, schemas outside its subset.
import { asList, asRecord, asText, type HeardMessage } from "./wire.ts"

export function contents(messages: HeardMessage[], body: Record<string, unknown>): string | undefined {
  for (const [index, { parts, role }] of asList(body.contents).entries()) {
    if (!Array.isArray(parts) || parts.length === 0)
      return `* GenerateContentRequest.contents[${index}].parts: contents.parts must not be empty.`
    if (role !== "user" && role !== "model") return `Please use a valid role: user, model.`
    if (asList(parts).some((part) => part.text === ""))
      return "Unable to submit request because it has an empty text parameter."
  }
  const wrong = messages.findIndex(({ toolCalls }, index) => toolCalls.length > 0 && !follows(messages[index - 1]))
  if (wrong >= 0)
    return "Please ensure that function call turn comes immediately after a user turn or after a function response turn."
  const last = messages.at(-1)
  return last?.role === "assistant" && last.toolCalls.length > 0
    ? "Please ensure that function call turn is followed by a function response turn."
    : undefined
}

const follows = (before: HeardMessage | undefined): boolean => before?.role === "user" || before?.role === "tool"

const UNKNOWN = ["$ref", "$schema", "$defs", "additionalProperties", "const", "exclusiveMinimum", "patternProperties"]

export function schemas(body: Record<string, unknown>): string | undefined {
  const declared = asList(body.tools).flatMap((tool) => asList(tool.functionDeclarations))
  for (const { name, parameters } of declared) {
    const reason = parameters === undefined ? undefined : schema(asRecord(parameters), "parameters")
    if (reason) return `Invalid function declaration ${asText(name)}: ${reason}`
  }
  return undefined
}

function schema(node: Record<string, unknown>, path: string): string | undefined {
  const unknown = UNKNOWN.find((name) => name in node)
  if (unknown) return `Unknown name "${unknown}" at '${path}': Cannot find field.`
  const values = Array.isArray(node.enum) ? node.enum : []
  if (values.some((value) => typeof value !== "string")) return `${path}.enum: only allowed for STRING type`
  if (Array.isArray(node.type)) return `Proto field is not repeating, cannot start list at '${path}.type'.`
  const properties = asRecord(node.properties)
  if (path === "parameters" && node.type === "object" && Object.keys(properties).length === 0)
    return `${path}.properties: should be non-empty for OBJECT type`
  if (node.type === "array" && !node.items) return `${path}.items: missing field.`
  const nested: [string, unknown][] = [
    ...Object.entries(properties).map(([name, value]): [string, unknown] => [`${path}.properties[${name}]`, value]),
    ...asList(node.anyOf).map((value, index): [string, unknown] => [`${path}.anyOf[${index}]`, value]),
    ...(node.items ? ([[`${path}.items`, node.items]] as [string, unknown][]) : []),
  ]
  for (const [place, value] of nested) {
    const reason = schema(asRecord(value), place)
    if (reason) return reason
  }
  return undefined
}
