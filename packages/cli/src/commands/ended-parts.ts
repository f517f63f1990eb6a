import type { Event } from "@opencode/protocol/event.ts"
import type { Part } from "@opencode/protocol/part.ts"

/** Picks each part once, when there is nothing more to come of it. */
export function createEnds(): { learn(event: Event): void; isNew(part: Part): boolean } {
  const shown = new Set<string>()
  /** Messages with the notes of a compaction: what they say is no answer to anybody. */
  const notes = new Set<string>()
  return {
    learn({ type, properties }) {
      if (type !== "message.updated" || properties.info.role !== "assistant") return
      if (properties.info.summary) notes.add(properties.info.id)
    },
    isNew(part) {
      if (!isEnded(part) || shown.has(part.id) || (part.type === "text" && notes.has(part.messageID))) return false
      shown.add(part.id)
      return true
    },
  }
}

function isEnded(part: Part): boolean {
  // A prompt's own text has no times and is not part of the answer.
  if (part.type === "text" || part.type === "reasoning") return part.time?.end !== undefined
  if (part.type === "tool") return part.state.status === "completed" || part.state.status === "error"
  return part.type === "step-start" || part.type === "step-finish"
}
