import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { tokensOfMessage, tokensOfMessages } from "./estimate.ts"
import { promptUnderWay } from "./since-compaction.ts"

/** What a compaction keeps word for word and what it makes notes of. Pure. */
export interface Plan {
  /** What the notes are made of. */
  conversation: MessageWithParts[]
  /** The first message that is kept; absent when none is. */
  tailStart?: string
}

export interface PlanInput {
  /** What the model is shown at this moment (`sinceCompaction`). */
  view: MessageWithParts[]
  /** Estimated tokens of the system prompt and the tools. */
  fixed: number
  /** Tokens that a request may have; undefined when the window is not known. */
  room: number | undefined
  /** The settings `tail_turns` and `preserve_recent_tokens`. */
  tailTurns?: number | undefined
  preserve?: number | undefined
  /** A person asked for it: it is made, however little it saves. */
  isAsked: boolean
}

/** What was said last is what the work hangs on; two turns are the question at hand and the one it came from. */
const TAIL_TURNS = 2
/** A few answers with their results. More would leave the next compaction near. */
const PRESERVE_TOKENS = 8_000
const MAX_PRESERVE_SHARE = 0.25
/** A request has to become at least a fifth shorter; what saves less would be due again at once, and costs a request. */
export const MUST_SHRINK_TO = 0.8
/** What notes take at the least. */
const LEAST_NOTES = 300

/** @returns undefined when there is nothing to make notes of, or too little for it to help */
export function planCompaction(input: PlanInput): Plan | undefined {
  const { view, isAsked } = input
  const open = openPrompts(view)
  for (const start of [...new Set([tailStart(input, open), open])]) {
    const conversation = view.slice(0, start)
    const tail = view.slice(start)
    if (hasNews(conversation) && (isAsked || isWorthIt(conversation, tail, input)))
      return { conversation, ...(tail[0] ? { tailStart: tail[0].info.id } : {}) }
  }
  return isAsked && view.length ? { conversation: view } : undefined
}

/** Prompts that nothing was answered to yet stay, however long they are. */
const openPrompts = (view: MessageWithParts[]): number =>
  view.findLastIndex(({ info }) => info.role === "assistant") + 1

/** Notes of notes say nothing new. */
const hasNews = (conversation: MessageWithParts[]): boolean =>
  conversation.some(({ info }) => info.role === "assistant")

function tailStart({ view, room, preserve, tailTurns = TAIL_TURNS }: PlanInput, open: number): number {
  const most = preserve ?? Math.min(PRESERVE_TOKENS, (room ?? Infinity) * MAX_PRESERVE_SHARE)
  let [start, tokens, turns] = [open, 0, 0]
  for (let at = open - 1; at > 0 && turns < tailTurns; at--) {
    const message = view[at]
    if (!message || (tokens += tokensOfMessage(message)) > most) break
    start = at
    if (message.info.role === "user") turns++
  }
  return start
}

function isWorthIt(conversation: MessageWithParts[], tail: MessageWithParts[], { fixed }: PlanInput): boolean {
  const prompt = promptUnderWay([...conversation, ...tail])
  const kept = prompt && !tail.includes(prompt) ? [prompt, ...tail] : tail
  const before = fixed + tokensOfMessages([...conversation, ...tail])
  return fixed + tokensOfMessages(kept) + LEAST_NOTES <= before * MUST_SHRINK_TO
}
