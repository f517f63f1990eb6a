import type { AnswerWithParts } from "@opencode/protocol/message.ts"
import { ApiFailure } from "../door.ts"
import { CommandFailure } from "../fail.ts"
import { INTERRUPTED } from "./interrupt.ts"
import type { RunReason } from "./run-reason.ts"

/** How a run ended, for every way of printing. */
export interface Outcome {
  reason: RunReason
  isSuccess: boolean
  /** Why it is none. */
  message?: string
  /** No event of the session has said so. */
  isUntold?: boolean
}

/** What `--detailed-exit-codes` tells apart. Anything else that is no success is 1. */
const DETAILED: Partial<Record<RunReason, number>> = {
  usage: 2,
  authentication: 3,
  "rate-limit": 4,
  retries: 4,
  steps: 5,
  tokens: 5,
  cost: 5,
  time: 5,
  rejected: 6,
}

export function exitCodeOf({ reason, isSuccess }: Outcome, isDetailed: boolean): number {
  if (isSuccess) return 0
  if (reason === "aborted") return INTERRUPTED
  return isDetailed ? (DETAILED[reason] ?? 1) : 1
}

export interface Ended {
  answer: AnswerWithParts
  /** What nobody was there to allow. */
  refused: readonly string[]
  isAuto: boolean
  /** Of `--max-steps`. */
  maxSteps: number | undefined
  /** An object was asked for, and not a text. */
  wantsObject: boolean
}

/** What an answer means for a script. */
export function outcomeOf({ answer: { info, parts }, refused, isAuto, maxSteps, wantsObject }: Ended): Outcome {
  const { error, endReason } = info
  if (error) return { reason: reasonOfError(info), isSuccess: false, message: messageOf(error) }
  if (refused.length > 0) {
    const way = isAuto ? "Use" : "Use --auto or"
    const message = `Not allowed in a run without a person: ${refused.join("; ")}. ${way} a permission rule.`
    return { reason: "rejected", isSuccess: false, message, isUntold: true }
  }
  // The only step of a run is no last one of several: nothing was left undone that had been begun.
  if (endReason === "steps" && maxSteps !== undefined && maxSteps > 1) {
    const message = `The limit of ${maxSteps} steps is reached: the answer says what was done by then.`
    return { reason: "steps", isSuccess: false, message, isUntold: true }
  }
  const isEmpty = wantsObject
    ? info.structured === undefined
    : !parts.some((part) => part.type === "text" && part.text.trim())
  if (isEmpty)
    return { reason: "empty", isSuccess: false, message: "Error: the model ended without an answer.", isUntold: true }
  return { reason: endReason ?? "stop", isSuccess: true }
}

const TOO_MANY_REQUESTS = 429

function reasonOfError({ error, endReason }: AnswerWithParts["info"]): RunReason {
  if (error?.name === "APIError" && error.data.statusCode === TOO_MANY_REQUESTS) return "rate-limit"
  if (endReason) return endReason
  // A server that does not say why a turn is over.
  if (error?.name === "ProviderAuthError") return "authentication"
  return error?.name === "MessageAbortedError" ? "aborted" : "provider"
}

export const messageOf = (error: { name: string; data?: { message?: string | undefined } | undefined }): string =>
  error.data?.message ?? error.name

/** A run that could not go on for a reason that is neither the model's nor the caller's. */
export class RunFailure extends CommandFailure {
  readonly reason: RunReason

  constructor(message: string, reason: RunReason) {
    super(message)
    this.reason = reason
  }
}

/** What made a run end without an answer. */
export function outcomeOfFailure(error: unknown): Outcome {
  const message = error instanceof Error ? error.message : String(error)
  return { reason: reasonOfFailure(error), isSuccess: false, message, isUntold: true }
}

function reasonOfFailure(error: unknown): RunReason {
  if (error instanceof RunFailure) return error.reason
  if (error instanceof ApiFailure) return reasonOfStatus(error.status)
  return error instanceof CommandFailure ? "usage" : "error"
}

function reasonOfStatus(status = 0): RunReason {
  if (status === 401 || status === 403) return "authentication"
  return [400, 404, 413].includes(status) ? "usage" : "error"
}
