import { noTokens, type Tokens } from "@opencode/protocol/tokens.ts"
import { ProviderFailure, type FailureKind } from "./failure.ts"

/** Failures of a request that was not taken: nothing was made, so nothing is billed. */
const NOT_TAKEN: ReadonlySet<FailureKind> = new Set([
  "auth",
  "rate_limit",
  "overloaded",
  "server",
  "network",
  "overflow",
  "bad_request",
])

/** What the ledger says of a request that came to no end. */
export interface Unfinished {
  outcome: "failed" | "aborted"
  /** Absent when nobody knows: some of an answer was made, and nobody says how much. */
  tokens?: Tokens
}

/** @param hasBegun whether some of the answer had come: that much is billed */
export function unfinished(error: unknown, hasBegun: boolean): Unfinished {
  const kind = error instanceof ProviderFailure ? error.kind : undefined
  const isFree = !hasBegun && kind !== undefined && NOT_TAKEN.has(kind)
  return { outcome: kind === "aborted" ? "aborted" : "failed", ...(isFree ? { tokens: noTokens() } : {}) }
}
