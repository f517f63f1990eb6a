import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { runCalls } from "./call.ts"
import { gather } from "./context.ts"
import { answerStep, beginStep, endStep, failStep, finishStep } from "./step.ts"
import { settleStructured } from "./structured.ts"
import type { Ending, Turn, TurnDeps } from "./turn.ts"

/**
 * One turn: ask, run what the model calls, feed back the results, until it has nothing more to call.
 * Every way out leaves a complete record: no message without an end, no call without a result.
 */
export async function runTurn(turn: Turn, deps: TurnDeps): Promise<Ending> {
  for (;;) {
    const ending = await runStep(turn, deps)
    if (ending) return ending
  }
}

async function runStep(turn: Turn, deps: TurnDeps): Promise<Ending | undefined> {
  const step = await gather(turn, deps)
  const record = await beginStep(step, turn, deps)
  if (!record) return undefined // a prompt came in between: gather again
  try {
    const answer = await answerStep(step, record, turn, deps)
    const results = await runCalls(answer.calls, { step, record, turn, deps })
    const structured = await settleStructured(answer, { step, record, turn, deps })
    await finishStep(answer, step, record, turn, deps)
    if (turn.signal.aborted) return { type: "aborted" }
    if (results.rejected) return { type: "rejected" }
    if (record.message.error) return { type: "error", error: record.message.error }
    if (structured === "given") return { type: "stop" }
    if (step.last) return { type: "limit" }
    return answer.calls.length || structured === "again" ? undefined : { type: "stop" }
  } catch (error) {
    const known = await failStep(error, record, turn, deps)
    return turn.signal.aborted ? { type: "aborted" } : { type: "error", error: known }
  } finally {
    endStep(record, turn, deps)
  }
}

/** The last message of a turn: what a caller that waits for the answer gets. */
export function answerOf(turn: Turn): MessageWithParts | undefined {
  return turn.history.findLast(({ info }) => info.role === "assistant")
}
