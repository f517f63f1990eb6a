import type { Agent } from "@opencode/protocol/agent.ts"
import type { ModelRef } from "@opencode/protocol/model-ref.ts"
import { isFault } from "../lib/fault.ts"
import { dotted, type ConfigIssue } from "./issue.ts"

/** @throws fault `model_not_found`, with near names in its data */
type Settle = (model: ModelRef, variant?: string) => unknown

/**
 * Agents whose model there is not. They keep it and cannot answer: another model in its place may be another company,
 * which nobody chose for what is said to this agent.
 */
export const agentModelIssues = (agents: readonly Agent[], settle: Settle): ConfigIssue[] =>
  agents.flatMap(({ name, model, variant }) => {
    if (!model) return []
    try {
      settle(model, variant)
      return []
    } catch (error) {
      if (!isFault(error, "model_not_found")) throw error
      const isVariant = error.data.variant !== undefined
      const path = ["agent", name, isVariant ? "variant" : "model"]
      const near = Array.isArray(error.data.suggestions) ? error.data.suggestions.join(" or ") : ""
      const hint = near && ` Did you mean ${near}?`
      const message = isVariant
        ? `${dotted(path)} is no variant of the agent's model; it is left out.${near && ` There are: ${near}.`}`
        : `${dotted(path)} is no model that is known; this agent cannot answer until that is mended.${hint}`
      return [{ severity: "warning", kind: "agent", message, path }]
    }
  })
