import { EndReason } from "@opencode/protocol/end-reason.ts"
import type { MessageError } from "@opencode/protocol/error.ts"
import { isFault } from "../lib/fault.ts"
import { ProviderFailure } from "../model/failure.ts"
import type { Answer } from "./answer.ts"
import { abortedError } from "./describe-error.ts"
import { MAX_EMPTY_ANSWERS } from "./retry.ts"
import type { Structured } from "./structured.ts"
import type { Ending, Step, Turn } from "./turn.ts"

/** Every way out of a turn has a name. What is decided here stands in its last message and in the session's status. */
export function endingAfter(
  answer: Answer,
  { rejected, structured }: { rejected: boolean; structured?: Structured | undefined },
  step: Step,
  turn: Turn,
): Ending | undefined {
  const { finish, calls } = answer
  // Nothing in it was of use: each call was cut off with the answer.
  const wasCut = finish === "length" && calls.every((call) => call.isHalf)
  turn.cutAnswers = wasCut ? turn.cutAnswers + 1 : 0
  const early = endingEarly(finish, turn.signal)
  if (early) return early
  if (rejected) return { reason: "rejected" }
  if (structured === "given") return { reason: "stop" }
  if (wasCut && (calls.length === 0 || turn.cutAnswers > MAX_EMPTY_ANSWERS))
    return { reason: "output-length", error: CUT }
  if (structured && structured !== "again") return structured
  if (step.last) return { reason: "steps" }
  if (calls.length === 0) return structured === "again" ? undefined : { reason: "stop" }
  return turn.repetition.isCircling() ? { reason: "repetition", error: CIRCLING } : undefined
}

/** What ends any answer, whatever it says. It may have come to its end although the turn was ended under it. */
export function endingEarly(finish: Answer["finish"], signal: AbortSignal): Ending | undefined {
  if (signal.aborted) return { reason: reasonOfAbort(signal), error: abortedError(signal) }
  return finish === "content-filter" ? { reason: "content-filter", error: FILTERED } : undefined
}

const FILTERED: MessageError = {
  name: "ContentFilterError",
  data: { message: "The provider's content filter ended the answer." },
}
const CUT: MessageError = {
  name: "MessageOutputLengthError",
  data: { message: "The answer was cut at the model's limit for output." },
}
const CIRCLING: MessageError = {
  name: "UnknownError",
  data: { message: "The model made the same calls with the same results over and over, so the turn was stopped." },
}

/** The name of what a step or a turn failed with. */
export function reasonOf(error: unknown, signal: AbortSignal): EndReason {
  if (signal.aborted) return reasonOfAbort(signal)
  if (error instanceof ProviderFailure) return reasonOfFailure(error)
  return isFault(error, "provider_auth") ? "authentication" : (namedIn(error) ?? "error")
}

const reasonOfAbort = (signal: AbortSignal): EndReason => namedIn(signal.reason) ?? "aborted"

/** A fault that stands for a limit says which one. */
function namedIn(error: unknown): EndReason | undefined {
  const named = isFault(error, "limit") ? EndReason().safeParse(error.data.reason) : undefined
  return named?.data
}

function reasonOfFailure({ kind, isRetryable }: ProviderFailure): EndReason {
  if (isRetryable) return "retries"
  if (kind === "auth") return "authentication"
  if (kind === "overflow") return "context"
  if (kind === "content_filter") return "content-filter"
  return kind === "aborted" ? "aborted" : "provider"
}
