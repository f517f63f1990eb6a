import type { Event } from "@opencode/protocol/event.ts"
import { addTokens, noTokens, type Tokens } from "@opencode/protocol/tokens.ts"

/** What a run has used and changed, subagents included. */
export interface Totals {
  readonly steps: number
  readonly tokens: Tokens
  readonly cost: number
  readonly files: readonly string[]
  readonly durationMs: number
  /** Of the session or of one that works for it. */
  learn(event: Event): void
}

export function createTotals(now: () => number = () => performance.now()): Totals {
  const began = now()
  const seen = new Set<string>()
  const files = new Set<string>()
  const used = { steps: 0, tokens: noTokens(), cost: 0 }
  return {
    get steps() {
      return used.steps
    },
    get tokens() {
      return used.tokens
    },
    get cost() {
      return used.cost
    },
    get files() {
      return [...files].sort()
    },
    get durationMs() {
      return Math.round(now() - began)
    },
    learn(event) {
      if (event.type !== "message.part.updated") return
      const { part } = event.properties
      if (part.type === "patch") for (const file of part.files) files.add(file)
      if (part.type !== "step-finish" || seen.has(part.id)) return
      seen.add(part.id)
      used.steps++
      used.tokens = addTokens(used.tokens, part.tokens)
      used.cost += part.cost
    },
  }
}
