import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { StepRecord } from "./record.ts"
import { isTextLike } from "./text-like.ts"

/** The records that are open in this process, by session: what reads lay over the stored rows. */
export interface OpenRecords {
  add(record: StepRecord): void
  remove(record: StepRecord): void
  /** A stored message, or what it is by now while it is still being written. */
  shown(stored: MessageWithParts): MessageWithParts
  /** Parts that are still being written: what a client that just connected needs to follow their deltas. */
  openParts(): Part[]
}

export function createOpenRecords(): OpenRecords {
  const records = new Map<string, StepRecord>()
  return {
    add: (record) => void records.set(record.message.id, record),
    remove: (record) => void records.delete(record.message.id),
    shown(stored) {
      const record = records.get(stored.info.id)
      record?.flush()
      return record?.message.sessionID === stored.info.sessionID
        ? { info: record.message, parts: record.parts }
        : stored
    },
    openParts: () =>
      [...records.values()].flatMap((record) => {
        record.flush()
        return record.parts.filter(isOpen)
      }),
  }
}

function isOpen(part: Part): boolean {
  if (part.type === "tool") return part.state.status === "pending" || part.state.status === "running"
  return isTextLike(part) && part.time !== undefined && part.time.end === undefined
}
