/**
 * Finds the place in a file that looks most like a quote which is not in it, to show it to the model. Pure.
 * The cost is bounded: each line of the file is looked at once, and long files only up to a limit.
 */

/** Beyond this many lines the model can read or search itself; looking on would stall every other session. */
const MAX_LINES_SEARCHED = 50_000
/** Enough to recognise the place and quote it right; more would bury the sentence above it. */
const MAX_LINES_SHOWN = 20
/** A line's first part tells it apart; minified lines are not worth more. */
const MAX_CHARS_PER_LINE = 200
/** Less than this share of a line in common is chance. */
const LEAST_LIKENESS = 0.5

export interface Block {
  /** 1-based. */
  firstLine: number
  lines: string[]
}

export function nearestBlock(text: string, quote: string): Block | undefined {
  const lines = text.split(/\r?\n/, MAX_LINES_SEARCHED)
  const wanted = quote.split(/\r?\n/).map(essence)
  while (wanted[0] === "") wanted.shift()
  while (wanted.at(-1) === "") wanted.pop()
  if (wanted.length === 0) return undefined

  const essences = lines.map(essence)
  const first = bestWindow(essences, wanted) ?? bestLine(essences, wanted)
  if (first === undefined) return undefined
  const shown = lines.slice(first, first + Math.min(wanted.length, MAX_LINES_SHOWN))
  return { firstLine: first + 1, lines: shown.map((line) => line.slice(0, MAX_CHARS_PER_LINE)) }
}

/** The window of the quote's height that holds most of the quote's characters in equal lines. */
function bestWindow(lines: string[], wanted: string[]): number | undefined {
  const weights = new Map(wanted.map((line) => [line, line.length]))
  const weigh = (line: string | undefined) => (line === undefined ? 0 : (weights.get(line) ?? 0))
  let sum = 0
  let best = 0
  let at: number | undefined
  lines.forEach((line, index) => {
    sum += weigh(line) - weigh(lines[index - wanted.length])
    if (sum <= best) return
    best = sum
    at = index - wanted.length + 1
  })
  if (at === undefined) return undefined
  // Lined up with the quote's own line: the first equal line may be its third.
  const anchor = lines.findIndex((line, index) => index >= at! && weigh(line) > 0)
  return Math.max(0, anchor - wanted.indexOf(lines[anchor]!))
}

/** No line is equal: where the quote's longest line is most alike. */
function bestLine(lines: string[], wanted: string[]): number | undefined {
  const longest = wanted.reduce((a, b) => (b.length > a.length ? b : a))
  const pairs = pairsOf(longest)
  let best = LEAST_LIKENESS
  let at: number | undefined
  lines.forEach((line, index) => {
    const likeness = likenessOf(pairs, longest, line)
    if (likeness <= best) return
    best = likeness
    at = index
  })
  return at === undefined ? undefined : Math.max(0, at - wanted.indexOf(longest))
}

/** Sørensen–Dice over neighbouring characters, 0 to 1. */
function likenessOf(pairs: Set<string>, wanted: string, line: string): number {
  if (line.length < 2 || wanted.length < 2) return line !== "" && line === wanted ? 1 : 0
  if (line.length * 4 < wanted.length || wanted.length * 4 < line.length) return 0
  const others = pairsOf(line)
  let common = 0
  for (const pair of others) if (pairs.has(pair)) common++
  return (2 * common) / (pairs.size + others.size)
}

function pairsOf(line: string): Set<string> {
  const pairs = new Set<string>()
  for (let index = 0; index + 1 < line.length; index++) pairs.add(line.slice(index, index + 2))
  return pairs
}

const essence = (line: string): string =>
  line
    .slice(0, MAX_CHARS_PER_LINE)
    .trim()
    .replace(/[ \t]+/g, " ")
