/**
 * The same value with every half of a character (a lone surrogate, in which cut text ends) replaced, in names of members
 * too. Providers call a body that has one invalid JSON.
 */
export function wellFormed<T>(value: T): T {
  return repaired(value) as T
}

function repaired(value: unknown): unknown {
  if (typeof value === "string") return value.isWellFormed() ? value : value.toWellFormed()
  if (Array.isArray(value)) return value.map(repaired)
  if (value === null || typeof value !== "object") return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [repaired(key), repaired(member)]))
}
