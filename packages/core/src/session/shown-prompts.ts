import type { MessageWithParts } from "@opencode/protocol/message.ts"

/**
 * Which prompts the answers of a history know: those up to the one that the newest of them names, and each that one of
 * them names. Not their places decide, because a turn that is aborted ends behind prompts that came afterwards. Pure.
 */
export function shownPrompts(history: MessageWithParts[]): Set<string> {
  const parents = history.flatMap(({ info }) => (info.role === "assistant" ? [info.parentID] : []))
  const last = history.findLastIndex(({ info }) => info.role === "assistant")
  const named = history.findLastIndex(({ info }) => info.id === parents.at(-1))
  // The prompt was taken out of the conversation: then all before the answer counts.
  const end = named < 0 ? last : named
  return new Set([...parents, ...history.slice(0, end + 1).map(({ info }) => info.id)])
}
