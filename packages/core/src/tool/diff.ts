/**
 * The change of one file as a unified patch and in numbers. Comparing two unrelated texts can take minutes, so the
 * comparison is bounded; past the bound the patch replaces the whole differing part at once, which is still correct.
 */
import { wholeLines } from "../lib/lines.ts"

/** Above this many changed lines the patch is not read by anybody; the bound is deterministic, unlike the clock. */
const MAX_EDIT_LENGTH = 4_000
/** The comparison blocks the process, so this is what other sessions may have to wait. */
const TIMEOUT_MS = 300
const CONTEXT_LINES = 3

export interface FileDiff {
  /** As shown to people: relative to the worktree. */
  file: string
  patch: string
  additions: number
  deletions: number
}

export async function diffFile(file: string, before: string, after: string): Promise<FileDiff> {
  const { formatPatch, structuredPatch } = await import("diff")
  // A library that takes every line apart needs twenty times the size of a file; most of it is the same on both sides.
  const part = differing(before, after)
  const patch =
    structuredPatch(file, file, part.before, part.after, "", "", {
      context: CONTEXT_LINES,
      maxEditLength: MAX_EDIT_LENGTH,
      timeout: TIMEOUT_MS,
    }) ?? wholesale(file, part.before, part.after)
  for (const hunk of patch.hunks) {
    hunk.oldStart += part.linesAbove
    hunk.newStart += part.linesAbove
  }
  let additions = 0
  let deletions = 0
  for (const hunk of patch.hunks) {
    for (const line of hunk.lines) {
      if (line.startsWith("+")) additions++
      else if (line.startsWith("-")) deletions++
    }
  }
  return { file, patch: formatPatch(patch), additions, deletions }
}

/** Both texts without the whole lines that are equal at both ends, those that a patch shows around a change excepted. */
function differing(before: string, after: string): { before: string; after: string; linesAbove: number } {
  const shorter = Math.min(before.length, after.length)
  let head = 0
  while (head < shorter && before.charCodeAt(head) === after.charCodeAt(head)) head++
  let tail = 0
  const rest = shorter - head
  while (tail < rest && before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail))
    tail++

  let start = head
  for (let line = 0; line <= CONTEXT_LINES && start > 0; line++)
    start = start < 2 ? 0 : before.lastIndexOf("\n", start - 2) + 1
  let end = before.length - tail
  for (let line = 0; line <= CONTEXT_LINES && end < before.length; line++) {
    const lineEnd = before.indexOf("\n", end)
    end = lineEnd === -1 ? before.length : lineEnd + 1
  }
  let linesAbove = 0
  for (let at = before.indexOf("\n"); at !== -1 && at < start; at = before.indexOf("\n", at + 1)) linesAbove++
  const below = before.length - end
  return { before: before.slice(start, end), after: after.slice(start, after.length - below), linesAbove }
}

/** One hunk: what is equal at both ends is kept, all lines between are replaced. */
function wholesale(file: string, before: string, after: string) {
  const old = wholeLines(before)
  const fresh = wholeLines(after)
  let head = 0
  while (head < old.length && head < fresh.length && old[head] === fresh[head]) head++
  let tail = 0
  const rest = Math.min(old.length, fresh.length) - head
  while (tail < rest && old[old.length - 1 - tail] === fresh[fresh.length - 1 - tail]) tail++

  const from = Math.max(0, head - CONTEXT_LINES)
  const kept = Math.min(tail, CONTEXT_LINES)
  const removed = old.slice(head, old.length - tail)
  const added = fresh.slice(head, fresh.length - tail)
  const lines = [
    ...old.slice(from, head).flatMap(marked(" ")),
    ...removed.flatMap(marked("-")),
    ...added.flatMap(marked("+")),
    ...old.slice(old.length - tail, old.length - tail + kept).flatMap(marked(" ")),
  ]
  const hunk = {
    oldStart: from + 1,
    oldLines: head - from + removed.length + kept,
    newStart: from + 1,
    newLines: head - from + added.length + kept,
    lines,
  }
  return { oldFileName: file, newFileName: file, oldHeader: "", newHeader: "", index: undefined, hunks: [hunk] }
}

/** Each line with its end; the last one may have none. */
const marked = (mark: string) => (line: string) =>
  line.endsWith("\n") ? [mark + line.slice(0, -1)] : [mark + line, "\\ No newline at end of file"]
