import { expect, test } from "vitest"
import { costOf } from "@opencode/core/model/cost.ts"

const price = (input: number, output: number) => ({ input, output, cache: { read: input / 10, write: input * 1.25 } })
const tokens = (input: number, output: number, reasoning = 0, read = 0, write = 0) => ({
  input,
  output,
  reasoning,
  cache: { read, write },
})

test.each([
  ["input and output", tokens(100, 20), 0.00014],
  ["reasoning as output", tokens(0, 10, 10), 0.00004],
  ["what the cache read and wrote", tokens(0, 0, 0, 1_000_000, 1_000_000), 0.1 + 1.25],
  ["nothing", tokens(0, 0), 0],
])("%s is billed", (_, used, dollars) => {
  expect(costOf({ cost: price(1, 2) }, used)).toBeCloseTo(dollars, 12)
})

test("a prompt above 200,000 tokens, cached ones included, has its own price", () => {
  const cost = { ...price(1, 2), experimentalOver200K: price(10, 20) }
  expect(costOf({ cost }, tokens(100_000, 0, 0, 100_000))).toBeCloseTo(0.11, 12)
  expect(costOf({ cost }, tokens(100_001, 0, 0, 100_000))).toBeCloseTo(1.10001, 12)
  expect(costOf({ cost: price(1, 2) }, tokens(300_000, 0))).toBeCloseTo(0.3, 12)
})
