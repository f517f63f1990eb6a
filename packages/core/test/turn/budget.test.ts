import { noTokens } from "@opencode/protocol/tokens.ts"
import { afterEach, expect, test, vi } from "vitest"
import { ProviderFailure } from "../../src/model/failure.ts"
import { openBudget, type Budget } from "../../src/turn/budget.ts"
import { TURN_LIMITS, type Limits } from "../../src/turn/limits.ts"
import { MAX_RETRIES } from "../../src/turn/retry.ts"

const opened: Budget[] = []
afterEach(() => opened.splice(0).forEach((budget) => budget.close()))

function open(limits: Partial<Limits> = {}): Budget {
  const budget = openBudget({ ...TURN_LIMITS, ...limits })
  opened.push(budget)
  return budget
}

const price = (input: number, output: number) => ({ cost: { input, output, cache: { read: 0, write: 0 } } })
const failure = (kind: ProviderFailure["kind"]) => new ProviderFailure({ kind, message: "x", isRetryable: true })

test("what was used is added up, and what has no known price is counted apart", () => {
  const budget = open()
  const usage = { ...noTokens(), input: 1_000, output: 200, reasoning: 30, cache: { read: 4, write: 5 } }
  budget.begin(true)
  budget.spend({ model: price(1, 10), isPriced: true }, usage)
  budget.spend({ model: price(0, 0), isPriced: false }, usage)
  expect(budget.spent).toMatchObject({ steps: 1, tokens: 2 * 1_239, unpriced: 1 })
  expect(budget.spent.cost).toBeCloseTo(0.0033)
})

test("an answer that is one too many is not begun, and the refusal has a name", () => {
  const budget = open({ steps: 2 })
  budget.begin(false)
  expect(() => budget.begin(false)).toThrow("limit of 2 steps")
  budget.begin(true)
  expect(budget.left(true)).toBe(0)
  expect(() => budget.begin(true)).toThrow(expect.objectContaining({ code: "limit", data: { reason: "steps" } }))
})

test("the tries of all requests together have an end, and an empty answer is no overload", () => {
  const budget = open()
  const tries = Array.from({ length: 100 }, () => budget.retry(failure("overloaded"), 1, 0.5))
  expect(tries.findIndex((wait) => wait === undefined)).toBe(10 * MAX_RETRIES)
  expect(budget.retry(failure("network"), 1, 0.5)).toBeUndefined()
  expect(budget.retry(failure("empty"), 1, 0.5)).toBeDefined()
  expect(open().retry(failure("overloaded"), MAX_RETRIES + 1, 0.5)).toBeUndefined()
})

test("each session is compacted once, and the tree not without end", () => {
  const budget = open()
  for (let n = 1; n <= 20; n++) {
    expect(budget.mayCompact(`ses_${n}`)).toBe(true)
    budget.compacted(`ses_${n}`)
    expect(budget.mayCompact(`ses_${n}`)).toBe(false)
  }
  expect(budget.mayCompact("ses_21")).toBe(false)
})

test("the time ends with a signal that says so, and a closed budget leaves no timer", () => {
  vi.useFakeTimers()
  try {
    const budget = open({ timeMs: 5_000 })
    vi.advanceTimersByTime(4_999)
    expect(budget.signal.aborted).toBe(false)
    vi.advanceTimersByTime(1)
    expect(budget.signal.reason).toMatchObject({ code: "limit", data: { reason: "time" } })
    open().close()
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})
