import { fault } from "../lib/fault.ts"
import type { ModelEvent } from "../model/events.ts"
import { hasRounds } from "./rounds.ts"

/**
 * A model that says the same over and over does so until its limit for output, and is paid for it. What it says is
 * watched while it comes: the text and the thinking, not the arguments of calls, where a file of zeros is an honest file.
 *
 * Lists, logs and code repeat themselves too, so only an end of the text that is nothing but the same piece counts, to
 * the character: a table with one number that grows is not.
 */

/** About 8,000 tokens of nothing new, a usual limit of a whole answer: no honest one has as much, and a loop has no end. */
const LOOP_CHARACTERS = 32_000
/** A paragraph that came twice may be meant; twenty times is not. Rounds are up to 1,600 characters, a long paragraph. */
const LOOP_ROUNDS = 20
/** Looked at so often; each look costs as much as the window is long. */
const CHECK_CHARACTERS = 4_000

/** @returns whether the text so far ends in a loop; give it each new piece */
export function watchText(): (delta: string) => boolean {
  let tail = ""
  let unseen = 0
  return (delta) => {
    tail += delta
    unseen += delta.length
    if (unseen < CHECK_CHARACTERS) return false
    unseen = 0
    tail = tail.slice(-LOOP_CHARACTERS)
    return hasRounds(tail, { atLeast: LOOP_ROUNDS, minLength: LOOP_CHARACTERS })
  }
}

/** The same events. @throws fault `limit` with the reason `repetition` as soon as the model only repeats itself */
export async function* withoutLoops(events: AsyncIterable<ModelEvent>): AsyncGenerator<ModelEvent, void, void> {
  const watched = new Map<string, (delta: string) => boolean>()
  for await (const event of events) {
    yield event
    if (event.type !== "text-delta" && event.type !== "reasoning-delta") continue
    const key = `${event.type} ${event.id}`
    const watch = watched.get(key) ?? watchText()
    watched.set(key, watch)
    if (watch(event.delta))
      throw fault("limit", "The model only repeated itself, so its answer was stopped.", { reason: "repetition" })
  }
}
