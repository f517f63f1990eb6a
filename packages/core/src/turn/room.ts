import { fault } from "../lib/fault.ts"
import { ProviderFailure } from "../model/failure.ts"
import type { StepRecord } from "../session/record.ts"
import { compact, type Compaction } from "./compact.ts"
import { AFTER_REFUSAL } from "./notes-request.ts"
import { planCompaction, type PlanInput } from "./plan-compaction.ts"
import { planPruning, prune } from "./prune.ts"
import { sinceCompaction } from "./since-compaction.ts"
import type { Ending, Request, Step, Turn, TurnDeps } from "./turn.ts"

/** How a request becomes shorter: old output is removed, or the conversation is compacted. */
export type Room = { prune: Parameters<typeof prune>[0] } | { compact: Compaction }

/**
 * What is done about a request that is too long by estimate. Undefined when it fits, when nothing is known of the
 * window, or when nothing would help: then it is sent, because an estimate is no reason to refuse a prompt.
 */
export function roomBefore(request: Request, turn: Turn, deps: TurnDeps): Room | undefined {
  const { measure, room } = request
  if (room === undefined || measure.expected <= room) return undefined
  // Off unless it is wanted: outputs that are gone leave gaps, notes of them do not.
  const old = deps.config.compaction.prune ? planPruning(sinceCompaction(turn.history), room) : []
  return old.length ? { prune: old } : unasked(request, turn, deps, false)
}

/** The same for a request that the provider refused for its length, before it called anything. */
export function roomAfter(
  error: unknown,
  { request, record }: { request: Request; record: StepRecord },
  turn: Turn,
  deps: TurnDeps,
): Room | undefined {
  const hasCalled = record.parts.some(({ type }) => type === "tool")
  return isOverflow(error) && !hasCalled && !turn.signal.aborted ? unasked(request, turn, deps, true) : undefined
}

/** Once in a turn and never twice: what one compaction did not cure the next would not either. */
function unasked(request: Request, turn: Turn, deps: TurnDeps, overflowed: boolean): Room | undefined {
  if (isOff(deps) || !turn.budget.mayCompact(turn.sessionID)) return undefined
  const { fixed, expected } = request.measure
  const room = overflowed ? Math.min(request.room ?? Infinity, expected * AFTER_REFUSAL) : request.room
  const plan = planCompaction({ ...planInput(turn, deps), fixed, room, isAsked: false })
  return plan && { compact: { plan, unasked: { fixed, overflowed } } }
}

/** By the setting, or because there is nobody to write the notes. */
const isOff = ({ config, agents }: TurnDeps): boolean => config.compaction.auto === false || !agents.get("compaction")

export async function makeRoom(room: Room, step: Step, turn: Turn, deps: TurnDeps): Promise<Ending | undefined> {
  if ("compact" in room) return compact(room.compact, step, turn, deps)
  await prune(room.prune, turn, deps)
  return undefined
}

/** The compaction that somebody asked for. */
export async function compactAsked(
  { asked, ...step }: Step & Required<Pick<Step, "asked">>,
  turn: Turn,
  deps: TurnDeps,
): Promise<Ending | undefined> {
  const input = planInput(turn, deps)
  const view = input.view.filter(({ info }) => info.id !== asked.info.id)
  const plan = planCompaction({ ...input, view, fixed: 0, room: undefined, isAsked: true })
  if (!plan) throw fault("bad_request", "There is nothing to make notes of.")
  return compact({ plan, asked }, step, turn, deps)
}

const planInput = (turn: Turn, { config }: TurnDeps): Pick<PlanInput, "view" | "tailTurns" | "preserve"> => ({
  view: sinceCompaction(turn.history),
  tailTurns: config.compaction.tail_turns,
  preserve: config.compaction.preserve_recent_tokens,
})

const isOverflow = (error: unknown): error is ProviderFailure =>
  error instanceof ProviderFailure && error.kind === "overflow"

/** The provider's words with what was done about it, so that a person knows what is left to do. */
export function explained(error: unknown, turn: Turn, deps: TurnDeps): unknown {
  if (!isOverflow(error)) return error
  const why = isOff(deps)
    ? "Automatic compaction is switched off."
    : !turn.budget.mayCompact(turn.sessionID)
      ? "It was compacted in this turn already."
      : "There is nothing left in it to compact: the instructions, tools and this prompt alone are too long."
  const { isRetryable, statusCode, responseHeaders, responseBody, url } = error
  return new ProviderFailure(
    {
      kind: "overflow",
      message: `The conversation is too long for the model. ${why} The provider says: ${error.message}`,
      isRetryable,
      ...(statusCode === undefined ? {} : { statusCode }),
      ...(responseHeaders === undefined ? {} : { responseHeaders }),
      ...(responseBody === undefined ? {} : { responseBody }),
      ...(url === undefined ? {} : { url }),
    },
    error,
  )
}
