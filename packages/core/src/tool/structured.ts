import type { PromptInput } from "@opencode/protocol/message.ts"
import { coerceInput } from "./coerce.ts"
import { fitOf } from "./json-fit.ts"
import type { ToolDefinition } from "./registry.ts"
import { prose } from "./structured.prompt.ts"

/**
 * An answer as data in a form that the prompt gives. The form is the input of a tool that exists for this prompt alone:
 * every provider takes schemas of tools, and other tools can be called before it.
 */
export type JsonFormat = Extract<PromptInput["format"], { type: "json_schema" }>

/** As other clients of this API know it. */
export const STRUCTURED_TOOL = "StructuredOutput"
/** How often a model may try again when the prompt does not say: what it cannot mend in two tries, it cannot mend. */
export const DEFAULT_RETRIES = 2
/** Each costs a request with the whole conversation. */
export const MAX_RETRIES = 20

/** Models write the names of tools in their own case. */
export const isStructuredTool = (name: string): boolean => name.toLowerCase() === STRUCTURED_TOOL.toLowerCase()

export const structuredTool = ({ schema }: JsonFormat): ToolDefinition => ({
  name: STRUCTURED_TOOL,
  description: prose,
  inputSchema: isWrapped(schema) ? wrapped(schema) : { ...plain(schema), type: "object" },
})

/** What the model gave as arguments, as the prompt wants it, or what is wrong with it. */
export async function structuredAnswer(
  raw: string,
  { schema }: JsonFormat,
): Promise<{ value: unknown } | { problem: string }> {
  const given = parsed(raw.trim() === "" ? "{}" : raw)
  if ("problem" in given) return given
  const isInside = isWrapped(schema) && isRecord(given.value) && Object.hasOwn(given.value, MEMBER)
  const value = isInside ? (given.value as Record<string, unknown>)[MEMBER] : given.value
  const fit = await fitOf(value, schema)
  if (fit.fits) return { value }
  // Numbers written as text, lists as JSON text: taken for what they plainly mean, if that fits.
  const meant = coerceInput(value, schema)
  return (await fitOf(meant, schema)).fits ? { value: meant } : { problem: fit.problem }
}

/** The JSON in an answer of text: the whole of it, or from the first bracket to the last, as in a fence. */
export async function structuredText(
  text: string,
  format: JsonFormat,
): Promise<{ value: unknown } | { problem: string }> {
  const start = text.search(/[[{]/)
  const end = Math.max(text.lastIndexOf("]"), text.lastIndexOf("}"))
  let problem = "The answer was not JSON."
  for (const candidate of [text, text.slice(Math.max(start, 0), end + 1)]) {
    if ("problem" in parsed(candidate)) continue
    const answer = await structuredAnswer(candidate, format)
    if ("value" in answer) return answer
    problem = `The answer does not fit the schema. ${answer.problem}`
  }
  return { problem }
}

function parsed(raw: string): { value: unknown } | { problem: string } {
  try {
    return { value: JSON.parse(raw) }
  } catch (error) {
    return { problem: `JSON parsing failed: ${(error as SyntaxError).message}` }
  }
}

/** The one member of the arguments, where the answer itself is no object or none that providers take. */
const MEMBER = "value"
/** Providers want a plain object at the top of a tool's input: no choices there, and members with plain names. */
const NOT_AT_THE_TOP = ["$ref", "allOf", "anyOf", "oneOf", "not", "enum", "const", "if"]

function isWrapped(schema: Record<string, unknown>): boolean {
  const isObject = schema.type === "object" || (schema.type === undefined && isRecord(schema.properties))
  const names = isRecord(schema.properties) ? Object.keys(schema.properties) : []
  return (
    !isObject ||
    NOT_AT_THE_TOP.some((keyword) => Object.hasOwn(schema, keyword)) ||
    names.some((name) => !/^[A-Za-z0-9_.-]{1,64}$/.test(name))
  )
}

const wrapped = (schema: Record<string, unknown>): Record<string, unknown> => ({
  type: "object",
  properties: { [MEMBER]: moved(withoutDefinitions(plain(schema))) },
  required: [MEMBER],
  additionalProperties: false,
  ...(isRecord(schema.$defs) ? { $defs: moved(schema.$defs) } : {}),
  ...(isRecord(schema.definitions) ? { definitions: moved(schema.definitions) } : {}),
})

function withoutDefinitions(schema: Record<string, unknown>): Record<string, unknown> {
  const { $defs: _, definitions: __, ...rest } = schema
  return rest
}

/** References into the schema, once it stands one level deeper. Definitions stay at the top, where readers look. */
function moved(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(moved)
  if (!isRecord(node)) return node
  return Object.fromEntries(
    Object.entries(node).map(([name, value]) => {
      if (name === "const" || name === "enum" || name === "default" || name === "examples") return [name, value]
      if (name !== "$ref" || typeof value !== "string") return [name, moved(value)]
      const isDefinition = /^#\/(\$defs|definitions)\//.test(value)
      return [name, isDefinition ? value : value.replace(/^#/, `#/properties/${MEMBER}`)]
    }),
  )
}

/** Without what names the schema elsewhere: some providers refuse it. */
function plain(schema: Record<string, unknown>): Record<string, unknown> {
  const { $schema: _, $id: __, ...rest } = schema
  return rest
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
