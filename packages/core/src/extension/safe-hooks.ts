import { toolFailure } from "../lib/fault.ts"
import type { Log } from "../lib/log.ts"
import type { Hooks } from "./hooks.ts"

/** The hooks as a turn calls them: one that is missing does nothing, one that throws is logged and skipped. */
export function safeHooks(given: Partial<Hooks>, log: Log): Hooks {
  const safe =
    <Facts extends unknown[]>(name: keyof Hooks, hook: ((...facts: Facts) => Promise<void>) | undefined) =>
    async (...facts: Facts): Promise<void> => {
      try {
        await hook?.(...facts)
      } catch (error) {
        log.error("an extension failed", { hook: name, error })
      }
    }
  return {
    chatMessage: safe("chatMessage", given.chatMessage),
    chatParams: safe("chatParams", given.chatParams),
    chatHeaders: safe("chatHeaders", given.chatHeaders),
    // Its throw is an answer: the call is blocked, and the model hears why.
    async toolBefore(...facts) {
      try {
        await given.toolBefore?.(...facts)
      } catch (error) {
        throw toolFailure(error instanceof Error ? error.message : String(error))
      }
    },
    toolAfter: safe("toolAfter", given.toolAfter),
    shellEnv: safe("shellEnv", given.shellEnv),
    messagesTransform: safe("messagesTransform", given.messagesTransform),
    systemTransform: safe("systemTransform", given.systemTransform),
    textComplete: safe("textComplete", given.textComplete),
    compacting: safe("compacting", given.compacting),
    permissionAsk: safe("permissionAsk", given.permissionAsk),
    event: safe("event", given.event),
  }
}
