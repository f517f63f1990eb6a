import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { runCalls } from "./calls.ts"
import { gather, requestFor } from "./context.ts"
import { endingAfter, reasonOf } from "./ending.ts"
import { compactAsked, explained, makeRoom, roomAfter, roomBefore, type Room } from "./room.ts"
import { answerStep, beginStep, endStep, failStep, finishStep, withdrawStep } from "./step.ts"
import { settleStructured } from "./structured.ts"
import { runSubtasks } from "./subtask.ts"
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
  const tasks = await runSubtasks(step, turn, deps)
  if (tasks) return tasks.ending
  const request = await requestFor(step, turn, deps)
  const room = roomBefore(request, turn, deps)
  if (room) return makeRoom(room, request, turn, deps)
  const record = await beginStep(request, turn, deps)
  if (!record) return undefined // a prompt came in between: gather again
  let tooLong: Room | undefined
  try {
    turn.budget.begin(turn.isRoot)
    const answer = await answerStep(request, record, turn, deps)
    turn.budget.spend(step.resolved, answer.usage)
    const results = await runCalls(answer.calls, { step, record, turn, deps })
    const structured = await settleStructured(answer, { step, record, turn, deps })
    const ending = endingAfter(answer, { ...results, structured }, step, turn)
    await finishStep(answer, request, record, turn, deps, ending)
    return ending
  } catch (error) {
    tooLong = roomAfter(error, { request, record }, turn, deps)
    if (!tooLong) {
      const told = explained(error, turn, deps)
      const known = await failStep(told, { record, attempts: request.attempts }, turn, deps)
      return { reason: reasonOf(told, turn.signal), error: known }
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
