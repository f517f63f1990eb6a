/** As much of JSON Schema as tools are described with. */
export interface JsonSchema {
  type?: string
  properties?: Record<string, JsonSchema>
  required?: string[]
  items?: JsonSchema
  additionalProperties?: boolean | JsonSchema
  [keyword: string]: unknown
}

/**
 * Takes what a model sent for what it plainly meant, before it is validated: numbers and booleans written as text,
 * lists and objects sent as JSON text, null for "not given", members that do not exist. Pure.
 */
export function coerceInput(value: unknown, schema: JsonSchema): unknown {
  switch (schema.type) {
    case "number":
    case "integer":
      return typeof value === "string" && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : value
    case "boolean":
      return value === "true" ? true : value === "false" ? false : value
    case "array": {
      const list = typeof value === "string" ? parsed(value, Array.isArray) : value
      return Array.isArray(list) && schema.items ? list.map((item) => coerceInput(item, schema.items!)) : list
    }
    case "object": {
      const record = typeof value === "string" ? parsed(value, isRecord) : value
      return isRecord(record) && schema.properties ? members(record, schema, schema.properties) : record
    }
    default:
      return value
  }
}

function members(record: Record<string, unknown>, schema: JsonSchema, properties: Record<string, JsonSchema>) {
  const kept = Object.entries(record).flatMap(([name, value]): [string, unknown][] => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined
    // A record with free names keeps them; a shape with fixed names has no use for others.
    if (known === undefined) return schema.additionalProperties ? [[name, value]] : []
    if (value === null && !schema.required?.includes(name)) return []
    return [[name, coerceInput(value, known)]]
  })
  return Object.fromEntries(kept)
}

function parsed(text: string, isWanted: (value: unknown) => boolean): unknown {
  if (!/^\s*[[{]/.test(text)) return text
  try {
    const value: unknown = JSON.parse(text)
    return isWanted(value) ? value : text
  } catch {
    return text
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
