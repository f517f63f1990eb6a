import type { Tokens } from "@opencode/protocol/tokens.ts"

/**
 * What an answer is made of, whoever gave it. The order holds for every provider: an id starts before its deltas and
 * ends once, a call's input start comes before the call, all calls come before `finish`, and `finish` is the last.
 * An answer that fails has no `finish`: the iteration throws a `ProviderFailure`.
 */
export type ModelEvent =
  | { type: "text-start"; id: string }
  | { type: "text-delta"; id: string; delta: string }
  /** `metadata`: what the issuer wants back unchanged with this text, such as a signature. */
  | { type: "text-end"; id: string; metadata?: OpaqueMetadata }
  | { type: "reasoning-start"; id: string }
  | { type: "reasoning-delta"; id: string; delta: string }
  /** With its reasoning alike. */
  | { type: "reasoning-end"; id: string; metadata?: OpaqueMetadata }
  | { type: "tool-input-start"; id: string; tool: string }
  | { type: "tool-input-delta"; id: string; delta: string }
  /** `input`: the arguments as the model wrote them; meant to be JSON, not checked. */
  | { type: "tool-call"; id: string; tool: string; input: string; metadata?: OpaqueMetadata }
  | { type: "finish"; reason: FinishReason; usage: Tokens; providerMetadata?: OpaqueMetadata }

export type FinishReason = "stop" | "tool-calls" | "length" | "content-filter" | "error" | "other" | "unknown"

/** By provider; only the provider knows what it means. */
export type OpaqueMetadata = Record<string, Record<string, unknown>>
