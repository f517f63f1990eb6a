import type { Message } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"

/**
 * Answers from elsewhere as ones that were broken off: nothing of an imported session runs, so nothing would ever end
 * what is open in it. Pure.
 * @param why a sentence for people and the model
 */
export function settledMessage(info: Message, why: string): Message {
  if (info.role === "user" || info.time.completed !== undefined) return info
  const error = info.error ?? { name: "MessageAbortedError" as const, data: { message: why } }
  return { ...info, error, time: { ...info.time, completed: info.time.created } }
}

export function settledPart(part: Part, why: string): Part {
  if (part.type === "text" || part.type === "reasoning") {
    return part.time && part.time.end === undefined ? { ...part, time: { ...part.time, end: part.time.start } } : part
  }
  if (part.type !== "tool" || (part.state.status !== "pending" && part.state.status !== "running")) return part
  const start = part.state.status === "running" ? part.state.time.start : 0
  const { input } = part.state
  const metadata = { interrupted: true }
  return { ...part, state: { status: "error", input, error: why, metadata, time: { start, end: start } } }
}
