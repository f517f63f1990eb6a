import type { Session } from "@opencode/protocol/session.ts"
import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { limited } from "./limited.ts"
import type { OpenSession } from "./open-session.ts"

/** Which of the client's sessions a session belongs to: itself, or the one whose subagent it is, at any depth. */
export interface Family {
  learn(session: Session): void
  rootOf(sessionID: string): Promise<OpenSession | undefined>
}

/** Far more than one client's sessions ever have at work. */
const MAX_KNOWN = 1_000
/** Subagents of subagents: deeper than anything that is allowed. */
const MAX_DEPTH = 32

export function createFamily(client: OpencodeClient, open: ReadonlyMap<string, OpenSession>): Family {
  const parents = limited<string, string | undefined>(MAX_KNOWN)
  const learn = ({ id, parentID }: Session): void => parents.set(id, parentID)

  async function parentOf(sessionID: string): Promise<string | undefined> {
    if (parents.has(sessionID)) return parents.get(sessionID)
    const { data } = await client.session.get({ sessionID }) // none: it was deleted meanwhile
    if (data) learn(data as Session)
    return data?.parentID
  }

  return {
    learn,
    async rootOf(sessionID) {
      const asked: string[] = []
      let id: string | undefined = sessionID
      for (let depth = 0; id !== undefined && depth < MAX_DEPTH; depth++) {
        const session = open.get(id)
        if (session) return session
        asked.push(id)
        id = await parentOf(id)
      }
      // While it was looked up the client may have opened one of them.
      return asked.map((known) => open.get(known)).find((session) => session !== undefined)
    },
  }
}
