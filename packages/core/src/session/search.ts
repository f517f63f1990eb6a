import { setImmediate as nextRound } from "node:timers/promises"
import type { FoundMessage, FoundSession } from "@opencode/protocol/session-search.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { fault } from "../lib/fault.ts"
import { clip } from "../lib/text.ts"
import type { Store } from "../store/store.ts"

export interface SearchQuery {
  /** Words that all have to be in one text, or in the title. In any case. */
  query: string
  projectID?: string | undefined
  limit: number
  signal?: AbortSignal
}

export type SearchSessions = (query: SearchQuery) => Promise<FoundSession[]>

/** Enough to tell which conversation it was. */
const SHOWN_MESSAGES = 3
const EXCERPT_CHARACTERS = 160
const BEFORE_CHARACTERS = 40

/**
 * What people and models said, newest session first. What the program wrote beside it (files that were attached,
 * reminders) is not searched: a word of a source file would find every conversation about it.
 */
export function createSearchSessions({ sessions, parts, messages }: Pick<Store, "sessions" | "parts" | "messages">) {
  function inSession(session: Session, words: string[]): FoundSession | undefined {
    const found = new Map<string, string>()
    for (const part of parts.ofType(session.id, "text")) {
      if (part.type !== "text" || part.synthetic || part.ignored || found.has(part.messageID)) continue
      const excerpt = excerptOf(part.text, words)
      if (excerpt !== undefined) found.set(part.messageID, excerpt)
    }
    if (found.size === 0 && excerptOf(session.title, words) === undefined) return undefined
    const newest = [...found].reverse().slice(0, SHOWN_MESSAGES)
    return {
      session,
      messages: newest.flatMap(([messageID, excerpt]): FoundMessage[] => {
        const info = messages.get(messageID)
        return info ? [{ messageID, role: info.role, time: info.time.created, excerpt }] : []
      }),
      more: found.size - newest.length,
    }
  }

  const search: SearchSessions = async ({ query, projectID, limit, signal }) => {
    const words = wordsOf(query)
    if (words.length === 0) throw fault("bad_request", "There is nothing to search for.")
    const found: FoundSession[] = []
    for (const session of sessions.list(projectID === undefined ? {} : { projectID })) {
      await nextRound()
      signal?.throwIfAborted()
      const one = inSession(session, words)
      if (one) found.push(one)
      if (found.length >= limit) break
    }
    return found
  }
  return search
}

const fold = (text: string): string => text.normalize("NFC").toLowerCase()

export const wordsOf = (query: string): string[] => fold(query).split(/\s+/).filter(Boolean)

/** The line around the first word; undefined when a word is not there. */
export function excerptOf(text: string, words: readonly string[]): string | undefined {
  const folded = fold(text)
  if (!words.every((word) => folded.includes(word))) return undefined
  // Folding may change lengths: the place is then a little off, and still a part of the text.
  const at = Math.min(folded.indexOf(words[0] ?? ""), text.length)
  const start = Math.max(at - BEFORE_CHARACTERS, 0)
  const around = text.slice(start, start + 2 * EXCERPT_CHARACTERS).replaceAll(/\s+/g, " ")
  return clip((start > 0 ? "…" : "") + around.toWellFormed().trim(), EXCERPT_CHARACTERS)
}
