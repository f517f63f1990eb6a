import type { Usage } from "@opencode/protocol/usage.ts"
import type { Store } from "../store/store.ts"
import { requireSession } from "./require.ts"

/** What sessions cost. */
export interface SessionUsage {
  /** The session's own requests, and those of the whole tree below it. @throws fault `session_not_found` */
  get(sessionID: string): Usage
}

export const createUsage = (store: Pick<Store, "sessions" | "ledger">): SessionUsage => ({
  get: (sessionID) => store.ledger.usage(requireSession(sessionID, store).id),
})
