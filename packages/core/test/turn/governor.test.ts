import { expect, test } from "vitest"
import { allowance, HARD_STEP_LIMIT, stepLimit } from "../../src/turn/governor.ts"

test.each([
  [0, undefined, "go"],
  [HARD_STEP_LIMIT - 2, undefined, "go"],
  [HARD_STEP_LIMIT - 1, undefined, "last"],
  [HARD_STEP_LIMIT + 5, undefined, "last"],
  [0, 3, "go"],
  [1, 3, "go"],
  [2, 3, "last"],
  [3, 3, "last"],
  [0, 1, "last"],
  [0, 0, "last"],
  [0, -1, "last"],
  [HARD_STEP_LIMIT - 1, 5 * HARD_STEP_LIMIT, "last"],
] as const)("after %i steps of an agent that may take %s the next is: %s", (steps, agentSteps, expected) => {
  expect(allowance({ steps }, agentSteps)).toBe(expected)
})

test("no agent may take more steps than the hard limit", () => {
  expect(stepLimit(undefined)).toBe(HARD_STEP_LIMIT)
  expect(stepLimit(Infinity)).toBe(HARD_STEP_LIMIT)
  expect(stepLimit(7)).toBe(7)
})
