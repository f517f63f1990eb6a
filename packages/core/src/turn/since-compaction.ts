import type { AssistantMessage, MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import { notesOf } from "./compaction.prompt.ts"

/**
 * What a model is shown of a history that was compacted: the notes, the prompt that was being worked on, the tail that
 * was kept word for word, and all that came later. Pure and total: a compaction without finished notes changes nothing,
 * of several the last finished one counts, and a tail that is not there is empty.
 *
 * Each step of the walk only adds to the view or replaces it by one that begins with notes, so that between two
 * compactions what was shown stays the start of what is shown next. Its own result goes through unchanged.
 */
export function sinceCompaction(messages: MessageWithParts[]): MessageWithParts[] {
  let view: MessageWithParts[] = []
  let notes: MessageWithParts | undefined
  /** Compactions that were asked for, to their place in the view. */
  const asked = new Map<string, number>()
  for (const message of messages) {
    const at = message.info.role === "assistant" && message.info.summary ? asked.get(message.info.parentID) : undefined
    if (at === undefined) {
      if (isCompaction(message)) asked.set(message.info.id, view.length)
      view.push(message)
      continue
    }
    const text = finishedNotes(message)
    const request = view[at]
    if (text === undefined || !request) continue
    const before = view.slice(0, at).filter((one) => one !== notes && !isCompaction(one))
    const tail = tailOf(before, request)
    const prompt = promptUnderWay(before)
    notes = notesFrom(message, request, text)
    view = [notes, ...(prompt && !tail.includes(prompt) ? [prompt] : []), ...tail, ...view.slice(at + 1)]
    asked.clear()
  }
  return view
}

/** The message that asks for a compaction. */
export const isCompaction = ({ info, parts }: MessageWithParts): boolean =>
  info.role === "user" && parts.some((part) => part.type === "compaction")

/** The text of a summary that counts; undefined of one that failed, was cut off by an end of the turn, or says nothing. */
export function finishedNotes({ info, parts }: MessageWithParts): string | undefined {
  if (info.role !== "assistant" || info.error || info.time.completed === undefined) return undefined
  const text = parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("\n")
  return text.trim() ? text : undefined
}

/**
 * The prompt whose work is not over: the model gets it word for word, because notes are no order. Absent when the last
 * answer was a final one.
 */
export function promptUnderWay(messages: MessageWithParts[]): (MessageWithParts & { info: UserMessage }) | undefined {
  const last = messages.at(-1)
  if (!last || (last.info.role === "assistant" && isFinal(last.info))) return undefined
  return messages.findLast(isPrompt)
}

const isPrompt = (message: MessageWithParts): message is MessageWithParts & { info: UserMessage } =>
  message.info.role === "user"

const isFinal = ({ finish, error }: AssistantMessage): boolean => error !== undefined || finish !== "tool-calls"

function tailOf(before: MessageWithParts[], { parts }: MessageWithParts): MessageWithParts[] {
  const start = parts.find((part) => part.type === "compaction")?.tail_start_id
  const at = start === undefined ? -1 : before.findIndex(({ info }) => info.id === start)
  return at < 0 ? [] : before.slice(at)
}

/** By the summary: the same one becomes the same value, so that what was compiled of it holds. */
const made = new WeakMap<MessageWithParts, MessageWithParts>()

function notesFrom(summary: MessageWithParts, request: MessageWithParts, text: string): MessageWithParts {
  const notes = made.get(summary) ?? asNotes(request, text)
  made.set(summary, notes)
  return notes
}

function asNotes({ info, parts }: MessageWithParts, text: string): MessageWithParts {
  const id = parts[0]?.id ?? info.id
  return {
    info,
    parts: [{ id, sessionID: info.sessionID, messageID: info.id, type: "text", synthetic: true, text: notesOf(text) }],
  }
}
