import type { Part } from "@opencode/protocol/part.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { fault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import type { Lease } from "../store/lease-store.ts"
import type { Store } from "../store/store.ts"
import type { Lanes } from "./lanes.ts"
import type { Publish } from "./record.ts"
import { requireMessage } from "./require.ts"
import type { Sessions } from "./sessions.ts"

/**
 * What a person takes out of a conversation or words anew. Only while nothing runs in it: a turn reads the history once
 * and would answer what is no longer there. What is left need not be a regular conversation; a request is compiled from
 * any history.
 */
export interface EditHistory {
  /** Removes a message with its parts. Answers to a prompt stay. @throws fault `busy`, `message_not_found`, `bad_request` */
  removeMessage(sessionID: string, messageID: string): Promise<void>
  /** @throws fault `busy`, `message_not_found`, `not_found`, `bad_request` */
  removePart(sessionID: string, messageID: string, partID: string): Promise<void>
  /** Replaces a part by another of its kind. @throws fault `busy`, `message_not_found`, `not_found`, `bad_request` */
  updatePart(part: Part): Promise<Part>
}

export interface EditHistoryDeps {
  store: Store
  host: Pick<Host, "now">
  publish: Publish
  lanes: Pick<Lanes, "exclusive">
  sessions: Pick<Sessions, "get">
  /** Told after each edit. */
  edited(sessionID: string): void
  /** Closes what a process that died left open. */
  recover(sessionID: string): Promise<void>
}

export function createEditHistory({
  store,
  host,
  publish,
  lanes,
  sessions,
  edited,
  recover,
}: EditHistoryDeps): EditHistory {
  async function alone<T>(sessionID: string, edit: (lease: Lease) => Promise<T>): Promise<T> {
    sessions.get(sessionID)
    await recover(sessionID)
    const result = await lanes.exclusive(sessionID, edit)
    edited(sessionID)
    return result
  }

  function partOf(sessionID: string, messageID: string, partID: string): Part {
    requireMessage(sessionID, messageID, store)
    const part = store.parts.get(partID)
    if (part?.messageID === messageID) return part
    throw fault("not_found", `Part not found: ${partID}`, { sessionID, messageID, partID })
  }

  return {
    async removeMessage(sessionID, messageID) {
      await alone(sessionID, (lease) =>
        store.turnWrite(lease, (tx) => {
          requireMessage(sessionID, messageID, store)
          assertNoPoint(sessions.get(sessionID), { messageID })
          store.messages.remove(tx, messageID)
        }),
      )
      publish("message.removed", { sessionID, messageID })
      publish("message.deleted", { sessionID, messageID })
    },

    async removePart(sessionID, messageID, partID) {
      await alone(sessionID, (lease) =>
        store.turnWrite(lease, (tx) => {
          partOf(sessionID, messageID, partID)
          assertNoPoint(sessions.get(sessionID), { messageID, partID })
          store.parts.remove(tx, partID)
        }),
      )
      publish("message.part.removed", { sessionID, messageID, partID })
    },

    async updatePart(part) {
      const { id, sessionID, messageID } = part
      await alone(sessionID, (lease) =>
        store.turnWrite(lease, (tx) => {
          assertReplaces(part, partOf(sessionID, messageID, id))
          store.parts.put(tx, part)
        }),
      )
      publish("message.part.updated", { sessionID, part, time: host.now() })
      return part
    },
  }
}

/** A revert is known by its point: without it, nobody could tell what is taken back, nor bring it back. */
function assertNoPoint({ id, revert }: Session, removed: { messageID: string; partID?: string }): void {
  if (revert?.messageID !== removed.messageID) return
  if (removed.partID !== undefined && removed.partID !== revert.partID) return
  throw fault("bad_request", `Session ${id} was taken back to this point. Take the revert back first, or go on.`)
}

function assertReplaces(part: Part, stored: Part): void {
  if (part.type !== stored.type) {
    throw fault("bad_request", `The part ${part.id} is of type ${stored.type} and cannot become ${part.type}.`)
  }
  // Nothing runs, so nothing would ever end it.
  if (part.type === "tool" && (part.state.status === "pending" || part.state.status === "running")) {
    throw fault("bad_request", `A call in a quiet session cannot be ${part.state.status}.`)
  }
}
