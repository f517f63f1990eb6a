import type { Session } from "@opencode/protocol/session.ts"
import type { Change, Reverted } from "../store/change-store.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"
import { findState, isInPlace, removeLeftover } from "../workspace/file-state.ts"
import { requireSession } from "./require.ts"
import { createUndoFiles, inOrder, isToDo, type ReadyPlan } from "./undo-apply.ts"
import { planPath, type UndoPlan } from "./undo-plan.ts"

/**
 * Restores files, in three steps: what each will have been is put on record, the files are touched, and the record is
 * made to say how that came out. A crash in the middle leaves files that are one or the other, and both are known.
 *
 * @returns what became of each file
 */
export type RestoreFiles = (sessionID: string, restoration: Restoration) => Promise<UndoPlan[]>

export interface Restoration {
  /** The changes to be undone. Without any, files become again what they were before the revert that is in place. */
  undone: readonly Change[]
  /** What the session says from the moment on at which it is on record. */
  begin(session: Session): Session
}

type EarlierReverts = ReadonlyMap<string, Reverted>

interface Restoring extends ReadyPlan {
  /** What an earlier revert did to the file. */
  before: Reverted | undefined
}

export function createRestore({ store, roots }: { store: Store; roots: readonly string[] }): RestoreFiles {
  const { changes } = store
  const files = createUndoFiles({ contents: store.contents, roots })

  function putOnRecord(tx: Tx, sessionID: string, { plan, kept, made, before }: Restoring): void {
    changes.keep(tx, sessionID, kept)
    // Without anything new to keep, the earlier record says what the file is and what it becomes.
    if (!isToDo(plan) || (before && !plan.keep)) return
    const was = plan.keep?.was ?? plan.current
    const via = before ? { via: before.now } : {}
    changes.putReverted(tx, sessionID, { ...plan, was, now: plan.target, ...via, folders: made })
  }

  function settle(tx: Tx, sessionID: string, { plan, made, before, outcome }: Restoring & { outcome: UndoPlan }): void {
    if (!isToDo(plan)) return
    const { path, keep, target } = plan
    const isDone = outcome === plan
    if (isDone && keep) changes.putReverted(tx, sessionID, { ...plan, was: keep.was, now: target, folders: made })
    else if (!isDone && before) changes.putReverted(tx, sessionID, before)
    else changes.dropReverted(tx, sessionID, path)
  }

  return async (sessionID, { undone, begin }) => {
    const earlier: EarlierReverts = new Map(changes.reverted(sessionID).map((one) => [one.path, one]))
    const plans = await planAll(undone, earlier)
    // Of a revert that a crash cut short.
    for (const [path] of earlier) if (await isInPlace(path)) await removeLeftover(path)
    const ready: Restoring[] = []
    for (const plan of plans) ready.push({ ...(await files.ready(plan)), before: earlier.get(plan.path) })
    await store.write((tx) => {
      for (const one of ready) putOnRecord(tx, sessionID, one)
      store.sessions.replace(tx, begin(requireSession(sessionID, store)))
    })
    const done: (Restoring & { outcome: UndoPlan })[] = []
    for (const one of inOrder(ready)) done.push({ ...one, outcome: await files.apply(one) })
    await store.write((tx) => {
      for (const one of done) settle(tx, sessionID, one)
    })
    return done.map(({ outcome }) => outcome)
  }
}

/** What undoing makes of each file that was changed, or that an earlier revert replaced. */
async function planAll(undone: readonly Change[], earlier: EarlierReverts): Promise<UndoPlan[]> {
  const chains = new Map<string, Change[]>([...earlier.keys()].map((path) => [path, []]))
  for (const change of undone) {
    if (change.kind === "unseen") continue
    chains.set(change.path, [...(chains.get(change.path) ?? []), change])
  }
  const plans: UndoPlan[] = []
  for (const [path, chain] of chains) {
    const reverted = earlier.get(path)
    const { state } = await findState(path)
    const place = chain[0]?.place ?? reverted?.place ?? ""
    plans.push(planPath({ path, place, current: state, reverted, chain }))
  }
  return plans
}
