import type { PartOf } from "@opencode/protocol/part.ts"
import type { Host } from "../lib/host.ts"
import type { Change } from "../store/change-store.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"
import { shownPath } from "../workspace/odd-path.ts"
import { afterPoint, familyChanges, placeOf, stateID, type AfterPoint } from "./change-scope.ts"
import type { Publish } from "./record.ts"
import { requireSession } from "./require.ts"

export interface MakeFinalDeps {
  store: Store
  host: Pick<Host, "now">
  publish: Publish
}

/**
 * Part of the transaction that admits a prompt: what was said after the point goes for good, and what it did to files
 * can be brought back no longer.
 * @returns what tells the clients, after the commit
 */
export function makeUndoFinal(tx: Tx, sessionID: string, { store, host, publish }: MakeFinalDeps): () => void {
  const { changes } = store
  const { revert, undo, ...session } = requireSession(sessionID, store)
  if (!revert && !undo) return () => {}
  store.sessions.replace(tx, session)
  if (!revert || !store.messages.get(revert.messageID)) return () => {}
  const after = afterPoint(sessionID, revert, store)
  for (const { position } of familyChanges(sessionID, store).filter(after.has)) changes.undo(tx, position)
  changes.dropReverted(tx, sessionID)
  const { messageID } = revert
  const patch = remainingPatch({ sessionID, messageID, after }, store)
  const goes = after.parts.filter((id) => id !== patch?.id)
  for (const id of after.messages) store.messages.remove(tx, id)
  for (const id of goes) store.parts.remove(tx, id)
  if (patch) store.parts.put(tx, patch)
  return () => {
    for (const id of after.messages) {
      publish("message.removed", { sessionID, messageID: id })
      publish("message.deleted", { sessionID, messageID: id })
    }
    for (const partID of goes) publish("message.part.removed", { sessionID, messageID, partID })
    if (patch) publish("message.part.updated", { sessionID, part: patch, time: host.now() })
  }
}

/** The part that names the changed files of the point's message, with those that calls before the point changed. */
function remainingPatch(
  { sessionID, messageID, after }: { sessionID: string; messageID: string; after: AfterPoint },
  store: Store,
): PartOf<"patch"> | undefined {
  const patch = store.parts.list(messageID).find((part) => part.type === "patch")
  const isOfStep = (change: Change) => change.messageID === messageID || change.sessionID !== sessionID
  const start = store.messages.position(messageID)
  const remaining = familyChanges(sessionID, store).filter(
    (change) => isOfStep(change) && placeOf(change, store) >= start && !after.has(change) && change.kind !== "unseen",
  )
  const [first] = remaining
  if (!patch || !first || !after.parts.includes(patch.id)) return undefined
  const files = [...new Set(remaining.map(({ path }) => shownPath(path)))]
  return { ...patch, hash: stateID(sessionID, first.position - 1), files }
}
