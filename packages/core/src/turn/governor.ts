/**
 * The limits of one turn. Pure: what is allowed follows from what was counted.
 * The agent's own limit ends a turn kindly (one more answer, without tools); the hard one is for loops nobody meant.
 */

/** No task that a person waits for takes more model answers; a loop does. */
export const HARD_STEP_LIMIT = 1_000

export interface Spent {
  /** Model answers completed in this turn. */
  steps: number
}

export type Allowance =
  | "go"
  /** One more answer, and it may not call tools. */
  | "last"

export function allowance(spent: Spent, agentSteps: number | undefined): Allowance {
  return spent.steps < stepLimit(agentSteps) - 1 ? "go" : "last"
}

export const stepLimit = (agentSteps: number | undefined): number =>
  Math.min(agentSteps ?? HARD_STEP_LIMIT, HARD_STEP_LIMIT)
