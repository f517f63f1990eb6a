import type { LanguageModelV3Message } from "@ai-sdk/provider"
import type { Model } from "@opencode/protocol/provider.ts"
import { asList, asRecord, asText, type Json } from "../wire/json.ts"
import type { Quirk } from "./quirk.ts"

/** Google's models take schemas of tools in a subset of OpenAPI 3.0, wherever they are served. */
export const schemaSubset: Quirk = {
  name: "schemas of tools in Google's subset",
  source: "https://ai.google.dev/api/caching#Schema",
  tried: false,
  applies: isGoogle,
  change: (options) =>
    options.tools
      ? {
          ...options,
          tools: options.tools.map((tool) =>
            tool.type === "function" ? { ...tool, inputSchema: googleSchema(tool.inputSchema as Json) as never } : tool,
          ),
        }
      : options,
}

/** A call may only follow the user or a result: not a message of the model's own, as after an answer that was cut. */
export const callsFollow: Quirk = {
  name: "calls follow the user or a result",
  source: "https://ai.google.dev/gemini-api/docs/function-calling",
  tried: false,
  applies: isGoogle,
  change: (options) => ({
    ...options,
    prompt: options.prompt.flatMap((message, index): LanguageModelV3Message[] =>
      message.role === "assistant" &&
      options.prompt[index - 1]?.role === "assistant" &&
      message.content.some((part) => part.type === "tool-call")
        ? [GO_ON, message]
        : [message],
    ),
  }),
}

const GO_ON: LanguageModelV3Message = { role: "user", content: [{ type: "text", text: "Continue." }] }

function isGoogle({ api }: Model): boolean {
  return api.npm === "@ai-sdk/google" || api.npm === "@ai-sdk/google-vertex" || /(^|\/)gemini-/.test(api.id)
}

/** References deeper than this are a circle: what is below is anything. */
const MAX_DEPTH = 12
const KEPT = [
  "description",
  "format",
  "minimum",
  "maximum",
  "minItems",
  "maxItems",
  "minLength",
  "maxLength",
  "nullable",
]
/** Formats of text that the service knows; it refuses a schema with another. */
const FORMATS: ReadonlySet<unknown> = new Set(["enum", "date-time", "float", "double", "int32", "int64"])

/** The same meaning, as far as the subset goes: what cannot be said there is left to the check of the call. */
export function googleSchema(schema: Json): Json {
  const defined = { ...asRecord(schema.definitions), ...asRecord(schema.$defs) }
  return { type: "object", ...node(schema, defined, 0) }
}

function node(given: Json, defined: Json, depth: number): Json {
  const schema = resolved(given, defined)
  if (depth > MAX_DEPTH) return { type: "string" }
  const inner = (value: unknown): Json => node(asRecord(value) ?? {}, defined, depth + 1)
  const kept = Object.fromEntries(
    KEPT.flatMap((name) =>
      schema[name] === undefined || (name === "format" && !FORMATS.has(schema.format)) ? [] : [[name, schema[name]]],
    ),
  )
  const all = merged(schema, defined)
  const choices = [...asList(all.anyOf), ...asList(all.oneOf)]
  const values = all.const === undefined ? asList(all.enum) : [all.const]
  const types = (Array.isArray(all.type) ? all.type : [all.type]).filter((type) => typeof type === "string")
  const nullable = types.includes("null") || values.includes(null) ? { nullable: true } : {}
  // Values of other types are told as text; the call that comes back is read by the tool's own schema.
  const texts = [...new Set(values.filter((value) => value !== null).map(textOf))]
  if (texts.length) return { ...kept, ...nullable, type: "string", enum: texts }
  if (choices.length) return choice(choices, { ...kept, ...nullable }, inner)

  const type = types.find((name) => name !== "null") ?? (all.properties ? "object" : all.items ? "array" : "string")
  if (type === "array") return { ...kept, ...nullable, type, items: all.items ? inner(all.items) : { type: "string" } }
  if (type !== "object") return { ...kept, ...nullable, type }
  const properties = Object.fromEntries(
    Object.entries(asRecord(all.properties) ?? {}).map(([name, value]) => [name, inner(value)]),
  )
  const required = asList(all.required).filter((name) => typeof name === "string" && Object.hasOwn(properties, name))
  return { ...kept, ...nullable, type, properties, ...(required.length ? { required } : {}) }
}

function choice(choices: unknown[], facts: Json, inner: (value: unknown) => Json): Json {
  const isNull = (value: unknown): boolean => asRecord(value)?.type === "null"
  const rest = choices.filter((value) => !isNull(value)).map(inner)
  const nullable = rest.length < choices.length ? { nullable: true } : {}
  const [only] = rest
  return rest.length === 1 ? { ...only, ...facts, ...nullable } : { ...facts, ...nullable, anyOf: rest }
}

/** What `allOf` asks for together, as one. */
function merged(schema: Json, defined: Json): Json {
  return asList(schema.allOf).reduce((sum: Json, part) => {
    const other = resolved(asRecord(part) ?? {}, defined)
    return {
      ...sum,
      ...other,
      properties: { ...asRecord(sum.properties), ...asRecord(other.properties) },
      required: [...asList(sum.required), ...asList(other.required)],
    }
  }, schema)
}

function resolved(schema: Json, defined: Json): Json {
  const name = asText(schema.$ref)?.split("/").at(-1)
  const target = name === undefined || !Object.hasOwn(defined, name) ? undefined : asRecord(defined[name])
  const { $ref: _, ...own } = schema
  return target ? { ...target, ...own } : own
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))
