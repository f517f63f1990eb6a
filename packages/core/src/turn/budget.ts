import type { PromptLimits } from "@opencode/protocol/message.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import { allTokens, type Tokens } from "@opencode/protocol/tokens.ts"
import { fault, type Fault } from "../lib/fault.ts"
import { knownCost } from "../model/cost.ts"
import type { ProviderFailure } from "../model/failure.ts"
import type { ResolvedModel } from "../model/resolve.ts"
import { stepsLeft, stepsReached, timeReached, usedUp, type Reached, type Spent } from "./governor.ts"
import type { Limits } from "./limits.ts"
import { retryClass, retryDelay, type RetryClass } from "./retry.ts"

/** What a turn and all its subagents have used, in one place: they share one budget, whoever of them is at work. */
export interface Budget {
  /** Aborts, with the fault that says so, when the time is over. */
  readonly signal: AbortSignal
  readonly spent: Readonly<Spent>
  /** A prompt may bring limits of its own: they hold from now on, where they are lower. */
  narrow(to: PromptLimits): void
  /** Answers that are left for a turn of the tree. */
  left(isRoot: boolean): number
  /** Counts an answer that is about to be asked for. @throws fault `limit`, with the reason, when there is none left */
  begin(isRoot: boolean): void
  /** Counts what an answer used. */
  spend(resolved: Pick<ResolvedModel, "isPriced"> & { model: Pick<Model, "cost"> }, usage: Tokens): void
  /** The limit that stands in the way of anything more. */
  reached(): Reached | undefined
  /** Milliseconds until a failed request may be made again; counts the try. Undefined: it is final. */
  retry(failure: ProviderFailure, attempt: number, draw: number): number | undefined
  /** Whether a session may be compacted once more. */
  mayCompact(sessionID: string): boolean
  /** Counts a compaction. */
  compacted(sessionID: string): void
  close(): void
}

/** Ten requests in trouble, of any of them: by then it is an outage, and not a hiccup that another wait would outlast. */
const MAX_TREE_RETRIES = 50
/** A conversation that does not fit after it was compacted will not fit after it was compacted again. */
const MAX_COMPACTIONS = 1
/** Each is a request about a whole conversation; a tree of that many long ones is a loop. */
const MAX_TREE_COMPACTIONS = 20
/** What a timer can count. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export function openBudget(given: Limits): Budget {
  const limits = { ...given }
  const spent: Spent = { steps: 0, tokens: 0, cost: 0, unpriced: 0 }
  const retries = new Map<RetryClass, number>()
  const compactions = new Map<string, number>()
  const clock = new AbortController()
  const timers = [endAfter(limits.timeMs)]

  function endAfter(timeMs: number): NodeJS.Timeout {
    const end = (): void => clock.abort(limitFault(timeReached({ timeMs })))
    return setTimeout(end, Math.min(timeMs, LONGEST_TIMER_MS))
  }

  return {
    signal: clock.signal,
    spent,

    narrow({ steps, tokens, cost, time }) {
      if (steps !== undefined) limits.steps = Math.min(limits.steps, spent.steps + steps)
      if (tokens !== undefined) limits.tokens = Math.min(limits.tokens ?? Infinity, spent.tokens + tokens)
      if (cost !== undefined) limits.cost = Math.min(limits.cost ?? Infinity, spent.cost + cost)
      if (time !== undefined) timers.push(endAfter(time))
    },

    left: (isRoot) => stepsLeft(spent, limits, isRoot),
    reached: () => usedUp(spent, limits),

    begin(isRoot) {
      const reached = usedUp(spent, limits) ?? (stepsLeft(spent, limits, isRoot) > 0 ? undefined : stepsReached(limits))
      if (reached) throw limitFault(reached)
      spent.steps++
    },

    spend(resolved, usage) {
      spent.tokens += allTokens(usage)
      const cost = knownCost(resolved, usage)
      if (cost === undefined) spent.unpriced++
      else spent.cost += cost
    },

    retry(failure, attempt, draw) {
      const kind = retryClass(failure)
      const tried = retries.get(kind) ?? 0
      const wait = tried < MAX_TREE_RETRIES ? retryDelay(failure, attempt, draw) : undefined
      if (wait !== undefined) retries.set(kind, tried + 1)
      return wait
    },

    mayCompact(sessionID) {
      const total = [...compactions.values()].reduce((sum, count) => sum + count, 0)
      return (compactions.get(sessionID) ?? 0) < MAX_COMPACTIONS && total < MAX_TREE_COMPACTIONS
    },

    compacted: (sessionID) => void compactions.set(sessionID, (compactions.get(sessionID) ?? 0) + 1),

    close: () => timers.forEach(clearTimeout),
  }
}

export const limitFault = ({ reason, message }: Reached): Fault => fault("limit", message, { reason })
