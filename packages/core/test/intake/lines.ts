import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Conversation, Found } from "../../src/intake/source.ts"

/** A transcript, as the program that writes it would. */
export const jsonl = (lines: (object | string)[]): string =>
  lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line)) + "\n").join("")

/** Reads the n-th session of a source. */
export function readSession(found: Found | undefined): {
  conversation: Conversation
  told: string[]
  messages: MessageWithParts[]
} {
  const told: string[] = []
  const conversation = found?.read((problem) => told.push(problem))
  if (!conversation) throw new Error(`No conversation: ${told.join(" ")}`)
  return { conversation, told, messages: conversation.messageIDs.flatMap((id) => conversation.message(id) ?? []) }
}

/** What was said, a line for each part: for comparing at a glance. */
export const said = (messages: MessageWithParts[]): string[] =>
  messages.flatMap(({ info, parts }) =>
    parts.map((part) => {
      if (part.type === "text" || part.type === "reasoning") return `${info.role} ${part.type}: ${part.text}`
      if (part.type !== "tool") return `${info.role} ${part.type}`
      const { state } = part
      const result = state.status === "completed" ? state.output : state.status === "error" ? state.error : ""
      return `${info.role} ${part.tool} ${JSON.stringify(state.input)} ${state.status}: ${result}`
    }),
  )
