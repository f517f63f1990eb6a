import type { Bounds } from "../store/child-store.ts"
import type { Store } from "../store/store.ts"
import { openBudget, type Budget } from "./budget.ts"
import type { Limits } from "./limits.ts"

/**
 * Which turns of this process work for which: a turn that a person waits for is a root and opens a budget; the turns of
 * its subagents join it.
 */
export interface Trees {
  /** A turn begins. */
  join(sessionID: string, signal: AbortSignal): Place
  /** The next turn of this session belongs to the tree in which `parentID` has a turn. @returns takes it back */
  expect(sessionID: string, child: { parentID: string; signal: AbortSignal }): () => void
}

export interface Place {
  budget: Budget
  isRoot: boolean
  /** What ends the turn: its own session, the time of the tree, or the deadline of a subagent. */
  signal: AbortSignal
  /** What the session that started this one forbids. Holds also when a person prompts it. */
  bounds: Bounds | undefined
  leave(): void
}

export function createTrees({ store, limits }: { store: Pick<Store, "children">; limits: Limits }): Trees {
  const budgets = new Map<string, Budget>()
  const expected = new Map<string, { parentID: string; signal: AbortSignal; isTaken: boolean }>()

  return {
    join(sessionID, signal) {
      const child = expected.get(sessionID)
      // Only the first turn is the subagent's: what somebody says to it meanwhile is answered by a turn of its own.
      const shared = child?.isTaken === false ? budgets.get(child.parentID) : undefined
      if (child) child.isTaken = true
      const budget = shared ?? openBudget(limits)
      budgets.set(sessionID, budget)
      return {
        budget,
        isRoot: shared === undefined,
        signal: AbortSignal.any([...(shared && child ? [child.signal] : []), budget.signal, signal]),
        bounds: store.children.latest(sessionID)?.bounds,
        leave() {
          budgets.delete(sessionID)
          if (!shared) budget.close()
        },
      }
    },

    expect(sessionID, { parentID, signal }) {
      expected.set(sessionID, { parentID, signal, isTaken: false })
      return () => void expected.delete(sessionID)
    },
  }
}
