import type { ProviderFailure } from "../model/failure.ts"

/**
 * Whether a failed request is made again, and when. Pure: the same failure, attempt and draw give the same answer.
 * Overload, rate limits, server and network errors are worth waiting for; refusals of the request itself are not.
 */

/** Tries after the first: together about a minute of waiting, the usual length of a provider's hiccup. */
export const MAX_RETRIES = 5
/** An answer without content is rarely a hiccup: asking on only costs money. */
export const MAX_EMPTY_ANSWERS = 3

const BASE_MS = 2_000
const FACTOR = 2
/** Without a hint of the provider no single wait is longer than this. */
const CAP_MS = 30_000
/** Clients that failed together should not come back together. */
const JITTER = 0.25
/** A provider that names a time is believed up to a day: a known reset of a quota. */
const LONGEST_HINT_MS = 24 * 60 * 60 * 1_000

/** Failures that are counted together: the provider is in trouble, or it answers and says nothing of use. */
export type RetryClass = "trouble" | "no answer"

export const retryClass = ({ kind }: Pick<ProviderFailure, "kind">): RetryClass =>
  kind === "empty" || kind === "protocol" ? "no answer" : "trouble"

/**
 * @param attempt how many tries have failed, from 1
 * @param draw a random number in [0, 1)
 * @returns milliseconds to wait, or undefined when the failure is final
 */
export function retryDelay(failure: ProviderFailure, attempt: number, draw: number): number | undefined {
  if (!failure.isRetryable) return undefined
  if (attempt > (retryClass(failure) === "no answer" ? MAX_EMPTY_ANSWERS : MAX_RETRIES)) return undefined
  if (failure.retryAfterMs !== undefined) return Math.min(Math.max(0, failure.retryAfterMs), LONGEST_HINT_MS)
  const wait = Math.min(CAP_MS, BASE_MS * FACTOR ** (attempt - 1))
  return Math.round(wait * (1 + JITTER * (2 * draw - 1)))
}
