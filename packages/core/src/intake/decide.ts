import type { ImportState } from "@opencode/protocol/intake.ts"

export interface Standing {
  /** What the session looks like there. */
  stamp: string
  /** What it looked like when it was taken over last. */
  recorded: string | undefined
  isHere: boolean
  /** A turn of it runs here. */
  isAtWork: boolean
  /** Whether it has messages here that are not there: it went on here, or is another session under the same id. */
  hasOwn(): boolean
}

/**
 * What becomes of a session that another program has. Pure. Without a record a session that is here is one that an
 * import did not finish, so it is extended.
 */
export function decide({ stamp, recorded, isHere, isAtWork, hasOwn }: Standing): Exclude<ImportState, "failed"> {
  if (recorded === stamp) return isHere ? "unchanged" : "removed"
  if (!isHere) return recorded === undefined ? "added" : "removed"
  if (isAtWork) return "busy"
  return hasOwn() ? "diverged" : "extended"
}
