import { createHash } from "node:crypto"
import { hasRounds } from "./rounds.ts"

/** The same call, tool and input, this many times in one turn with the same result asks before it runs again. */
export const SAME_CALL_LIMIT = 3
/**
 * A round of calls that comes this many times in a row, with the same results, ends the turn. By then every call of it
 * was asked about and allowed many times; and who waits for something looks twenty times, but not with nothing between.
 */
export const ROUND_LIMIT = 20
/** Calls in a round: a model that goes in circles goes in small ones. */
const LONGEST_ROUND = 10

/**
 * Watches the calls of a whole turn. A call whose result changed since the last time is progress (waiting for a build,
 * running the tests again after an edit), however often it is made.
 */
export interface Repetition {
  /** A call is about to be made. Whether it is asked about first. */
  isLoop(tool: string, input: unknown): boolean
  /** A call has ended, with what the model gets to read. In the order of the calls. */
  ended(tool: string, input: unknown, result: string): void
  /** Whether nothing but the same round was made for long. */
  isCircling(): boolean
}

interface Seen {
  /** How often its newest result came in a row. */
  same: number
  result?: string
  /** Made, and without a result so far. */
  open: number
}

export function createRepetition(): Repetition {
  const calls = new Map<string, Seen>()
  const rounds: string[] = []
  return {
    isLoop(tool, input) {
      const call = `${tool} ${canonical(input)}`
      const seen = calls.get(call) ?? { same: 0, open: 0 }
      calls.set(call, seen)
      return ++seen.open + seen.same >= SAME_CALL_LIMIT
    },

    ended(tool, input, result) {
      const call = `${tool} ${canonical(input)}`
      const seen = calls.get(call)
      const digest = digestOf(result)
      rounds.push(digestOf(`${call} ${digest}`))
      if (rounds.length > ROUND_LIMIT * LONGEST_ROUND) rounds.shift()
      if (!seen) return
      seen.open = Math.max(0, seen.open - 1)
      seen.same = seen.result === digest ? seen.same + 1 : 1
      seen.result = digest
    },

    isCircling: () => hasRounds(rounds, { atLeast: ROUND_LIMIT, minLength: ROUND_LIMIT }),
  }
}

/** A subagent that was started anew is no progress, although its name is another one. */
const digestOf = (text: string): string =>
  createHash("sha256")
    .update(text.replaceAll(/\bses_\w+/g, "ses_"))
    .digest("base64")

/** JSON that does not depend on the order of members. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
