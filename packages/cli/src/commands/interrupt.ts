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

/** The first Ctrl-C ends the turn and lets it be recorded; the second ends the program. */
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
  process.on("SIGINT", listener)
  process.on("SIGTERM", listener)
  return {
    get happened() {
      return state.happened
    },
    close() {
      process.off("SIGINT", listener)
      process.off("SIGTERM", listener)
    },
  }
}
