import type { EndReason } from "@opencode/protocol/end-reason.ts"
import { HARD_STEP_LIMIT, type Limits } from "./limits.ts"

/**
 * The limits of one turn. Pure: what is allowed follows from what was counted.
 * The limits of steps end a turn kindly (one more answer, without tools); the others end it at once.
 */
export interface Spent {
  /** Answers that were begun, in the whole tree. */
  steps: number
  tokens: number
  /** Dollars, of answers whose price is known. */
  cost: number
  /** Answers whose price is not known. */
  unpriced: number
}

/** A limit that was reached: its name, and a sentence for whoever looks at the message. */
export interface Reached {
  reason: Extract<EndReason, "steps" | "tokens" | "cost" | "time">
  message: string
}

export type Allowance =
  | "go"
  /** One more answer, and it may not call tools. */
  | "last"

/** @param left answers that the whole tree still has, for this turn */
export function allowance(steps: number, agentSteps: number | undefined, left: number): Allowance {
  return steps < stepLimit(agentSteps) - 1 && left > 1 ? "go" : "last"
}

export const stepLimit = (agentSteps: number | undefined): number =>
  Math.min(agentSteps ?? HARD_STEP_LIMIT, HARD_STEP_LIMIT)

/**
 * Answers that are left. A subagent leaves one over: the turn that the user sees always has the last word, which says
 * what was done.
 */
export const stepsLeft = ({ steps }: Spent, limits: Limits, isRoot: boolean): number =>
  limits.steps - steps - (isRoot ? 0 : 1)

/** What is used up. Steps are looked at apart, because they are counted before an answer and the others after it. */
export function usedUp(spent: Spent, limits: Limits): Reached | undefined {
  if (limits.tokens !== undefined && spent.tokens >= limits.tokens)
    return { reason: "tokens", message: `${sentence(`${limits.tokens} tokens`)} ${spent.tokens} were used.` }
  if (limits.cost !== undefined && spent.cost >= limits.cost)
    return { reason: "cost", message: `${sentence(`$${limits.cost}`)} ${costWords(spent)}` }
  return undefined
}

export const stepsReached = (limits: Limits): Reached => ({
  reason: "steps",
  message: sentence(`${limits.steps} steps`),
})

export const timeReached = ({ timeMs }: Pick<Limits, "timeMs">): Reached => ({
  reason: "time",
  message: sentence(`${timeMs / 1_000} s`),
})

const sentence = (what: string): string => `The limit of ${what} for this turn and its subagents is reached.`

function costWords({ cost, unpriced }: Spent): string {
  const unknown =
    unpriced === 0 ? "" : ` The price of ${unpriced} more ${unpriced === 1 ? "answer is" : "answers is"} not known.`
  return `$${cost.toFixed(4)} was spent.${unknown}`
}
