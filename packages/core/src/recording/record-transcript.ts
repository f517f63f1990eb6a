import { createHash } from "node:crypto"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { Frame } from "../bus/bus.ts"
import type { Store } from "../store/store.ts"
import type { Happening } from "./entry.ts"
import { openHeaders } from "./http.ts"

/** Notes what became of each session: a message as soon as it stands, and again when it is changed later. */
export function recordTranscript(store: Store, write: (happening: Happening) => void) {
  const dirty = new Map<string, string>()
  const sessions = new Set<string>()
  /** By id, a hash of what was written last. */
  const written = new Map<string, string>()

  function once(id: string, happening: Happening): void {
    const hash = createHash("sha256").update(JSON.stringify(happening)).digest("base64")
    if (written.get(id) === hash) return
    written.set(id, hash)
    write(happening)
  }

  function writeMessage(messageID: string): void {
    dirty.delete(messageID)
    const message = store.messages.getWithParts(messageID)
    once(messageID, message ? { k: "message", message: shown(message) } : { k: "gone", messageID })
  }

  function writeAll(sessionID?: string): void {
    for (const [messageID, owner] of dirty) if (sessionID === undefined || owner === sessionID) writeMessage(messageID)
    for (const id of sessions) {
      if (sessionID !== undefined && id !== sessionID) continue
      sessions.delete(id)
      const info = store.sessions.get(id)
      if (info) once(id, { k: "session", info })
    }
  }

  return {
    frame({ type, properties }: Frame): void {
      const { sessionID, info, messageID, part } = properties as {
        sessionID?: string
        info?: { id: string; role?: string; time?: { completed?: number } }
        messageID?: string
        part?: { messageID: string }
      }
      if (sessionID === undefined) return
      if (type === "session.updated" || type === "session.created") sessions.add(sessionID)
      else if (type === "session.idle") writeAll(sessionID)
      else if (type.startsWith("message.")) {
        const id = part?.messageID ?? messageID ?? info?.id
        if (id !== undefined) dirty.set(id, sessionID)
        if (type === "message.created" && info?.role === "assistant") write({ k: "opened", messageID: info.id })
        // Whatever ends the process later, these stand.
        if (info && (info.role === "user" || info.time?.completed !== undefined)) writeMessage(info.id)
      }
    },
    writeAll,
  }
}

function shown({ info, parts }: MessageWithParts): MessageWithParts {
  if (info.role !== "assistant" || info.error?.name !== "APIError" || !info.error.data.responseHeaders)
    return { info, parts }
  const data = { ...info.error.data, responseHeaders: openHeaders(Object.entries(info.error.data.responseHeaders)) }
  return { info: { ...info, error: { ...info.error, data } }, parts }
}

/** A session that was there before, with all that belongs to it, oldest first. */
export function* standing(
  store: Store,
  sessionID: string,
): Iterable<{ session: Session; messages: MessageWithParts[] }> {
  let root = store.sessions.get(sessionID)
  while (root?.parentID !== undefined) {
    const parent = store.sessions.get(root.parentID)
    if (!parent) break
    root = parent
  }
  const waiting = root ? [root] : []
  for (let session = waiting.shift(); session; session = waiting.shift()) {
    yield { session, messages: store.messages.list(session.id) }
    waiting.push(...store.sessions.children(session.id))
  }
}
