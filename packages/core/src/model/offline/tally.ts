import { shown, type PlanContext, type Report } from "./plan.ts"
import { bullets, plural, reason } from "./prose.ts"
import type { Outcome } from "./results.ts"

/** Files that are read or edited in one step: enough to be quick, few enough to follow. */
export const BATCH = 8
/** A search shows 100 lines; after this many rounds a person should look at what is going on. */
export const MAX_ROUNDS = 6

/** What has become of the files that one request changes. */
export interface Tally {
  /** By file, how many places were changed, as far as they were seen. */
  done: Map<string, number>
  failed: Map<string, string>
  /** The last search had more lines than it showed, so that more files may have what is looked for. */
  isMore: boolean
  refusal?: string
}

export const newTally = (): Tally => ({ done: new Map(), failed: new Map(), isMore: false })

/** After a refusal, nothing more is tried. */
export function noteRefusal(outcome: Outcome, tally: Tally): void {
  if (outcome.refused) tally.refusal ??= reason(outcome.text)
}

interface Sentences {
  /** What was done, as in "Renamed `a` to `b`". */
  what: string
  atLeast?: boolean
  /** For when no file had it. */
  notFound: string
  /** What else there is to say of it. */
  more?: readonly string[]
}

export function reportOf(
  tally: Tally,
  context: PlanContext,
  { what, atLeast, notFound, more = [] }: Sentences,
): Report {
  const { done, failed, refusal } = tally
  const parts: string[] = []
  if (done.size) {
    const places = [...done.values()].reduce((sum, count) => sum + count, 0)
    const count = `${atLeast ? "at least " : ""}${plural(places, "place")}`
    parts.push(`${what}: ${count} in ${plural(done.size, "file")}.`)
    parts.push(bullets([...done].map(([file, count]) => `${shown(file, context)} (${count})`)))
  }
  if (failed.size) {
    parts.push(done.size ? "Left as they are:" : "Nothing was changed.")
    parts.push(bullets([...failed].map(([file, why]) => `${shown(file, context)}: ${why}`)))
  }
  if (!done.size && !failed.size) parts.push(`${notFound} Nothing was changed.`)
  parts.push(...more)
  if (refusal !== undefined) parts.push(`I stopped there: ${refusal}`)
  const isPart = tally.isMore && refusal === undefined
  if (isPart) parts.push(NOT_ALL)
  return { text: parts.join("\n"), stop: refusal !== undefined || isPart || (done.size === 0 && failed.size > 0) }
}

const NOT_ALL =
  "That may not be all: a search shows 100 lines, and these left no room for other files. " +
  "Name a folder or a file to go on."
