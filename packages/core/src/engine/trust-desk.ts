import { TRUST, type Trust as TrustList, type TrustItem } from "@opencode/protocol/trust.ts"
import { trustID } from "../config/held-item.ts"
import { fault } from "../lib/fault.ts"
import type { Log } from "../lib/log.ts"
import type { Gate } from "../permission/gate.ts"
import type { Bound, Trust } from "../permission/trust.ts"
import type { TurnSeat } from "../session/lane.ts"
import type { Store } from "../store/store.ts"
import { isInside } from "../workspace/paths.ts"
import type { Settings } from "./generations.ts"

/** What a person can do about the trust in one folder. */
export interface TrustDesk {
  /**
   * Before a turn starts: asks for what the folder's settings want and nobody has answered yet, all of it in one
   * question, which any client can show. No answer lets more happen than was shown, and no answer stops the prompt.
   */
  ask(seat: Pick<TurnSeat, "sessionID" | "signal">): Promise<void>
  /** Whether a provider waits for an answer that nobody has given yet. */
  mayCome(providerID: string): boolean
  /** Everything of the folder that needs a person's word, as it is on disk now. */
  list(): Promise<TrustList>
  /** For good. @throws fault `not_found` for an id that the list does not have: what was shown has changed since */
  approve(ids: readonly string[]): Promise<TrustList>
  /** Takes approvals back. @param id absent: all of this folder */
  remove(id?: string): Promise<TrustList>
}

export interface TrustDeskDeps {
  trust: Trust
  settings: Pick<Settings, "current" | "reload" | "fresh">
  gate: Pick<Gate, "ask" | "list" | "reply">
  store: Pick<Store, "sessions">
  log: Pick<Log, "warn">
  directory: string
  /** The folder of its repository. */
  worktree: string
  /** Whether some client would hear the question. Nobody there to answer means no. */
  hasListener(sessionID: string): Promise<boolean>
}

/** What a person can be shown in one question; the rest is for the next one. Nobody's repository has as much. */
const MAX_ITEMS = 100
const MAX_CHARACTERS = 100_000

function shownAtOnce(items: readonly TrustItem[]): TrustItem[] {
  let characters = 0
  return items.slice(0, MAX_ITEMS).filter(({ summary }) => (characters += summary.length) <= MAX_CHARACTERS)
}

export function createTrustDesk(deps: TrustDeskDeps): TrustDesk {
  const { trust, settings, gate, store, log, directory, worktree, hasListener } = deps

  const unanswered = (): TrustItem[] =>
    settings.current().config.trust.pending.filter((item) => trust.stateOf(item) === "pending")

  /** Who waits with a question that has its answer now goes on. */
  function settleOthers(): void {
    for (const { id, permission, metadata } of gate.list()) {
      if (permission !== TRUST) continue
      const items = metadata.items as TrustItem[] // made below
      if (items.every(trust.allows)) gate.reply(id, { reply: "once" })
    }
  }

  async function list(): Promise<TrustList> {
    const { config } = await settings.fresh()
    const items = config.trust.items.map((item) => ({ ...item, state: trust.stateOf(item) }))
    return { directory, all: trust.all, items }
  }

  const isOfThisFolder = ({ folder }: Bound): boolean =>
    isInside(worktree, folder) && (isInside(folder, directory) || isInside(directory, folder))

  return {
    list,
    mayCome: (providerID) => unanswered().some(({ kind, path }) => kind === "provider" && path[1] === providerID),

    async ask({ sessionID, signal }) {
      // A subagent works for somebody who was asked.
      if (store.sessions.get(sessionID)?.parentID !== undefined) return
      const items = shownAtOnce(unanswered())
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
    },

    async approve(ids) {
      const { items } = await list()
      const meant = ids.map((id) => {
        const item = items.find((one) => one.id === id)
        if (item) return item
        throw fault("not_found", `There is nothing ${id} to approve: what the list showed has changed since.`, { id })
      })
      await trust.approve(meant)
      await settings.reload()
      settleOthers()
      return list()
    },

    async remove(id) {
      await trust.remove((one) => isOfThisFolder(one) && (id === undefined || trustID(one.folder, one.hash) === id))
      await settings.reload()
      return list()
    },
  }
}
