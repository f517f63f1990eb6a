import type { EventProperties, EventType } from "@opencode/protocol/event.ts"
import type { AssistantMessage } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { Host } from "../lib/host.ts"
import type { Lease } from "../store/lease-store.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"
import type { WriteOptions } from "../store/writer.ts"
import { createDeltas } from "./deltas.ts"
import { createRecordSaves, QUICK } from "./record-saves.ts"
import { isTextLike } from "./text-like.ts"

/**
 * One answer of the model while it is being written. Clients hear of every change at once; the store at durable points.
 *
 * Parts are replaced, never changed: a published part stays as it was. Text streams as deltas (`deltas.ts`), of
 * which the store gets checkpoints (`record-saves.ts`). Reads overlay the open record (`open-records.ts`).
 */
export interface StepRecord {
  readonly message: AssistantMessage
  readonly parts: Part[]
  update(change: Partial<AssistantMessage>): void
  /** Notes the hash of the prompts that the answer is made with; stored with the next commit. */
  madeWith(prompts: string): void
  /** Adds a part, or replaces the one with its id. */
  put(part: Part): void
  /** Replaces a part without telling anybody: what a half-written call looks like matters to readers and crashes only. */
  hold(part: Part): void
  /** Adds to the text of an open text or reasoning part. */
  append(partID: string, delta: string): void
  /** Publishes the delta that is still being gathered: whoever reads the parts next has all that was published, no more. */
  flush(): void
  /** Takes back everything after the first `keep` parts: a failed attempt, before it is made again. */
  discard(keep: number): void
  /** Stores what changed, and whatever belongs to the same durable point, in one transaction. Survives a power cut. */
  commit(also: (tx: Tx) => void): Promise<void>
  /** The last commit: the message as it stays. Announces it with its parts. */
  complete(change: Partial<AssistantMessage>, also?: (tx: Tx) => void): Promise<void>
}

export type Publish = <Type extends EventType>(type: Type, properties: EventProperties<Type>) => void

export interface RecordDeps {
  store: Store
  host: Pick<Host, "now" | "monotonic">
  publish: Publish
}

/**
 * Inserts the message row, so that its place in the order is fixed, and announces it.
 * @param isCurrent asked inside the transaction; when it says no, nothing is written and there is no record
 */
export async function openRecord(
  message: AssistantMessage,
  lease: Lease,
  deps: RecordDeps,
  isCurrent: () => boolean = () => true,
): Promise<StepRecord | undefined> {
  const { store, publish } = deps
  const insert = (tx: Tx): boolean => isCurrent() && store.messages.put(tx, message) > 0
  if (!(await store.turnWrite(lease, insert, QUICK))) return undefined
  publish("message.created", { sessionID: message.sessionID, info: message })
  publish("message.updated", { sessionID: message.sessionID, info: message })
  return recordOf(message, lease, deps)
}

function recordOf(message: AssistantMessage, lease: Lease, { store, host, publish }: RecordDeps): StepRecord {
  const { sessionID, id: messageID } = message
  let info = message
  let prompts: string | undefined
  const parts = new Map<string, Part>()
  const saves = createRecordSaves({ store, host, lease, parts })
  const deltas = createDeltas({
    host,
    send: (partID, delta) => publish("message.part.delta", { sessionID, messageID, partID, field: "text", delta }),
  })

  function hold(part: Part): void {
    parts.set(part.id, part)
    saves.changed(part.id)
  }

  async function commit(also?: (tx: Tx) => void, options?: WriteOptions): Promise<void> {
    deltas.flush()
    await saves.settled()
    await saves.commit({ message: info, prompts, also }, options)
  }

  return {
    get message() {
      return info
    },
    get parts() {
      return [...parts.values()]
    },

    update(change) {
      deltas.flush()
      info = { ...info, ...change }
      publish("message.updated", { sessionID, info })
    },

    madeWith: (hash) => void (prompts = hash),

    put(part) {
      deltas.flush()
      hold(part)
      publish("message.part.updated", { sessionID, part, time: host.now() })
    },

    hold,

    append(partID, delta) {
      const part = parts.get(partID)
      if (!isTextLike(part) || !delta) return
      hold({ ...part, text: part.text + delta })
      deltas.add(partID, delta)
      saves.checkpoint(partID)
    },

    flush: deltas.flush,

    discard(keep) {
      deltas.flush()
      for (const { id: partID } of [...parts.values()].slice(keep)) {
        parts.delete(partID)
        saves.removed(partID)
        publish("message.part.removed", { sessionID, messageID, partID })
      }
    },

    commit: (also) => commit(also),

    async complete(change, also) {
      info = { ...info, ...change }
      await commit(also, QUICK)
      publish("message.updated", { sessionID, info, parts: [...parts.values()] })
    },
  }
}
