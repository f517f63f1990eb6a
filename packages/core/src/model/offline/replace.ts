import type { IntentOf } from "./intent.ts"
import { absolute, escapeRegex, isKept, shown, type Batch, type Plan, type PlanContext, type Report } from "./plan.ts"
import { plural, quoted, reason } from "./prose.ts"
import { contentIn, linesIn, occurrences, type Outcome } from "./results.ts"
import { BATCH, MAX_ROUNDS, newTally, noteRefusal, reportOf, type Tally } from "./tally.ts"

interface ReplaceTally extends Tally {
  /** Some of a file was not shown, so that there may be more places than were counted. */
  isAtLeast: boolean
}

/** Looks for the text, reads each file that has it, edits it, and looks again until nothing new is found. */
export function* replace(intent: IntentOf<"replace">, context: PlanContext): Plan {
  const { from, to, scope } = intent
  if (from === to) return { text: `${quoted(from)} would be replaced by itself: nothing to do.` }
  const tally: ReplaceTally = { ...newTally(), isAtLeast: false }
  const isTried = (file: string) => tally.done.has(file) || tally.failed.has(file)

  if (scope.file) {
    yield* replaceIn([absolute(scope.file, context)], intent, context, tally)
    return report(intent, context, tally)
  }
  for (let round = 0; round < MAX_ROUNDS && tally.refusal === undefined; round++) {
    const [found] = yield {
      ...(round === 0 ? { say: `Looking for ${quoted(from)}.` } : {}),
      calls: [{ tool: "grep", input: searchInput(intent, context) }],
    }
    if (!found || found.failed) {
      if (round === 0) return { text: `The search failed: ${reason(found?.text ?? "")}`, stop: true }
      break
    }
    const { lines, isCut } = linesIn(found)
    tally.isMore = isCut
    const files = [...new Set(lines.map(({ file }) => file))].filter((file) => !isTried(file) && !isKept(file, context))
    if (files.length === 0) break
    yield* replaceIn(files, intent, context, tally)
    // When the new text holds the old one, every file is found again: only a cut list can hide others.
    if (!isCut && to.includes(from)) break
  }
  return report(intent, context, tally)
}

/** A line is searched at a time, so text of several lines is looked for by its longest one. */
function searchInput({ from, scope }: IntentOf<"replace">, context: PlanContext): Record<string, unknown> {
  const line = from
    .split("\n")
    .reduce((longest, next) => (next.trim().length > longest.length ? next.trim() : longest), "")
  const pattern = escapeRegex(from.includes("\n") ? line : from)
  return {
    pattern,
    ...(scope.folder ? { path: absolute(scope.folder, context) } : {}),
    ...(scope.include ? { include: scope.include } : {}),
  }
}

function* replaceIn(
  files: string[],
  { from, to }: IntentOf<"replace">,
  context: PlanContext,
  tally: ReplaceTally,
): Generator<Batch, void, Outcome[]> {
  for (let start = 0; start < files.length && tally.refusal === undefined; start += BATCH) {
    const batch = files.slice(start, start + BATCH)
    const contents = yield { calls: batch.map((filePath) => ({ tool: "read", input: { filePath } })) }
    const counts = new Map<string, number>()
    batch.forEach((file, index) => {
      const outcome = contents[index] ?? { text: "", failed: true }
      note(file, outcome, tally)
      if (outcome.failed) return
      const { kind, lines, isCut } = contentIn(outcome)
      const count = occurrences(lines.join("\n"), from)
      if (kind === "directory") tally.failed.set(file, "it is a folder")
      // What was found and is not in the part that was shown is in the rest of the file.
      else if (count === 0 && !isCut && files.length === 1) tally.failed.set(file, `${quoted(from)} is not in it`)
      else counts.set(file, count)
      if (isCut || count === 0) tally.isAtLeast = true
    })
    if (counts.size === 0 || tally.refusal !== undefined) continue

    const edited = [...counts.keys()]
    const first = start === 0 && edited[0] !== undefined
    const say = first
      ? `Editing ${files.length === 1 ? shown(files[0] ?? "", context) : plural(files.length, "file")}.`
      : undefined
    const outcomes = yield {
      ...(say ? { say } : {}),
      calls: edited.map((filePath) => ({
        tool: "edit",
        input: { filePath, oldString: from, newString: to, replaceAll: true },
      })),
    }
    edited.forEach((file, index) => {
      const outcome = outcomes[index] ?? { text: "", failed: true }
      note(file, outcome, tally)
      if (!outcome.failed) tally.done.set(file, Math.max(1, counts.get(file) ?? 1))
    })
  }
}

function note(file: string, outcome: Outcome, tally: Tally): void {
  if (!outcome.failed) return
  tally.failed.set(file, reason(outcome.text))
  noteRefusal(outcome, tally)
}

function report({ from, to, scope }: IntentOf<"replace">, context: PlanContext, tally: ReplaceTally): Report {
  const where = scope.folder ?? scope.include
  return reportOf(tally, context, {
    what: to ? `Replaced ${quoted(from)} with ${quoted(to)}` : `Removed ${quoted(from)}`,
    atLeast: tally.isAtLeast,
    notFound: `${quoted(from)} was not found${where ? ` in ${where}` : ""}.`,
  })
}
