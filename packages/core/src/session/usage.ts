import type { Usage } from "@opencode/protocol/usage.ts"
import { fault } from "../lib/fault.ts"
import type { Store } from "../store/store.ts"

/** What sessions cost. */
export interface SessionUsage {
  /** The session's own requests, and those of the whole tree below it. @throws fault `session_not_found` */
  get(sessionID: string): Usage
}

export const createUsage = ({ sessions, ledger }: Pick<Store, "sessions" | "ledger">): SessionUsage => ({
  get(sessionID) {
    if (!sessions.get(sessionID)) throw fault("session_not_found", `Session not found: ${sessionID}`, { sessionID })
    return ledger.usage(sessionID)
  },
})
