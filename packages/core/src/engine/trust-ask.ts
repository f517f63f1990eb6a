import { TRUST, type TrustItem } from "@opencode/protocol/trust.ts"
import type { Log } from "../lib/log.ts"
import type { Gate } from "../permission/gate.ts"
import type { Trust } from "../permission/trust.ts"
import type { TurnSeat } from "../session/lane.ts"
import type { Store } from "../store/store.ts"
import type { Settings } from "./generations.ts"

/**
 * Asks, before a turn starts, for what the folder's settings want and nobody has answered yet: all of it in one
 * question, which any client can show. No answer lets more happen than was shown, and no answer stops the prompt.
 */
export interface TrustAskDeps {
  trust: Trust
  settings: Pick<Settings, "current" | "reload">
  gate: Pick<Gate, "ask" | "list" | "reply">
  store: Pick<Store, "sessions">
  log: Pick<Log, "warn">
  directory: string
  /** Whether some client would hear the question. Nobody there to answer means no. */
  hasListener(sessionID: string): Promise<boolean>
}

export type AskForTrust = (seat: Pick<TurnSeat, "sessionID" | "signal">) => Promise<void>

export function createTrustAsk({
  trust,
  settings,
  gate,
  store,
  log,
  directory,
  hasListener,
}: TrustAskDeps): AskForTrust {
  const unanswered = (): TrustItem[] =>
    settings.current().config.trust.pending.filter((item) => trust.stateOf(item) === "pending")

  /** Who waits with the same question elsewhere has its answer now. */
  function settleOthers(): void {
    const open = new Set(unanswered().map(({ id }) => id))
    for (const { id, permission, metadata } of gate.list()) {
      if (permission !== TRUST) continue
      const items = metadata.items as TrustItem[] // made below
      if (!items.some((item) => open.has(item.id))) gate.reply(id, { reply: "once" })
    }
  }

  return async ({ sessionID, signal }) => {
    // A subagent works for somebody who was asked.
    if (store.sessions.get(sessionID)?.parentID !== undefined) return
    const items = unanswered()
    if (items.length === 0 || !(await hasListener(sessionID))) return
    const patterns = items.map(({ summary }) => summary)
    const { reply } = await gate.ask({
      sessionID,
      signal,
      ask: { permission: TRUST, patterns, always: patterns, metadata: { directory, items } },
    })
    if (reply === "reject") {
      // The end of the turn is nobody's word.
      if (!signal.aborted) trust.reject(items)
      return
    }
    trust.allowOnce(items)
    // What cannot be kept holds for now all the same: the person has said yes.
    if (reply === "always")
      await trust.approve(items).catch((error: unknown) => log.warn("an approval could not be kept", { error }))
    await settings.reload()
    settleOthers()
  }
}
