import { isAbsolute, join, relative } from "node:path"
import { isAvoided } from "./avoid.ts"
import type { Subject } from "./pronoun.ts"
import type { Outcome } from "./results.ts"

/** One call that is to be made. */
export interface Call {
  tool: string
  input: Record<string, unknown>
}

/** Calls that do not depend on each other, and what is said before them. */
export interface Batch {
  say?: string
  calls: Call[]
}

/** What came of a request. */
export interface Report {
  text: string
  /** What follows in the same prompt must not be tried. */
  stop?: boolean
  /** The file that "it" is from here on, when the request did not name it. */
  subject?: Subject
}

/**
 * How one request is carried out: it asks for calls, gets an outcome for each, and ends with a report. It is run from its
 * start at every step, over the outcomes that history holds, so it must depend on nothing else. It always ends: after a
 * refusal at once.
 */
export type Plan = Generator<Batch, Report, Outcome[]>

export interface PlanContext {
  /** Where the user works; none when the prompt does not say. */
  directory: string | undefined
  /** Names and patterns of what must be left alone in this prompt. */
  avoid?: readonly string[]
  /** What was asked for and called before this prompt; read when it is needed. */
  earlier?: () => Earlier
}

export interface Earlier {
  subject: Subject
  /** Calls that had an effect, in order, with what they were given. */
  changes: Call[]
}

/** Whether the user said to leave this path alone. */
export const isKept = (path: string, context: PlanContext): boolean =>
  context.avoid !== undefined && isAvoided(shown(absolute(path, context), context), context.avoid)

export const absolute = (path: string, { directory }: PlanContext): string =>
  directory === undefined || isAbsolute(path) || path.startsWith("~") ? path : join(directory, path)

/** A path as people say it. */
export function shown(path: string, { directory }: PlanContext): string {
  if (directory === undefined || !isAbsolute(path)) return path
  const below = relative(directory, path)
  return below && !below.startsWith("..") ? below : path
}

export const escapeRegex = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")

/** One word of a command, whatever it holds. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** A path as one word of a command, behind "--". */
export const shellPath = (path: string): string =>
  path.startsWith("~/") ? `~/${shellWord(path.slice(2))}` : shellWord(path)
