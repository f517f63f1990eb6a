import { expect, test } from "vitest"
import { ProviderFailure, type FailureFacts } from "../../src/model/failure.ts"
import { MAX_EMPTY_ANSWERS, MAX_RETRIES, retryDelay } from "../../src/turn/retry.ts"

const failure = (facts: Partial<FailureFacts> = {}): ProviderFailure =>
  new ProviderFailure({ kind: "overloaded", message: "x", isRetryable: true, ...facts })

const MIDDLE = 0.5
const DAY_MS = 24 * 60 * 60 * 1_000

test.each([
  [1, 2_000],
  [2, 4_000],
  [3, 8_000],
  [4, 16_000],
  [5, 30_000],
  [6, undefined],
])("after %i failures the wait is %s ms", (attempt, wait) => {
  expect(retryDelay(failure(), attempt, MIDDLE)).toBe(wait)
})

test.each(["auth", "overflow", "bad_request", "content_filter", "aborted"] as const)(
  "a failure of kind %s that cannot pass is final at once",
  (kind) => {
    expect(retryDelay(failure({ kind, isRetryable: false, retryAfterMs: 5 }), 1, MIDDLE)).toBeUndefined()
  },
)

test.each(["empty", "protocol"] as const)("answers that are %s are given up sooner", (kind) => {
  expect(retryDelay(failure({ kind }), MAX_EMPTY_ANSWERS, MIDDLE)).toBeDefined()
  expect(retryDelay(failure({ kind }), MAX_EMPTY_ANSWERS + 1, MIDDLE)).toBeUndefined()
})

test.each([
  ["what the provider says", 1_234, 1_234],
  ["longer than our own cap", 3_600_000, 3_600_000],
  ["nothing at all", 0, 0],
  ["a moment that has passed", -5, 0],
  ["at most a day", 30 * DAY_MS, DAY_MS],
])("a hint of the provider is followed without jitter: %s", (_, retryAfterMs, wait) => {
  for (const draw of [0, 0.999]) expect(retryDelay(failure({ retryAfterMs }), 1, draw)).toBe(wait)
})

test("a hint does not make the tries endless", () => {
  expect(retryDelay(failure({ retryAfterMs: 1 }), MAX_RETRIES, MIDDLE)).toBe(1)
  expect(retryDelay(failure({ retryAfterMs: 1 }), MAX_RETRIES + 1, MIDDLE)).toBeUndefined()
})

test("clients that failed together come back a quarter apart at most", () => {
  for (let attempt = 1; attempt <= MAX_RETRIES; attempt++) {
    const middle = retryDelay(failure(), attempt, MIDDLE) ?? 0
    expect(retryDelay(failure(), attempt, 0)).toBe(middle * 0.75)
    expect(retryDelay(failure(), attempt, 0.999_999)).toBeLessThanOrEqual(middle * 1.25)
  }
})
