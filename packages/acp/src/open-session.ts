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
  projection: Projection
  readonly prompts: Set<RunningPrompt>
  send(update: SessionUpdate): void
}

/** A prompt that is not answered yet. */
export interface RunningPrompt {
  isCancelled: boolean
  tokens: Tokens
}

/** One after the other where a session is named: a prompt that follows a change of the model is asked with that model. */
export interface Lanes {
  run<T>(sessionId: string, act: () => Promise<T>): Promise<T>
}

export function createLanes(): Lanes {
  const last = new Map<string, Promise<unknown>>()
  return {
    async run(sessionId, act) {
      const before = last.get(sessionId) ?? Promise.resolve()
      const running = before.then(act, act)
      const settled = running.catch(() => {})
      last.set(sessionId, settled)
      try {
        return await running
      } finally {
        if (last.get(sessionId) === settled) last.delete(sessionId)
      }
    },
  }
}
