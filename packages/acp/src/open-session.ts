import type { Tokens } from "@opencode/protocol/tokens.ts"
import type { Choice, Offer } from "./choice.ts"
import type { Projection } from "./projection.ts"
import type { SessionUpdate } from "./wire.ts"

/** A session that the client works with. */
export interface OpenSession {
  readonly id: string
  readonly directory: string
  choice: Choice
  /** What could be chosen when the client was told last. */
  offer: Offer
  readonly projection: Projection
  readonly prompts: Set<RunningPrompt>
  /** By the client, while prompts of it are still to be answered. */
  isClosed: boolean
  send(update: SessionUpdate): void
}

/** A prompt that is not answered yet. */
export interface RunningPrompt {
  isCancelled: boolean
  tokens: Tokens
}
