/** Roughly how many characters a value keeps alive, wherever in it they are. Values are trees, as JSON is. */
export function charactersIn(value: unknown): number {
  if (typeof value === "string") return value.length
  if (typeof value !== "object" || value === null) return 0
  let sum = 0
  for (const key in value) sum += charactersIn((value as Record<string, unknown>)[key])
  return sum
}
