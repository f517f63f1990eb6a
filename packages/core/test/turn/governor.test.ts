import { expect, test } from "vitest"
import { allowance, stepLimit, stepsLeft, usedUp, type Spent } from "../../src/turn/governor.ts"
import { HARD_STEP_LIMIT, TURN_LIMITS, type Limits } from "../../src/turn/limits.ts"

const MANY = HARD_STEP_LIMIT

test.each([
  [0, undefined, MANY, "go"],
  [HARD_STEP_LIMIT - 2, undefined, MANY, "go"],
  [HARD_STEP_LIMIT - 1, undefined, MANY, "last"],
  [HARD_STEP_LIMIT + 5, undefined, MANY, "last"],
  [0, 3, MANY, "go"],
  [1, 3, MANY, "go"],
  [2, 3, MANY, "last"],
  [3, 3, MANY, "last"],
  [0, 1, MANY, "last"],
  [0, 0, MANY, "last"],
  [0, -1, MANY, "last"],
  [HARD_STEP_LIMIT - 1, 5 * HARD_STEP_LIMIT, MANY, "last"],
  [0, undefined, 2, "go"],
  [0, undefined, 1, "last"],
  [0, undefined, 0, "last"],
] as const)(
  "after %i steps of an agent that may take %s, with %i left for the tree, the next is: %s",
  (steps, agentSteps, left, expected) => {
    expect(allowance(steps, agentSteps, left)).toBe(expected)
  },
)

test("no agent may take more steps than the hard limit", () => {
  expect(stepLimit(undefined)).toBe(HARD_STEP_LIMIT)
  expect(stepLimit(Infinity)).toBe(HARD_STEP_LIMIT)
  expect(stepLimit(7)).toBe(7)
})

const limits = (change: Partial<Limits>): Limits => ({ ...TURN_LIMITS, ...change })
const spent = (change: Partial<Spent>): Spent => ({ steps: 0, tokens: 0, cost: 0, unpriced: 0, ...change })

test("subagents leave one step over for the turn that the user sees", () => {
  expect(stepsLeft(spent({ steps: 9 }), limits({ steps: 10 }), true)).toBe(1)
  expect(stepsLeft(spent({ steps: 9 }), limits({ steps: 10 }), false)).toBe(0)
})

test.each([
  ["nothing limited", {}, { tokens: 10 ** 9, cost: 10 ** 6 }, undefined],
  ["one token less", { tokens: 100 }, { tokens: 99 }, undefined],
  ["all tokens", { tokens: 100 }, { tokens: 100 }, "tokens"],
  ["a cent less", { cost: 1 }, { cost: 0.99 }, undefined],
  ["all the money", { cost: 1 }, { cost: 1 }, "cost"],
  ["no money at all", { cost: 0 }, {}, "cost"],
  ["only answers without a price", { cost: 1 }, { unpriced: 50 }, undefined],
] as const)("%s", (_, given, used, reason) => {
  expect(usedUp(spent(used), limits(given))?.reason).toBe(reason)
})

test("what nobody knows the price of is not passed off as free", () => {
  const words = (unpriced: number) => usedUp(spent({ cost: 2, unpriced }), limits({ cost: 1 }))?.message
  expect(words(0)).toMatch(/\$2\.0000 was spent\.$/)
  expect(words(1)).toContain("The price of 1 more answer is not known")
  expect(words(3)).toContain("The price of 3 more answers is not known")
})
