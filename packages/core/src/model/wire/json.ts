/** Lenient readers for what providers answer: a member of the wrong type counts as absent. */

export type Json = Record<string, unknown>

export const asRecord = (value: unknown): Json | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined

export const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])

export const asText = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

export const asNumber = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined

/** What a text says, or undefined when it is no JSON. */
export function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined // the callers ask exactly this
  }
}

/** The object a text is, or undefined when it is none. */
export const parseRecord = (text: string | undefined): Json | undefined => asRecord(parseJson(text))
