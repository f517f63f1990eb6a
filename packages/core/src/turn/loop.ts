import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { runCalls } from "./call.ts"
import { gather, requestFor } from "./context.ts"
import { compactAsked, explained, makeRoom, roomAfter, roomBefore, type Room } from "./room.ts"
import { answerStep, beginStep, endStep, failStep, finishStep, withdrawStep } from "./step.ts"
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
  const { asked, ...step } = await gather(turn, deps)
  if (asked) return compactAsked({ ...step, asked }, turn, deps)
  const request = await requestFor(step, turn, deps)
  const room = roomBefore(request, turn, deps)
  if (room) return makeRoom(room, request, turn, deps)
  const record = await beginStep(request, turn, deps)
  if (!record) return undefined // a prompt came in between: gather again
  let tooLong: Room | undefined
  try {
    const answer = await answerStep(request, record, turn, deps)
    const results = await runCalls(answer.calls, { step, record, turn, deps })
    await finishStep(answer, request, record, turn, deps)
    if (turn.signal.aborted) return { type: "aborted" }
    if (results.rejected) return { type: "rejected" }
    if (record.message.error) return { type: "error", error: record.message.error }
    if (step.last) return { type: "limit" }
    return answer.calls.length ? undefined : { type: "stop" }
  } catch (error) {
    tooLong = roomAfter(error, { request, record }, turn, deps)
    if (!tooLong) {
      const known = await failStep(explained(error, turn, deps), { record, attempts: request.attempts }, turn, deps)
      return turn.signal.aborted ? { type: "aborted" } : { type: "error", error: known }
    }
  } finally {
    if (!tooLong) endStep(record, turn, deps)
  }
  await withdrawStep(request, record, turn, deps)
  return makeRoom(tooLong, request, turn, deps)
}

/** The last message of a turn: what a caller that waits for the answer gets. */
export function answerOf(turn: Turn): MessageWithParts | undefined {
  return turn.history.findLast(({ info }) => info.role === "assistant")
}
