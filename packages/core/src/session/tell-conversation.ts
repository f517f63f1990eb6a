import type { Host } from "../lib/host.ts"
import type { Store } from "../store/store.ts"
import type { Publish } from "./record.ts"

export interface TellDeps {
  store: Store
  host: Pick<Host, "now">
  publish: Publish
}

/** Between two looks at the clients: a portion fits into what waits for one of them. */
const PORTION = 20

/**
 * Tells of a conversation that came to be as a whole, by a copy or from a file, so that clients which follow the events
 * know it without reading it. Each message is told as it is at that moment, and not any more when it is gone.
 */
export async function tellConversation(sessionID: string, { store, host, publish }: TellDeps): Promise<void> {
  const todos = store.todos.get(sessionID)
  if (todos.length > 0) publish("todo.updated", { sessionID, todos })
  const ids = store.copies.messages(sessionID).map(({ id }) => id)
  for (const [index, id] of ids.entries()) {
    if (index % PORTION === PORTION - 1) await new Promise(setImmediate)
    const message = store.messages.getWithParts(id)
    if (!message) continue
    publish("message.updated", { sessionID, info: message.info })
    for (const part of message.parts) publish("message.part.updated", { sessionID, part, time: host.now() })
  }
}
