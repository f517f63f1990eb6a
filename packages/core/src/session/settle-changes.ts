import type { Store } from "../store/store.ts"
import { findState, isSameState } from "../workspace/file-state.ts"
import { familyChanges } from "./change-scope.ts"

/** Changes of which a crash left it open whether they happened: the disk says it. What it does not say stays open. */
export async function settleChanges(sessionID: string, store: Store): Promise<void> {
  const { changes } = store
  for (const change of familyChanges(sessionID, store).filter(({ settled }) => !settled)) {
    const { state } = await findState(change.path)
    const left =
      state.kind === "file" && change.after.kind === "file" ? { ...change.after, mode: state.mode } : change.after
    const isBefore = isSameState(state, change.before)
    if (!isBefore && !isSameState(state, left)) continue
    await store.write((tx) =>
      isBefore ? changes.drop(tx, change.position) : changes.settle(tx, change.position, left),
    )
  }
}
