import type { Agent } from "@opencode/protocol/agent.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { ModelRef } from "@opencode/protocol/model-ref.ts"
import { fault } from "../lib/fault.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { Host } from "../lib/host.ts"
import type { Models } from "../model/resolve.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"
import { compactionMessage } from "./compaction-message.ts"
import type { Lanes } from "./lanes.ts"
import type { Publish } from "./record.ts"
import { requireSession } from "./require.ts"
import { tellMessage } from "./tell-message.ts"

/** Compactions that a person asks for. */
export interface Compactions {
  /**
   * Accepts the wish like a prompt: it survives a crash, and a busy session meets it at its next step.
   * @returns whether there are notes now; false for a session in which nothing was said
   * @throws fault `session_not_found`, `model_not_found`, `agent_not_found`, `busy`
   */
  summarize(sessionID: string, input: ModelRef & { auto?: boolean | undefined }): Promise<boolean>
}

export interface CompactionsDeps {
  store: Store
  host: Pick<Host, "id" | "now">
  lanes: Pick<Lanes, "admit">
  publish: Publish
  recover(sessionID: string): Promise<void>
  models: Pick<Models, "settle">
  agents: { get(name: string): Agent | undefined }
}

export function createCompactions(deps: CompactionsDeps): Compactions {
  const { store, host, lanes } = deps
  return {
    async summarize(sessionID, { auto = false, ...ref }) {
      requireSession(sessionID, store)
      const { variant: _, ...model } = deps.models.settle(ref)
      if (!deps.agents.get("compaction")) throw fault("agent_not_found", `The agent "compaction" is switched off.`)
      await deps.recover(sessionID)
      const messages = standing(store.messages.list(sessionID), store.sessions.get(sessionID)?.revert)
      const prompt = messages.findLast(({ info }) => info.role === "user")?.info
      if (prompt?.role !== "user" || !messages.some(({ info }) => info.role === "assistant")) return false

      const wish = compactionMessage({ sessionID, agent: prompt.agent, model, part: { auto } }, host)
      const { info } = wish
      const { answer } = await lanes.admit(sessionID, {
        wantsAnswer: true,
        write(tx): MessageWithParts {
          store.messages.put(tx, info)
          for (const part of wish.parts) store.parts.put(tx, part)
          store.inbox.admit(tx, { sessionID, messageID: info.id, options: null, admitted: host.now() })
          return wish
        },
        announce: (message) => tellMessage(message, deps),
      })
      await answer
      return store.messages
        .list(sessionID)
        .some(({ info: one }) => one.role === "assistant" && one.parentID === info.id && one.summary && !one.error)
    },
  }
}

/** Without what was taken back: the wish makes that final. */
function standing(messages: MessageWithParts[], revert: Session["revert"]): MessageWithParts[] {
  const point = messages.findIndex(({ info }) => info.id === revert?.messageID)
  return point < 0 ? messages : messages.slice(0, revert?.partID === undefined ? point : point + 1)
}

/** A compaction that its process did not survive is over. */
export function stopCompacting(tx: Tx, sessionID: string, { sessions }: Pick<Store, "sessions">): void {
  const session = sessions.get(sessionID)
  if (session?.time.compacting === undefined) return
  const { compacting: _, ...time } = session.time
  sessions.replace(tx, { ...session, time })
}
