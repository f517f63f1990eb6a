import { reindent } from "./edit-indent.ts"
import { anySpace, carriageReturns, edgeSpace, project, trailingSpace, type Skip } from "./edit-projection.ts"
import type { Hunk } from "./patch-parse.ts"

/**
 * Puts hunks into a text. Pure. Each hunk is whole lines, found by the first of ever more forgiving readings that finds
 * any. Without an anchor it must fit one place only, counted from the hunk before it; nobody guesses. Lines that stay
 * keep every byte they have in the file, whatever the patch says of them.
 */
export type Patched =
  | { kind: "changed"; text: string }
  /** `hunk` counts from 1; `lines` are the 1-based places, when there is more than one. */
  | { kind: "missing"; hunk: number; quote: string }
  | { kind: "ambiguous"; hunk: number; lines: number[] }
  | { kind: "overlap"; hunk: number }
  /** So many hunks for so large a text that looking for them would stall every other session. */
  | { kind: "excessive" }

/** Characters: the whole text is looked through for each hunk, several times. Takes about two seconds. */
const MAX_SEARCHED = 2_000_000_000

export function applyHunks(text: string, hunks: readonly Hunk[]): Patched {
  if (text.length * hunks.length > MAX_SEARCHED) return { kind: "excessive" }
  const file = openFile(text)
  const found: Placed[] = []
  let from = 0
  for (const [index, hunk] of hunks.entries()) {
    const placed = place(file, hunk, from)
    if (placed.kind !== "placed") return { ...placed, hunk: index + 1 }
    if (found.some((other) => placed.start < other.end && other.start < placed.end))
      return { kind: "overlap", hunk: index + 1 }
    found.push(placed)
    from = placed.end
  }
  return { kind: "changed", text: spliced(file, found) }
}

interface File {
  /** Without the line feed of the last line. */
  body: string
  /** Where each line begins, and where one behind the last would. */
  starts: Uint32Array
  count: number
  /** What stands behind the last line: a line feed, or nothing. That of an empty file will have one. */
  end: "" | "\n"
  /** The last line has no end, and got the carriage return of the others for as long as lines are moved about. */
  isMended: boolean
  /** What is put behind a new line, before the line feed: what most lines have. */
  style: "" | "\r"
  /** One for each reading, made when it is needed. */
  views: (View | undefined)[]
}

/** The file as one reading sees it, as one text: searching in it costs the same for long and for short hunks. */
interface View {
  /** A line feed, then every line with one. */
  text: string
  /** For each line, the index of the line feed before it. */
  starts: Uint32Array
}

interface Placed {
  kind: "placed"
  /** Lines of the file, the end not included. */
  start: number
  end: number
  /** Each without its line feed; a carriage return before it is a part of the line. */
  lines: string[]
}

type Found = Placed | { kind: "missing"; quote: string } | { kind: "ambiguous"; lines: number[] }

function openFile(text: string): File {
  const end = text === "" || text.endsWith("\n") ? "\n" : ""
  const style = count(text, "\r\n") * 2 > count(text, "\n") ? "\r" : ""
  const isMended = end === "" && !hasReturn(text)
  const body = end === "" ? text + (isMended ? style : "") : text.slice(0, -1)
  const starts = startsOf(body)
  return { body, starts, count: text === "" ? 0 : starts.length - 1, end, isMended, style, views: [] }
}

/** Lines from one to another, the latter not included, without the line feed behind them. */
const range = ({ body, starts }: File, from: number, to: number): string => body.slice(starts[from], starts[to]! - 1)

const lineAt = (file: File, line: number): string | undefined =>
  line >= 0 && line < file.count ? range(file, line, line + 1) : undefined

function startsOf(body: string): Uint32Array {
  const starts = new Uint32Array(count(body, "\n") + 2)
  let line = 0
  for (let at = body.indexOf("\n"); at !== -1; at = body.indexOf("\n", at + 1)) starts[++line] = at + 1
  starts[line + 1] = body.length + 1
  return starts
}

function count(text: string, part: string): number {
  let found = 0
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) found++
  return found
}

const hasReturn = (line: string): boolean => line.endsWith("\r")

const withoutReturn = (line: string): string => (hasReturn(line) ? line.slice(0, -1) : line)

/** What is left out of lines, from strict to lenient. Where indentation is forgiven it must still correspond. */
const READINGS: readonly { skip: Skip; isShifted: boolean }[] = [
  { skip: carriageReturns, isShifted: false },
  { skip: trailingSpace, isShifted: false },
  { skip: edgeSpace, isShifted: true },
  { skip: anySpace, isShifted: true },
]

/** Lines as a reading sees them, each with a line feed on both sides. */
const seen = (lines: string, { skip }: { skip: Skip }): string =>
  skip === carriageReturns && !lines.includes("\r") ? `\n${lines}\n` : `\n${project(`${lines}\n`, skip).text}`

function viewOf({ body, starts }: File, reading: number): View {
  const text = seen(body, READINGS[reading]!)
  return { text, starts: text.length === body.length + 2 ? starts : startsOf(text.slice(1, -1)) }
}

function place(file: File, hunk: Hunk, from: number): Found {
  const anchor = anchored(file, hunk.anchors, from)
  const old = hunk.lines.filter(({ kind }) => kind !== "insert").map(({ text }) => text)
  if (old.length === 0) {
    if (hunk.anchors.length > 0 && anchor === undefined) return { kind: "missing", quote: `@@ ${hunk.anchors.at(-1)}` }
    const at = anchor === undefined || hunk.isAtEnd ? file.count : anchor + 1
    return { kind: "placed", start: at, end: at, lines: rendered(file, hunk, at, inserted(hunk)) }
  }
  for (const reading of READINGS.keys()) {
    const fits = (start: number) =>
      placesOf(file, old, reading, start).flatMap((at) => fitting(file, hunk, at, READINGS[reading]!.isShifted) ?? [])
    const one = choose(fits, { hunk, from, anchor, last: file.count })
    if (one.length === 1) return one[0]!
    if (one.length > 1) return { kind: "ambiguous", lines: one.map((placed) => placed.start + 1) }
  }
  return { kind: "missing", quote: old.join("\n") }
}

interface Choice {
  hunk: Hunk
  /** Where the hunk before it ends. */
  from: number
  /** The line that its anchors lead to; without one it must fit a single place. */
  anchor: number | undefined
  last: number
}

/** Which of several places is meant. More than one left means that it is not known. */
function choose(fits: (start: number) => Placed[], { hunk, from, anchor, last }: Choice): Placed[] {
  // An anchor says where to begin to look: the first place from there on is meant.
  const behind = anchor === undefined ? [] : fits(Math.max(anchor, from))
  const all = fits(0)
  const atEnd = hunk.isAtEnd ? all.filter(({ end }) => end === last) : []
  if (atEnd.length > 0) return atEnd
  if (behind.length > 0) return behind.slice(0, 1)
  const after = all.filter(({ start }) => start >= from)
  return after.length > 0 ? after : all
}

/** The line of the last anchor. Undefined when one of them is not a line of the file: then it is no help. */
function anchored(file: File, anchors: string[], from: number): number | undefined {
  let at: number | undefined
  for (const anchor of anchors) {
    const next = at === undefined ? from : at + 1
    at = findLine(file, anchor, next) ?? (at === undefined ? findLine(file, anchor, 0) : undefined)
    if (at === undefined) return undefined
  }
  return at
}

/** The first line like the anchor: whole, then with ever more forgiven. */
function findLine(file: File, anchor: string, from: number): number | undefined {
  for (const reading of READINGS.keys()) {
    const [at] = placesOf(file, [anchor], reading, from, 1)
    if (at !== undefined) return at
  }
  return undefined
}

/** More than this is not unique whatever is left out, and each has to be looked at. */
const MAX_PLACES = 1_000

/** Where the lines stand one after the other, from a line on. */
function placesOf(file: File, old: string[], reading: number, from: number, limit = MAX_PLACES): number[] {
  if (from >= file.count) return []
  const { text, starts } = (file.views[reading] ??= viewOf(file, reading))
  const wanted = seen(old.join("\n"), READINGS[reading]!)
  const found: number[] = []
  let at = text.indexOf(wanted, starts[from])
  while (at !== -1 && found.length < limit) {
    found.push(lineFrom(starts, at))
    at = text.indexOf(wanted, at + 1)
  }
  return found
}

function lineFrom(starts: Uint32Array, at: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (starts[middle]! < at) low = middle + 1
    else high = middle
  }
  return low
}

function fitting(file: File, hunk: Hunk, at: number, isShifted: boolean): Placed | undefined {
  const kept = hunk.lines.filter(({ kind }) => kind !== "insert")
  const end = at + kept.length
  const fresh = hunk.lines.filter(({ kind }) => kind !== "remove")
  let texts = fresh.map(({ text }) => text)
  if (isShifted) {
    const there = range(file, at, end).replaceAll("\r\n", "\n")
    const shifted = reindent(there, kept.map(({ text }) => text).join("\n"), texts.join("\n"))
    if (shifted === undefined) return undefined
    texts = shifted.split("\n")
  }
  const inserts = fresh.flatMap(({ kind }, index) => (kind === "insert" ? [texts[index]!] : []))
  return { kind: "placed", start: at, end, lines: rendered(file, hunk, at, inserts) }
}

const inserted = (hunk: Hunk): string[] => hunk.lines.flatMap(({ kind, text }) => (kind === "insert" ? [text] : []))

/** The lines that stand there afterwards: those of the file that stay, and between them the new ones. */
function rendered(file: File, hunk: Hunk, at: number, inserts: string[]): string[] {
  const model = lineAt(file, at) ?? lineAt(file, at - 1)
  const end = model === undefined ? file.style : hasReturn(model) ? "\r" : ""
  const lines: string[] = []
  let next = 0
  for (const { kind } of hunk.lines) {
    if (kind === "insert") lines.push(inserts[next++]! + end)
    else {
      if (kind === "keep") lines.push(lineAt(file, at)!)
      at++
    }
  }
  return lines
}

function spliced(file: File, found: Placed[]): string {
  const pieces: string[] = []
  let from = 0
  for (const { start, end, lines } of found.toSorted((a, b) => a.start - b.start)) {
    if (start > from) pieces.push(range(file, from, start))
    if (lines.length > 0) pieces.push(lines.join("\n"))
    from = end
  }
  if (from < file.count) pieces.push(range(file, from, file.count))
  if (pieces.length === 0) return ""
  const text = pieces.join("\n")
  // The file ends as it did: with a line end, or without.
  return (file.isMended ? withoutReturn(text) : text) + file.end
}
