import type { Store } from "../store/store.ts"
import { asFarAsPossible } from "./as-far-as-possible.ts"
import type { OpenRecords } from "./open-records.ts"
import { messageNotFound, requireSession } from "./require.ts"
import type { Sessions } from "./sessions.ts"
import { isCutShort } from "./undo-result.ts"

/**
 * What is shown of a conversation: its rows, with what is being written laid over them. Who reads the messages has
 * opened the session, so that what a crash left open in it is closed first.
 */
export type Reading = Pick<Sessions, "read" | "messages" | "messagesJson" | "message">

export interface ReadingDeps {
  store: Store
  records: Pick<OpenRecords, "shown">
  /** Closes what a process that died left open in the session. */
  recover(sessionID: string): Promise<void>
  /** Does to its end what a crash left half undone. */
  finishUndo(sessionID: string): Promise<void>
}

export function createReading({ store, records, recover, finishUndo }: ReadingDeps): Reading {
  async function open(sessionID: string): Promise<void> {
    requireSession(sessionID, store)
    await asFarAsPossible(recover(sessionID))
    await asFarAsPossible(finishUndo(sessionID))
  }

  return {
    async read(sessionID) {
      const session = requireSession(sessionID, store)
      if (!isCutShort(session)) return session
      // Not the whole recovery, which may go on with a prompt: who looks at a session has not opened it.
      await asFarAsPossible(finishUndo(sessionID))
      return requireSession(sessionID, store)
    },

    async messages(sessionID, page = {}) {
      await open(sessionID)
      return store.messages.list(sessionID, page).map(records.shown)
    },

    async messagesJson(sessionID) {
      await open(sessionID)
      return store.messages.listJson(sessionID, records.shown)
    },

    async message(sessionID, messageID) {
      await open(sessionID)
      const stored = store.messages.getWithParts(messageID)
      if (stored?.info.sessionID !== sessionID) throw messageNotFound(sessionID, messageID)
      return records.shown(stored)
    },
  }
}
