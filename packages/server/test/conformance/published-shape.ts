import { Validator, type OutputUnit, type Schema } from "@cfworker/json-schema"
import { operationsOf, published } from "../contract/documents.ts"

/** What in the answer of a call is not as the published document says; members of our own are let be. */
export function faultsOf(call: string, data: unknown): OutputUnit[] {
  const { responses } = operationsOf(published).get(call)!
  const [type, content] = Object.entries(responses["200"]?.content ?? {})[0] ?? []
  if (!content || !type?.includes("json")) return []
  const schema = { ...(open(content.schema) as Schema), components: { schemas: open(namedBy(content.schema)) } }
  // Of a fault behind a name the name is told as well, which says nothing.
  return new Validator(schema, "2020-12", false).validate(few(data)).errors.filter(({ keyword }) => keyword !== "$ref")
}

/** The shapes that a schema leads to. */
function namedBy(schema: unknown, found: Record<string, unknown> = {}): Record<string, unknown> {
  for (const [, name = ""] of JSON.stringify(schema).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
    if (name in found) continue
    found[name] = published.components.schemas[name]
    namedBy(found[name], found)
  }
  return found
}

/**
 * Of long lists and records the beginning: to validate the catalogue of all providers takes seconds, in which the server, which is in
 * this process, cannot answer, and gives up connections.
 */
const LONG_LIST = 5
/** More than any shape has members. */
const LONG_RECORD = 40

function few(data: unknown): unknown {
  if (Array.isArray(data)) return data.slice(0, LONG_LIST).map(few)
  return isRecord(data) ? mapped(data, few, LONG_RECORD) : data
}

/** Without what forbids further members. */
function open(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(open)
  if (!isRecord(schema)) return schema
  const { additionalProperties, ...rest } = schema
  return mapped(additionalProperties === undefined || additionalProperties === false ? rest : schema, open)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null
}

function mapped(record: Record<string, unknown>, of: (member: unknown) => unknown, most?: number) {
  return Object.fromEntries(
    Object.entries(record)
      .slice(0, most)
      .map(([key, member]) => [key, of(member)]),
  )
}
