import type { Event } from "@opencode/protocol/event.ts"
import type { PromptLimits } from "@opencode/protocol/message.ts"
import type { RunReason } from "./run-reason.ts"
import type { Totals } from "./run-totals.ts"

/** A limit that a server has let pass. */
export interface Passed {
  reason: Extract<RunReason, "steps" | "cost">
  message: string
}

/**
 * Whether a server begins a step that is over the limits of its prompt. Ours never does; one that does not know limits,
 * as OpenCode's, has to be stopped from here.
 */
export function passedLimit(event: Event, { steps, cost }: PromptLimits, totals: Totals): Passed | undefined {
  if (event.type !== "message.part.updated" || event.properties.part.type !== "step-start") return undefined
  const stopped = "The server does not keep to limits, so the turn was stopped."
  if (steps !== undefined && totals.steps >= steps)
    return {
      reason: "steps",
      message: `The limit of ${steps} ${steps === 1 ? "step" : "steps"} is reached. ${stopped}`,
    }
  if (cost !== undefined && totals.cost >= cost)
    return { reason: "cost", message: `The limit of $${cost} is reached. ${stopped}` }
  return undefined
}
