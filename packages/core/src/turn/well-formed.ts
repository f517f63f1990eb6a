/**
 * The same value with every half of a character (a lone surrogate, in which cut text ends) replaced, in names of members
 * too. Providers call a body that has one invalid JSON.
 */
export function wellFormed<T>(value: T): T {
  return repaired(value) as T
}

/** Nearly everything is whole already, and a long history is hundreds of thousands of values: only what changes is copied. */
function repaired(value: unknown): unknown {
  if (typeof value === "string") return value.isWellFormed() ? value : value.toWellFormed()
  if (value === null || typeof value !== "object" || isWhole(value)) return value
  if (Array.isArray(value)) return value.map(repaired)
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [repaired(key), repaired(member)]))
}

function isWhole(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed()
  if (value === null || typeof value !== "object") return true
  if (Array.isArray(value)) return value.every(isWhole)
  for (const key in value) {
    if (!key.isWellFormed() || !isWhole((value as Record<string, unknown>)[key])) return false
  }
  return true
}
