/** Lenient readers for what providers answer: a member of the wrong type counts as absent. */

export type Json = Record<string, unknown>

export const asRecord = (value: unknown): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined

export const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

export const asText = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

export const asNumber = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined

/** The object a text is, or undefined when it is none. */
export function parseRecord(text: string): Json | undefined {
  try {
    return asRecord(JSON.parse(text))
  } catch {
    // Not JSON: the callers ask exactly this.
    return undefined
  }
}
