import type { Message } from "@opencode/protocol/message.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { fault, type Fault } from "../lib/fault.ts"
import type { Store } from "../store/store.ts"

/** What somebody names by its id has to be there. @throws fault `session_not_found` */
export function requireSession(sessionID: string, { sessions }: Pick<Store, "sessions">): Session {
  const session = sessions.get(sessionID)
  if (!session) throw sessionNotFound(sessionID)
  return session
}

export const sessionNotFound = (sessionID: string): Fault =>
  fault("session_not_found", `Session not found: ${sessionID}`, { sessionID })

/** @throws fault `message_not_found`, also for a message of another session */
export function requireMessage(sessionID: string, messageID: string, { messages }: Pick<Store, "messages">): Message {
  const message = messages.get(messageID)
  if (message?.sessionID !== sessionID) throw messageNotFound(sessionID, messageID)
  return message
}

export const messageNotFound = (sessionID: string, messageID: string): Fault =>
  fault("message_not_found", `Message not found: ${messageID}`, { sessionID, messageID })
