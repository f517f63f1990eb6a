import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { Store } from "../store/store.ts"
import type { OpenRecords } from "./open-records.ts"
import { sanitizedMessage, sanitizedSession } from "./sanitize.ts"
import type { Sessions } from "./sessions.ts"

export interface ExportDeps {
  store: Store
  records: Pick<OpenRecords, "shown">
  sessions: Pick<Sessions, "get">
}

/** A conversation as it is read: the session at once, its messages one after the other. */
export interface Exported {
  info: Session
  messages: Iterable<MessageWithParts>
}

export type ExportSession = ReturnType<typeof createExport>

export function createExport({ store, records, sessions }: ExportDeps) {
  function* messagesOf(sessionID: string): Generator<MessageWithParts> {
    for (const id of store.messages.ids(sessionID)) {
      const stored = store.messages.getWithParts(id)
      // Removed since the list was made.
      if (stored) yield records.shown(stored)
    }
  }

  /**
   * The conversation as it is at this moment. Nobody opens the session by it: a prompt that was never begun is not
   * answered, and what a crash left open is closed where it is imported.
   * @throws fault `session_not_found`
   */
  return (sessionID: string, { sanitize = false }: { sanitize?: boolean | undefined } = {}): Exported => {
    const info = sessions.get(sessionID)
    const messages = messagesOf(sessionID)
    if (!sanitize) return { info, messages }
    return { info: sanitizedSession(info), messages: mapped(messages) }
  }
}

function* mapped(messages: Iterable<MessageWithParts>): Generator<MessageWithParts> {
  for (const message of messages) yield sanitizedMessage(message)
}

/** The same as JSON, in pieces of a message each, a line for each: however long the session, one message is in memory. */
export function* jsonOf({ info, messages }: Exported): Generator<string> {
  yield `{"info":${JSON.stringify(info)},\n"messages":[`
  let gap = "\n"
  for (const message of messages) {
    yield gap + JSON.stringify(message)
    gap = ",\n"
  }
  yield "\n]}\n"
}
