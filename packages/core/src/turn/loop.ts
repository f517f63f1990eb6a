import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { runCalls } from "./calls.ts"
import { gather } from "./context.ts"
import { endingAfter, reasonOf } from "./ending.ts"
import { answerStep, beginStep, endStep, failStep, finishStep } from "./step.ts"
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
  const step = await gather(turn, deps)
  const tasks = await runSubtasks(step, turn, deps)
  if (tasks) return tasks.ending
  const record = await beginStep(step, turn, deps)
  if (!record) return undefined // a prompt came in between: gather again
  try {
    turn.budget.begin(turn.isRoot)
    const answer = await answerStep(step, record, turn, deps)
    turn.budget.spend(step.resolved.model, answer.usage)
    const results = await runCalls(answer.calls, { step, record, turn, deps })
    const ending = endingAfter(answer, results, step, turn)
    await finishStep(answer, step, record, turn, deps, ending)
    return ending
  } catch (error) {
    return { reason: reasonOf(error, turn.signal), error: await failStep(error, record, turn, deps) }
  } finally {
    endStep(record, turn, deps)
  }
}

/** The last message of a turn: what a caller that waits for the answer gets. */
export function answerOf(turn: Turn): MessageWithParts | undefined {
  return turn.history.findLast(({ info }) => info.role === "assistant")
}
