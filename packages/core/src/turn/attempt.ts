import type { LanguageModelV3CallOptions } from "@ai-sdk/provider"
import { allTokens, type Tokens } from "@opencode/protocol/tokens.ts"
import type { Host } from "../lib/host.ts"
import { unfinished } from "../model/billed.ts"
import { knownCost } from "../model/cost.ts"
import type { ResolvedModel } from "../model/resolve.ts"
import type { RequestRow } from "../store/ledger-store.ts"

/** What is asked of a model, whatever it is for. Each time it is sent leaves one attempt. */
export interface Asked {
  resolved: ResolvedModel
  options: LanguageModelV3CallOptions
  /** Hashes of the prompts, stored with the answer. */
  prompts: string
  /** What the ledger says of all of them. */
  facts: Pick<RequestRow, "purpose" | "agent" | "prompts" | "shown" | "size" | "epoch">
  /** Sent so far; they reach the ledger with the transaction that stores what came of them. */
  attempts: Attempt[]
}

/** A row of the ledger that does not know its message yet. */
export type Attempt = Omit<RequestRow, "sessionID" | "messageID">

/** Begins one attempt; one of the two words ends it. */
export function beginAttempt({ resolved, facts, attempts }: Asked, host: Pick<Host, "now" | "monotonic">) {
  const started = host.now()
  const clock = host.monotonic()
  const end = (outcome: RequestRow["outcome"], tokens: Tokens | undefined): void => {
    const { epoch, ...lasting } = facts
    attempts.push({
      ...lasting,
      // The attempts after the first continue what the first began.
      ...(epoch && attempts.length === 0 ? { epoch } : {}),
      providerID: resolved.providerID,
      modelID: resolved.model.id,
      started,
      duration: host.monotonic() - clock,
      outcome,
      ...(tokens ? { tokens, cost: isNothing(tokens) ? 0 : knownCost(resolved, tokens) } : {}),
    })
  }
  return {
    /** A provider that counts nothing reports zeros: what was used is not known then. */
    completed: (tokens: Tokens): void => end("completed", isNothing(tokens) ? undefined : tokens),
    /** @param hasBegun whether some of the answer had come: that much is billed, and nobody says how much */
    failed(error: unknown, hasBegun: boolean): void {
      const { outcome, tokens } = unfinished(error, hasBegun)
      end(outcome, tokens)
    },
  }
}

const isNothing = (tokens: Tokens): boolean => allTokens(tokens) === 0
