import { fault } from "../lib/fault.ts"
import type { Limits } from "./limits.ts"

/** What is known of a child from outside. */
export interface Activity {
  /** Tells of each event of a session, until the returned function is called. */
  listen(hear: (sessionID: string | undefined) => void): () => void
  /** The session that waits for this one. */
  parentOf(sessionID: string): string | undefined
  /** For a person, or for a moment that its provider has named. */
  isWaiting(sessionID: string): boolean
  monotonic(): number
}

/**
 * Nothing waits for a subagent for ever: aborts `deadline` when it takes too long, or when neither it nor a child of its
 * own was heard of for too long. While it waits for a person it is not late.
 * @returns ends the watch, and says why the child was ended, if it was
 */
export function watchChild(
  sessionID: string,
  { childMs, childQuietMs }: Pick<Limits, "childMs" | "childQuietMs">,
  deadline: AbortController,
  { listen, parentOf, isWaiting, monotonic }: Activity,
): () => string | undefined {
  const watch = { heard: monotonic(), due: monotonic() + childMs, why: undefined as string | undefined }
  /** Sessions at work for this one, itself among them: what waits there is no silence here. */
  const family = new Set([sessionID])

  const isOurs = (heard: string | undefined): boolean =>
    heard !== undefined && (family.has(heard) || isOurs(parentOf(heard)))
  const stopListening = listen((heard) => {
    if (heard === undefined || !isOurs(heard)) return
    family.add(heard)
    watch.heard = monotonic()
  })

  function check(): void {
    const now = monotonic()
    if ([...family].some(isWaiting)) {
      watch.heard = now
      watch.due = Math.max(watch.due, now + childQuietMs)
    }
    if (now >= watch.due) end(`It took longer than ${duration(childMs)}.`)
    else if (now - watch.heard >= childQuietMs) end(`Nothing was heard of it for ${duration(childQuietMs)}.`)
    else timer = setTimeout(check, Math.min(watch.due - now, watch.heard + childQuietMs - now))
  }
  function end(why: string): void {
    watch.why = why
    deadline.abort(fault("limit", why, { reason: "time" }))
  }
  let timer = setTimeout(check, Math.min(childMs, childQuietMs))

  return () => {
    clearTimeout(timer)
    stopListening()
    return watch.why
  }
}

const duration = (milliseconds: number): string =>
  milliseconds < 60_000 ? `${milliseconds / 1_000} s` : `${Math.round(milliseconds / 60_000)} min`
