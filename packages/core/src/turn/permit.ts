import type { Ask } from "../permission/ask.ts"
import type { Call } from "./answer.ts"
import type { CallSetting } from "./call.ts"
import { rulesFor } from "./rules-for.ts"
import { ABORTED_CALL } from "./step.ts"

/** Why a call may not run, in words for the model. */
export interface Refusal {
  message: string
  /** A bare no of a person: the turn is over. */
  ends: boolean
}

/**
 * Whether everything a call would do is allowed: by the rules, or by whoever is asked. The asks go to the gate as they
 * are, because what their analysis doubts is what keeps them from being allowed by a rule.
 */
export async function permit(call: Call, asks: Ask[], { deps, turn, step }: CallSetting): Promise<Refusal | undefined> {
  for (const { permission, patterns } of asks) {
    const output = { status: "ask" as "ask" | "deny" | "allow" }
    await deps.hooks.permissionAsk({ sessionID: turn.sessionID, permission, patterns }, output)
    if (output.status === "deny")
      return { message: "An extension of this installation refuses this call.", ends: false }
  }
  const outcome = await deps.gate.check({
    sessionID: turn.sessionID,
    asks,
    ...rulesFor({ turn, step }),
    tool: { messageID: call.part.messageID, callID: call.part.callID },
    signal: turn.signal,
  })
  if (outcome.type === "allow") return undefined
  if (outcome.type === "deny") return { message: outcome.message, ends: false }
  if (turn.signal.aborted) return { message: ABORTED_CALL, ends: false }
  return outcome.message
    ? { message: `${REJECTED} The user said: ${outcome.message}`, ends: false }
    : { message: REJECTED, ends: true }
}

const REJECTED = "The user rejected permission to use this specific tool call."
