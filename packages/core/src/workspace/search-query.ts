import type { FoundText } from "@opencode/protocol/file.ts"
import { toolFailure } from "../lib/fault.ts"

/** What can be searched for and what comes back, the same for both engines. */
export interface Search {
  /** @throws tool failure for an invalid pattern or a search that takes too long */
  listFiles(query: ListQuery): Promise<FileList>
  /** @throws tool failure for an invalid regular expression, in the words of the engine, or a search that takes too long */
  grep(query: GrepQuery): Promise<MatchList>
  /** The same, told as clients of the API know it. */
  find(query: FindQuery): Promise<FoundText[]>
}

export interface ListQuery {
  /** Canonical folder. */
  cwd: string
  /** Relative to `cwd`; without "/" it is the name of a file in any folder. */
  glob?: string | undefined
  /** Names that start with a dot, too. Default true. */
  hidden?: boolean
  /** By path is several times cheaper: no file has to be asked for its time. Default: newest first. */
  order?: "newest" | "path"
  limit: number
  signal?: AbortSignal | undefined
}

export interface GrepQuery {
  /** Canonical folder. */
  cwd: string
  /** Only this file, relative to `cwd` or absolute. */
  file?: string | undefined
  /** A regular expression. */
  pattern: string
  /** A glob for the files, as in `ListQuery`. */
  include?: string | undefined
  /** Whether lines of a file (absolute) may be shown; one that may not is left out as if it were not there. */
  mayShow?: ((file: string) => boolean) | undefined
  hidden?: boolean
  limit: number
  signal?: AbortSignal | undefined
}

export interface FindQuery {
  /** Canonical folder. */
  cwd: string
  /** A regular expression. */
  pattern: string
  limit: number
  signal?: AbortSignal | undefined
}

export interface FileList {
  /** Absolute. */
  files: string[]
  truncated: boolean
}

export interface Match {
  /** Absolute. */
  file: string
  /** Counted from 1. */
  line: number
  /** At most `MAX_LINE_BYTES` of it. */
  text: string
}

export interface MatchList {
  /** The matches of one file are together. */
  matches: Match[]
  truncated: boolean
}

/** Half a minute is more than a person or a turn wants to wait; the answer is to narrow the search. */
export const SEARCH_DEADLINE_MS = 30_000
/** A match in a minified file is still a match, but one line must not fill the whole answer. */
export const MAX_LINE_BYTES = 2_000

export const tooSlow = () =>
  toolFailure(
    `The search took longer than ${SEARCH_DEADLINE_MS / 1000} s and was stopped. Use a narrower path or pattern.`,
  )
