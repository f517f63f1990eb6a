import { out } from "../out.ts"

/** What shells report for a program that Ctrl-C ended. */
export const INTERRUPTED = 130

/** The first Ctrl-C ends the turn and lets it be recorded; the second ends the program. */
export function onInterrupt(abort: () => Promise<unknown>): { readonly happened: boolean; close(): void } {
  const state = { happened: false }
  const listener = (): void => {
    if (state.happened) process.exit(INTERRUPTED)
    state.happened = true
    out.note("Stopping. Press Ctrl-C again to leave at once.")
    void abort()
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
