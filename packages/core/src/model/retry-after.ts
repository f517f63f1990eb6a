/**
 * How long a provider asks to wait: `retry-after-ms`, else `retry-after` as seconds or as a date.
 * @param headers names in lower case
 * @param now milliseconds since the epoch
 * @returns milliseconds, not negative; undefined when nothing (legible) was said
 */
export function retryAfter(headers: Record<string, string> | undefined, now: number): number | undefined {
  const exact = numberOf(headers?.["retry-after-ms"])
  if (exact !== undefined) return Math.max(0, exact)
  const text = headers?.["retry-after"]
  const seconds = numberOf(text)
  if (seconds !== undefined) return Math.max(0, seconds * 1_000)
  const date = Date.parse(text ?? "")
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}
