import type { EndReason } from "@opencode/protocol/end-reason.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { Rejection, toolFailure, type ToolFailure } from "../lib/fault.ts"
import type { ChildState } from "../store/child-store.ts"

/** What came of asking a child. */
export interface Ended {
  answer?: MessageWithParts | undefined
  error?: unknown
}

export interface Verdict {
  state: ChildState
  text?: string
  /** One sentence, for the model that waits. Absent: there is a result. */
  error?: string
  isRejection?: boolean
}

/** How a run ended, from its last message and from what ended it. Pure. */
export function verdictOn(
  { answer, error }: Ended,
  { late, isAborted }: { late: string | undefined; isAborted: boolean },
): Verdict {
  const message = answer?.info.role === "assistant" ? answer.info : undefined
  const { endReason = "error", error: why } = message ?? {}
  if (answer && !why && FINISHED.has(endReason)) {
    const said = answer.parts.findLast((part) => part.type === "text" && part.text.trim())
    return { state: endReason === "steps" ? "limit" : "completed", text: said?.type === "text" ? said.text : NOTHING }
  }
  if (late !== undefined) return { state: "deadline", error: late }
  if (isAborted) return { state: LIMITS.has(endReason) ? "limit" : "aborted", error: "Tool execution aborted." }
  if (endReason === "aborted") return { state: "aborted", error: "The user stopped it." }
  if (endReason === "rejected")
    return { state: "failed", error: "The user rejected what it asked for.", isRejection: true }
  if (why) return { state: LIMITS.has(endReason) ? "limit" : "failed", error: why.data.message ?? why.name }
  return { state: "failed", error: error instanceof Error ? error.message : "It gave no answer." }
}

/** Ends with a last word. */
const FINISHED: ReadonlySet<EndReason> = new Set<EndReason>(["stop", "steps"])
const LIMITS: ReadonlySet<EndReason> = new Set<EndReason>(["steps", "tokens", "cost", "time"])
const NOTHING = "(The subagent ended without a word.)"

/** What the model that waits hears of it, with the name by which it can go on. */
export function failureOf(
  sessionID: string,
  { error, isRejection }: Verdict,
  metadata: Record<string, unknown>,
): ToolFailure {
  const text = `The subagent came to no end: ${error} What it did until then is kept: task_id "${sessionID}" goes on with it.`
  return isRejection ? new Rejection(text, metadata) : toolFailure(text, metadata)
}
