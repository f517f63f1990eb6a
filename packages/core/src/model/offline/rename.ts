import { readOn } from "./examine-plans.ts"
import type { IntentOf } from "./intent.ts"
import { absolute, escapeRegex, isKept, shown, type Batch, type Plan, type PlanContext, type Report } from "./plan.ts"
import { plural, quoted, reason } from "./prose.ts"
import { isOnce, linesIn, occurrences, type FoundLine, type Outcome } from "./results.ts"
import { BATCH, MAX_ROUNDS, newTally, noteRefusal, reportOf, type Tally } from "./tally.ts"

/** Characters after which `read` cuts a line: what stands behind it is not seen. */
const MAX_LINE = 2_000
/** Longer names around the old one that are shown. */
const MAX_LONGER = 8

const NOTHING: Outcome = { text: "", failed: true }
const LETTER = "[\\p{L}\\p{M}\\p{N}_$]"

/** Where a name stands as a whole word, as most languages see words. */
export const wholeWord = (name: string): RegExp => new RegExp(`(?<!${LETTER})${escapeRegex(name)}(?!${LETTER})`, "gu")

/**
 * Gives a name in code another one, where it is a whole word. Never changes a longer word that holds it: a file with
 * both is edited from the first to the last line that has the name, and nothing else in there differs.
 */
export function* rename(intent: IntentOf<"rename">, context: PlanContext): Plan {
  const { from, to, scope } = intent
  if (from === to) return { text: `${quoted(from)} has that name already: nothing to do.` }
  const where = {
    ...((scope.file ?? scope.folder) ? { path: absolute(scope.file ?? scope.folder ?? "", context) } : {}),
    ...(scope.include ? { include: scope.include } : {}),
  }
  const pattern = boundedPattern(from)
  const tally = newTally()
  let taken: FoundLine[] = []
  for (let round = 0; round < MAX_ROUNDS && tally.refusal === undefined; round++) {
    const search = { tool: "grep", input: { pattern, ...where } }
    const isFirst = round === 0
    const [found = NOTHING, others = NOTHING] = yield {
      ...(isFirst ? { say: `Looking for ${quoted(from)} as a whole word.` } : {}),
      calls: isFirst ? [search, { tool: "grep", input: { pattern: boundedPattern(to), ...where } }] : [search],
    }
    if (found.failed && isFirst) return { text: `The search failed: ${reason(found.text)}`, stop: true }
    if (found.failed) break
    if (isFirst && !others.failed) taken = linesIn(others).lines
    const isNew = (file: string) => !tally.done.has(file) && !tally.failed.has(file) && !isKept(file, context)
    const { lines, isCut } = linesIn(found)
    tally.isMore = isCut && scope.file === undefined
    const files = [...new Set(lines.map(({ file }) => file))].filter(isNew)
    if (files.length === 0) break
    for (let start = 0; start < files.length && tally.refusal === undefined; start += BATCH)
      yield* renameIn(files.slice(start, start + BATCH), intent, context, tally)
  }
  if (tally.refusal !== undefined) return report(intent, context, { tally, taken, longer: [], isCut: false })
  const [rest = NOTHING] = yield { calls: [{ tool: "grep", input: { pattern: escapeRegex(from), ...where } }] }
  const left = rest.failed ? { lines: [], isCut: false } : linesIn(rest)
  const word = new RegExp(`${LETTER}*${escapeRegex(from)}${LETTER}*`, "gu")
  const longer = left.lines
    .flatMap(({ text }) => [...text.matchAll(word)].map(([name]) => name))
    .filter((name) => name !== from)
  return report(intent, context, { tally, taken, longer, isCut: left.isCut })
}

/** Without look-around, which only one of the two search engines has. */
const boundedPattern = (name: string) => `(?:^|[^\\w$])${escapeRegex(name)}(?:$|[^\\w$])`

function* renameIn(
  files: string[],
  intent: IntentOf<"rename">,
  context: PlanContext,
  tally: Tally,
): Generator<Batch, void, Outcome[]> {
  const pages = yield { calls: files.map((filePath) => ({ tool: "read", input: { filePath } })) }
  const edits: { file: string; count: number; input: Record<string, unknown> }[] = []
  for (const [index, file] of files.entries()) {
    const { outcome, lines, isWhole } = yield* readOn(file, pages[index] ?? NOTHING)
    const planned = outcome.failed
      ? reason(outcome.text)
      : isWhole
        ? editOf(lines, intent)
        : "it is too long for me to see all of it"
    noteRefusal(outcome, tally)
    if (typeof planned === "string") tally.failed.set(file, planned)
    else edits.push({ file, count: planned.count, input: { filePath: file, ...planned.edit } })
  }
  if (edits.length === 0 || tally.refusal !== undefined) return
  const say = `Renaming in ${edits.length === 1 ? shown(edits[0]?.file ?? "", context) : plural(edits.length, "file")}.`
  const outcomes = yield { say, calls: edits.map(({ input }) => ({ tool: "edit", input })) }
  edits.forEach(({ file, count }, index) => {
    const outcome = outcomes[index] ?? NOTHING
    if (!outcome.failed) tally.done.set(file, count)
    else tally.failed.set(file, reason(outcome.text))
    noteRefusal(outcome, tally)
  })
}

interface Edit {
  oldString: string
  newString: string
  replaceAll?: boolean
}

/** The one edit that renames in a whole file, or why there is none. */
export function editOf(
  lines: readonly string[],
  { from, to }: { from: string; to: string },
): { edit: Edit; count: number } | string {
  const text = lines.join("\n")
  const count = [...text.matchAll(wholeWord(from))].length
  if (count === 0) return `${quoted(from)} is not a whole word in it`
  // Nothing but whole words: every place is one.
  if (count === occurrences(text, from)) return { edit: { oldString: from, newString: to, replaceAll: true }, count }
  const isAffected = (line: string) => wholeWord(from).test(line)
  let [first, last] = [lines.findIndex(isAffected), lines.findLastIndex(isAffected)]
  const part = () => lines.slice(first, last + 1).join("\n")
  // The same lines may stand elsewhere inside of longer ones: lines are added until there is one place only.
  while (!isOnce(text, part()) && (first > 0 || last < lines.length - 1)) {
    if (first > 0) first--
    if (last < lines.length - 1) last++
  }
  if (lines.slice(first, last + 1).some((line) => line.length >= MAX_LINE))
    return "it has lines too long to be seen whole"
  return { edit: { oldString: part(), newString: part().replace(wholeWord(from), () => to) }, count }
}

interface Findings {
  tally: Tally
  taken: FoundLine[]
  longer: string[]
  isCut: boolean
}

function report(
  { from, to, scope }: IntentOf<"rename">,
  context: PlanContext,
  { tally, taken, longer, isCut }: Findings,
): Report {
  const more: string[] = []
  if (longer.length) {
    const names = [...new Set(longer)]
    const shownNames = names.slice(0, MAX_LONGER).map(quoted).join(", ") + (names.length > MAX_LONGER ? ", …" : "")
    const count = `${isCut ? "more than " : ""}${plural(longer.length, "place")}`
    more.push(`Left alone: ${count} where it is a part of a longer word (${shownNames}).`)
  }
  if (taken.length && tally.done.size)
    more.push(
      `Mind that ${quoted(to)} was there before, as on line ${taken[0]?.line} of ${quoted(shown(taken[0]?.file ?? "", context))}.`,
    )
  const where = scope.file ?? scope.folder ?? scope.include
  const notFound = `${quoted(from)} was not found as a whole word${where ? ` in ${where}` : ""}.`
  return reportOf(tally, context, { what: `Renamed ${quoted(from)} to ${quoted(to)}`, notFound, more })
}
