type Schema = Record<string, unknown>

/** Every setting that a JSON Schema without references knows: `agent.*.model`, with `*` for a name that the user chooses. */
export function settingPaths(schema: Schema, path: string[] = []): string[] {
  const found = path.length ? [path.join(".")] : []
  const visit = (value: unknown, at: string[]): void => {
    if (typeof value === "object" && value !== null && Object.keys(value).length)
      found.push(...settingPaths(value as Schema, at))
  }
  for (const [name, member] of Object.entries((schema.properties ?? {}) as Schema)) visit(member, [...path, name])
  for (const option of [schema.anyOf, schema.oneOf].flat()) visit(option, path)
  // Of what is text below a name that the user chooses there is nothing to say.
  for (const value of [schema.additionalProperties, schema.items].flat())
    if (hasMembers(value)) visit(value, [...path, "*"])
  return [...new Set(found)]
}

const hasMembers = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return false
  const { properties, anyOf, oneOf, items } = value as Schema
  return [properties, anyOf, oneOf, items].some((member) => member !== undefined)
}
