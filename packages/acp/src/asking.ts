import type { Family } from "./family.ts"
import type { OpenSession } from "./open-session.ts"

/**
 * What the client is being asked. Each thing is asked once, in the session that the client knows; it is withdrawn when it
 * has its answer from somebody else, or needs none any more, and then whatever the client still says changes nothing.
 */
export interface Asking {
  /** @param act asks; not called when the client has no session that this belongs to */
  begin(asked: Asked, act: (place: Place) => Promise<void>): void
  withdraw(requestID: string): void
  /** Everything of one session. */
  withdrawOf(session: OpenSession): void
  /** Everything; nothing is asked any more. */
  close(): void
}

/** Where it is asked, and until when. */
export interface Place {
  session: OpenSession
  signal: AbortSignal
}

interface Asked {
  id: string
  sessionID: string
}

interface Open {
  stop: AbortController
  session?: OpenSession
}

export function createAsking({ family, note }: { family: Family; note(text: string): void }): Asking {
  const open = new Map<string, Open>()
  const closing = new AbortController()

  async function ask({ sessionID }: Asked, own: Open, act: Parameters<Asking["begin"]>[1]): Promise<void> {
    const session = await family.rootOf(sessionID)
    if (!session || own.stop.signal.aborted) return
    own.session = session
    await act({ session, signal: own.stop.signal })
  }

  return {
    begin(asked, act) {
      if (open.has(asked.id) || closing.signal.aborted) return
      const own: Open = { stop: new AbortController() }
      open.set(asked.id, own)
      ask(asked, own, act)
        .catch((error: unknown) => {
          if (own.stop.signal.aborted) return
          note(`${asked.id}: ${error instanceof Error ? error.message : String(error)}`)
        })
        .finally(() => open.delete(asked.id))
    },
    withdraw: (requestID) => open.get(requestID)?.stop.abort(),
    withdrawOf(session) {
      for (const own of open.values()) if (own.session === session) own.stop.abort()
    },
    close() {
      closing.abort()
      for (const { stop } of open.values()) stop.abort()
    },
  }
}
