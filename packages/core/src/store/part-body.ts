/**
 * What of a part goes into its row. Pure. Invariant: a row's `data` is a valid part of the same type, so that a part
 * whose file was lost still stands in the transcript (with its ids, its tool and its state) and says what is missing.
 */

/**
 * Larger bodies make SQLite's chains of overflow pages, the log and each copy of the database grow with content that
 * is rarely read; below it a file of its own costs more than it saves.
 */
export const BLOB_THRESHOLD_BYTES = 64 * 1024

export const MISSING_BODY = "[The stored body of this part is missing.]"

/** In a part that stands in for a large one: longer texts are the body, shorter ones say what it was. */
const SHORT_TEXT = 256
/** Enough for every member a schema names. */
const FEW_ENTRIES = 64

/**
 * The same part with every long text replaced by a note. A `data:` address stays an address. `metadata` of the part
 * goes away: half of a provider's signature is worse than none.
 */
export function withoutBody(part: object): object {
  const { metadata: _, ...rest } = part as { metadata?: unknown }
  return shorten(rest) as object
}

function shorten(value: unknown): unknown {
  if (typeof value === "string") {
    if (value.length <= SHORT_TEXT) return value
    return value.startsWith("data:") ? `data:text/plain,${encodeURIComponent(MISSING_BODY)}` : MISSING_BODY
  }
  if (Array.isArray(value)) return value.slice(0, FEW_ENTRIES).map(shorten)
  if (value === null || typeof value !== "object") return value
  const entries = Object.entries(value).slice(0, FEW_ENTRIES)
  return Object.fromEntries(entries.map(([key, member]) => [key.slice(0, SHORT_TEXT), shorten(member)]))
}
