import { stat } from "node:fs/promises"
import { dirname } from "node:path"
import { mayHoldRules } from "./fail-closed.ts"
import type { Source } from "./sources.ts"

/**
 * Files are read again while people and programs write them. What a file said before holds while it is half-written:
 * while it cannot be read, and, if there may be rules in it, for a moment while it is empty or gone, as it is when a
 * program writes it anew. So no rule is lost because of the moment at which somebody looked.
 */
export type Former = ReadonlyMap<string, Source & { text: string }>

/** Longer than any program takes between taking a file away, or emptying it, and writing it. */
const MOMENT_MS = 2_000

/** The sources with those that have just gone, in their former places. */
export async function withGone(found: readonly Source[], former: Former, now: number): Promise<Source[]> {
  const sources = [...found]
  const isThere = new Set(found.map(({ file }) => file))
  let before: string | undefined
  for (const [file, source] of former) {
    if (!isThere.has(file) && mayHoldRules(source.text) && (await isYoung(dirname(file), now))) {
      const at = sources.findIndex((one) => one.file === before)
      sources.splice(at + 1, 0, source)
    }
    before = file
  }
  return sources
}

/** What stands in for a file that was emptied just now, or of which the first characters are there. */
export async function insteadOfEmpty(source: Source, former: Former, now: number): Promise<Source> {
  const { file } = source
  const known = file === undefined ? undefined : former.get(file)
  if (!known || !mayHoldRules(known.text) || file === undefined || "problem" in source) return source
  return isBeginning(source.text) && (await isYoung(file, now)) ? known : source
}

/** What a text with settings before it begins with counts as nothing: settings that are not there yet are not gone. */
const isBeginning = (text: string): boolean => !text.trim() || "---\r\n".startsWith(text)

/** By the folder that it was in: that tells when it went. */
async function isYoung(path: string, now: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  if (found) return now - found.mtimeMs < MOMENT_MS
  return dirname(path) !== path && isYoung(dirname(path), now)
}
