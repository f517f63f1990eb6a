import { isDeepStrictEqual } from "node:util"
import type { Session, SnapshotFileDiff, UndoResult } from "@opencode/protocol/session.ts"
import type { Host } from "../lib/host.ts"
import type { Store } from "../store/store.ts"
import { MAX_TOLD_TEXT, netSteps, summaryOf, withinText, type ChangeDiffs, type FileStep } from "./change-diff.ts"
import { familyChanges, standingChanges } from "./change-scope.ts"
import { family } from "./family.ts"
import type { Publish } from "./record.ts"
import { requireSession } from "./require.ts"
import { isToDo } from "./undo-apply.ts"
import type { UndoPlan } from "./undo-plan.ts"

export interface TellUndoDeps {
  store: Store
  host: Pick<Host, "now">
  publish: Publish
  diffs: ChangeDiffs
}

interface CountedBelow {
  sessionID: string
  diff: SnapshotFileDiff[]
}

/** What is changed and not reverted, in a session and all below it. */
export const standingDiff = (sessionID: string, { store, diffs }: Pick<TellUndoDeps, "store" | "diffs">) =>
  diffs.of(netSteps(standingChanges(sessionID, store)))

/** The session as it is after the files: with what was done told, and its numbers counted anew. */
export async function tellUndo(
  sessionID: string,
  { undo, done }: { undo: UndoResult; done: readonly UndoPlan[] },
  deps: TellUndoDeps,
): Promise<Session> {
  const { store, host, publish, diffs } = deps
  const told = withinText(await diffs.of(stepsOf(done)), MAX_TOLD_TEXT)
  const now = await standingDiff(sessionID, deps)
  const below = await countBelow(sessionID, deps)
  const session = await store.write((tx) => {
    for (const { sessionID: id, diff } of below) {
      const child = store.sessions.get(id)
      if (child) store.sessions.replace(tx, { ...child, summary: summaryOf(diff) })
    }
    const stored = requireSession(sessionID, store)
    const patch = told.map((one) => one.patch ?? "").join("")
    const session: Session = {
      ...stored,
      summary: summaryOf(now),
      undo,
      ...(stored.revert ? { revert: { ...stored.revert, diff: patch } } : {}),
      time: { ...stored.time, updated: host.now() },
    }
    store.sessions.replace(tx, session)
    return session
  })
  publish("session.updated", { sessionID, info: session })
  publish("session.diff", { sessionID, diff: withinText(now, MAX_TOLD_TEXT) })
  for (const { sessionID: id, diff } of below) {
    const child = store.sessions.get(id)
    if (!child) continue // deleted meanwhile
    publish("session.updated", { sessionID: id, info: child })
    publish("session.diff", { sessionID: id, diff: withinText(diff, MAX_TOLD_TEXT) })
  }
  return session
}

/** What sessions below say they changed goes back and comes again with what was said above them. */
async function countBelow(sessionID: string, deps: TellUndoDeps): Promise<CountedBelow[]> {
  const { store } = deps
  const ids = family(sessionID, store).filter((id) => id !== sessionID && familyChanges(id, store).length > 0)
  const counted: CountedBelow[] = []
  for (const id of ids) {
    const diff = await standingDiff(id, deps)
    if (!isDeepStrictEqual(requireSession(id, store).summary, summaryOf(diff))) counted.push({ sessionID: id, diff })
  }
  return counted
}

const stepsOf = (done: readonly UndoPlan[]): FileStep[] =>
  done.filter(isToDo).map(({ path, place, current, target }) => ({ path, place, before: current, after: target }))
