import { reindent } from "./edit-indent.ts"
import { anySpace, carriageReturns, edgeSpace, project, trailingSpace, type Skip } from "./edit-projection.ts"

/**
 * Finds what a model meant by "replace this text", and replaces it. Pure.
 *
 * Models quote files almost right: other line ends, lost trailing spaces, another indentation, escapes written out.
 * Each reading below forgives one such thing more than the one before. The first reading that finds anything decides;
 * unless all places are wanted, it has to find exactly one. Nothing outside the places found ever changes.
 */
export interface Edit {
  oldString: string
  newString: string
  replaceAll?: boolean | undefined
}

export type Edited =
  | { kind: "changed"; text: string; places: number }
  /** Where the places start, as 1-based lines. */
  | { kind: "ambiguous"; lines: number[] }
  | { kind: "missing" }

export function applyEdit(text: string, edit: Edit): Edited {
  for (const [oldString, newString] of spellings(edit)) {
    for (const reading of readings) {
      const places = reading(text, oldString, newString)
      if (places.length === 0) continue
      if (places.length > 1 && !edit.replaceAll) return { kind: "ambiguous", lines: lineNumbers(text, places) }
      return { kind: "changed", ...splice(text, places) }
    }
  }
  return { kind: "missing" }
}

interface Place {
  start: number
  end: number
  replacement: string
}

type Reading = (text: string, oldString: string, newString: string) => Place[]

const readings: Reading[] = [
  exactly,
  without(carriageReturns),
  without(trailingSpace),
  shifted(edgeSpace),
  shifted(anySpace),
]

/** The pair as given, then without escapes that the model wrote out, then without blank lines around it. */
function* spellings({ oldString, newString }: Edit): Generator<[string, string]> {
  yield [oldString, newString]
  for (const unescape of [unescapeQuotes, unescapeAll]) {
    const plain = unescape(oldString)
    if (plain !== oldString && plain.trim() !== "") yield [plain, unescape(newString)]
  }
  const trimmed = withoutBlankEdges(oldString, newString)
  if (trimmed[0] !== oldString && trimmed[0].trim() !== "") yield trimmed
}

function exactly(text: string, oldString: string, replacement: string): Place[] {
  return occurrences(text, oldString).map((start) => ({ start, end: start + oldString.length, replacement }))
}

function without(skip: Skip): Reading {
  return (text, oldString, replacement) => {
    const wanted = project(oldString, skip)
    if (wanted.text.trim() === "") return []
    const whole = project(text, skip)
    const fits = (at: number) => !wanted.isOpenEnded || endsLine(whole.text, at + wanted.text.length)
    const found = occurrences(whole.text, wanted.text, fits)
    const from = found.length > 0 ? whole.from() : undefined
    return found.map((at) => {
      const start = from![at]!
      const end = from![at + wanted.text.length - 1]! + 1
      return { start, end, replacement }
    })
  }
}

/** Whole lines whose indentation differs in one consistent way; the replacement is indented as the file is. */
function shifted(skip: Skip): Reading {
  return (text, oldString, newString) => {
    const wanted = project(oldString, skip)
    if (wanted.text.trim() === "") return []
    const whole = project(text, skip)
    const fits = (at: number) =>
      startsLine(whole.text, at) && (!wanted.isOpenEnded || endsLine(whole.text, at + wanted.text.length))
    const found = occurrences(whole.text, wanted.text, fits)
    const from = found.length > 0 ? whole.from() : undefined
    return found.flatMap((at) => {
      const start = at === 0 ? 0 : from![at - 1]! + 1
      const end = from![at + wanted.text.length - 1]! + 1
      const replacement = reindent(text.slice(start, end), oldString, newString)
      return replacement === undefined ? [] : [{ start, end, replacement }]
    })
  }
}

/** Blanks that were left out at the end of the quote must end a line in the file too: `a ` is not the `a` of `ab`. */
const endsLine = (text: string, index: number): boolean => index >= text.length || text[index] === "\n"
const startsLine = (text: string, index: number): boolean => index === 0 || text[index - 1] === "\n"

/** Places that do not overlap; but of one that overlaps itself both, because which one was meant cannot be known. */
function occurrences(text: string, wanted: string, fits: (at: number) => boolean = () => true): number[] {
  const next = (from: number): number => {
    let at = text.indexOf(wanted, from)
    while (at !== -1 && !fits(at)) at = text.indexOf(wanted, at + 1)
    return at
  }
  const found: number[] = []
  for (let at = next(0); at !== -1; at = next(at + wanted.length)) found.push(at)
  const again = found.length === 1 ? next(found[0]! + 1) : -1
  return again === -1 ? found : [...found, again]
}

function splice(text: string, places: Place[]): { text: string; places: number } {
  const fileStyle = lineEndOf(text)
  const pieces: string[] = []
  let from = 0
  let made = 0
  for (const { start, end, replacement } of places) {
    if (start < from) continue
    const replaced = text.slice(start, end)
    pieces.push(text.slice(from, start), inStyle(replacement, replaced, lineEndOf(replaced) ?? fileStyle))
    from = end
    made++
  }
  pieces.push(text.slice(from))
  return { text: pieces.join(""), places: made }
}

/** Line ends as in the replaced lines, else as in the file; a change of nothing but line ends is taken as it is. */
function inStyle(replacement: string, replaced: string, style: string | undefined): string {
  if (style === undefined || !replacement.includes("\n")) return replacement
  const styled = replacement.replace(/\r?\n/g, style)
  return styled === replaced ? replacement : styled
}

/** What most lines use. Undefined for a text of one line. */
function lineEndOf(text: string): "\n" | "\r\n" | undefined {
  const all = count(text, "\n")
  if (all === 0) return undefined
  return count(text, "\r\n") * 2 > all ? "\r\n" : "\n"
}

function lineNumbers(text: string, places: Place[]): number[] {
  let line = 1
  let from = 0
  return places.map(({ start }) => {
    line += count(text.slice(from, start), "\n")
    from = start
    return line
  })
}

function count(text: string, part: string): number {
  let found = 0
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) found++
  return found
}

const unescapeQuotes = (text: string): string => text.replace(/\\(["'`])/g, "$1")

const escapes: Record<string, string> = { n: "\n", t: "\t", r: "\r" }
const unescapeAll = (text: string): string =>
  text.replace(/\\([ntr"'`\\$])/g, (_, char: string) => escapes[char] ?? char)

/** Takes the blank lines around the quote away, and as many as that, at most, around the replacement. */
function withoutBlankEdges(oldString: string, newString: string): [string, string] {
  const { head, body, tail } = edges(oldString)
  const fresh = edges(newString)
  return [body, fresh.head.slice(head.length) + fresh.body + fresh.tail.slice(tail.length)]
}

function edges(text: string): { head: string; body: string; tail: string } {
  const head = /^(?:[ \t]*\r?\n)*/.exec(text)![0]
  const rest = text.slice(head.length)
  const body = rest.trimEnd()
  const tail = rest.slice(body.length)
  return tail.includes("\n") ? { head, body, tail } : { head, body: rest, tail: "" }
}
