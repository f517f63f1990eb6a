import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { fault, isFault } from "../lib/fault.ts"
import type { TurnSeat } from "../session/lane.ts"
import { requireSession } from "../session/require.ts"
import { messageErrorOf } from "./describe-error.ts"
import { answerOf, runTurn } from "./loop.ts"
import { createRepetition } from "./repetition.ts"
import type { Turn, TurnDeps } from "./turn.ts"

export interface SeatDeps extends Pick<TurnDeps, "publish" | "log" | "host"> {
  /** What the turn will use from its beginning to its end, whatever changes meanwhile. */
  open(seat: TurnSeat): Promise<TurnDeps>
}

/** Sits down on a lane's seat: reads the history, runs the turn, and hands back its last message. */
export function runTurnIn({ publish, log, host, open }: SeatDeps): (seat: TurnSeat) => Promise<MessageWithParts> {
  return async (seat) => {
    const { sessionID } = seat
    try {
      const deps = await open(seat)
      const turn = turnOn(seat, deps)
      const ending = await runTurn(turn, deps).finally(turn.leave)
      seat.endReason = ending.reason
      log.info("turn ended", { sessionID, ending: ending.reason, steps: turn.steps, spent: turn.budget.spent })
      await deps.stepChanges.endOfTurn(turn)
      const answer = answerOf(turn)
      if (!answer) throw new Error("The turn ended without a message.")
      return answer
    } catch (error) {
      // Nothing could be written into a message: the event and whoever waits are all that can tell it.
      publish("session.error", { sessionID, error: messageErrorOf(error, "", seat.signal, { host, log }) })
      throw isFault(error) ? error : fault("unavailable", "The turn could not be run.", { sessionID }, error)
    }
  }
}

/** A turn at its beginning. Whoever takes it has to `leave`. @throws fault `session_not_found` */
export function turnOn(seat: TurnSeat, { store, trees }: Pick<TurnDeps, "store" | "trees">): Turn & { leave(): void } {
  const { sessionID } = seat
  return Object.assign(seat, {
    session: requireSession(sessionID, store),
    history: store.messages.list(sessionID),
    steps: 0,
    pruned: false,
    cutAnswers: 0,
    repetition: createRepetition(),
    brought: new Set<string>(),
    ...trees.join(sessionID, seat.signal),
  })
}
