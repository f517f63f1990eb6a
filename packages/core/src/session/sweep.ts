import { CALL_MARK, callMark, endLeftBehind } from "../process/left-behind.ts"
import type { Log } from "../lib/log.ts"
import type { Intent } from "../store/intent-store.ts"
import type { Owner } from "../store/lease-store.ts"
import { isAlive } from "../store/process-identity.ts"
import type { Store } from "../store/store.ts"

/**
 * Ends what calls left running when their program died. An intent without an outcome says which calls those are, so
 * nothing more is written for it; what outlived a call that had ended was put into the background on purpose, and stays.
 */
export interface SweepDeps {
  store: Store
  owner: Owner
  env: Readonly<Record<string, string | undefined>>
  log: Log
}

export type Sweep = (intents: readonly Intent[]) => Promise<void>

export function createSweep({ env, log }: Pick<SweepDeps, "env" | "log">): Sweep {
  return async (intents) => {
    // A program that was itself started by the call must not end itself and those who started it.
    const marks = intents.map(callMark).filter((mark) => mark !== env[CALL_MARK])
    if (marks.length === 0) return
    const ended = await endLeftBehind(marks)
    if (ended > 0) log.warn("processes of calls whose program died were ended", { ended, calls: marks.length })
  }
}

/** At start, for all sessions: one is opened again perhaps never. */
export async function sweepAll(deps: SweepDeps): Promise<void> {
  const { store, owner } = deps
  const dead = store.leases.list().filter((held) => held.pid === owner.pid || !isAlive(held))
  await createSweep(deps)(dead.flatMap(({ sessionID }) => store.intents.unfinished(sessionID)))
}
