import { onGoodbye } from "../goodbye.ts"
import { out } from "../out.ts"

/** What shells report for a program that Ctrl-C ended. */
export const INTERRUPTED = 130

export interface Interruptions {
  abort(): Promise<unknown>
  /** Whatever stands in the line that is written next makes room. */
  stop(): void
  /** The last words of a program that ends at once. */
  leave(): void
}

/** The first Ctrl-C, or whatever else asks it to stop, ends the turn and lets it be recorded; the second ends the program. */
export function onInterrupt({ abort, stop, leave }: Interruptions): { readonly happened: boolean; close(): void } {
  const state = { happened: false }
  const listener = (): void => {
    if (state.happened) {
      leave()
      process.exit(INTERRUPTED)
    }
    state.happened = true
    stop()
    out.note("Stopping. Press Ctrl-C again to leave at once.")
    // What keeps it from ending shows by itself, and there is a second time.
    abort().catch(() => {})
  }
  const close = onGoodbye(listener)
  return {
    get happened() {
      return state.happened
    },
    close,
  }
}

export interface Idleness {
  /** Runs what sees to interruptions itself, from its first line on. */
  during<Result>(work: () => Promise<Result>): Promise<Result>
  close(): void
}

/** While there is no turn nothing has to be recorded: the program ends at once, with its last words. */
export function leaveWhenIdle(leave: () => void): Idleness {
  const listen = () =>
    onGoodbye(() => {
      leave()
      process.exit(INTERRUPTED)
    })
  const state = { close: listen() }
  return {
    async during(work) {
      state.close()
      try {
        return await work()
      } finally {
        state.close = listen()
      }
    },
    close: () => state.close(),
  }
}
