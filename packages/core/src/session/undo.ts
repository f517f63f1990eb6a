import type { Session, SnapshotFileDiff } from "@opencode/protocol/session.ts"
import { fault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { asFarAsPossible } from "./as-far-as-possible.ts"
import { netSteps, type ChangeDiffs } from "./change-diff.ts"
import { afterPoint, changesOf, familyChanges, requirePoint, stateID, type Point } from "./change-scope.ts"
import { family } from "./family.ts"
import type { Lanes } from "./lanes.ts"
import type { Publish } from "./record.ts"
import { requireMessage, requireSession } from "./require.ts"
import { settleChanges } from "./settle-changes.ts"
import { makeUndoFinal } from "./undo-final.ts"
import { createRestore } from "./undo-restore.ts"
import { isCutShort, copiedIn, resultOf, unseenIn } from "./undo-result.ts"
import { standingDiff, tellUndo } from "./undo-tell.ts"

/**
 * Takes back what the agent did to files, from a point of the conversation on. Each file is compared with what the agent
 * left: equal, it is restored; otherwise it is left alone and told. What is replaced is on record before the first file
 * is touched, so that a crash in the middle loses nothing and everything can be taken back again. The messages after
 * the point stay until the next prompt makes the undoing final.
 */
export interface Undo {
  /** @throws fault `busy`, `session_not_found`, `message_not_found`, `not_found` */
  revert(sessionID: string, point: Point): Promise<Session>
  /** Does nothing when nothing is reverted. @throws as `revert` */
  unrevert(sessionID: string): Promise<Session>
  /** Does to its end what a crash cut short, before what comes next makes it final. @throws as `revert` */
  finish(sessionID: string): Promise<void>
  /** The changes of files of a session, or those that answered one prompt. Without what is reverted. */
  diff(sessionID: string, messageID?: string): Promise<SnapshotFileDiff[]>
  /**
   * Part of the transaction that admits a prompt: the messages after the point go for good.
   * @returns what tells the clients, after the commit
   */
  makeFinal(tx: Tx, sessionID: string): () => void
}

export interface UndoDeps {
  store: Store
  host: Pick<Host, "now">
  workspace: Pick<Workspace, "roots" | "paths">
  lanes: Pick<Lanes, "exclusive" | "status">
  publish: Publish
  diffs: ChangeDiffs
  /** Closes what a process that died left open in the session. */
  recover(sessionID: string): Promise<void>
  /** Whether a tool's changes are on record by themselves. */
  recordsChanges(tool: string): boolean
}

export function createUndo(deps: UndoDeps): Undo {
  const { store, workspace, lanes, diffs } = deps
  const restore = createRestore({ store, roots: workspace.roots })

  const get = (sessionID: string): Session => requireSession(sessionID, store)

  /** Nothing else happens in the session, nor in those that it started. */
  async function alone<T>(sessionID: string, act: () => Promise<T>): Promise<T> {
    get(sessionID)
    await deps.recover(sessionID)
    const busy = lanes.status()
    const child = family(sessionID, store).find((id) => busy[id])
    if (child !== undefined) throw fault("busy", `Session ${child} is busy.`, { sessionID: child })
    return lanes.exclusive(sessionID, act)
  }

  async function takeBack(sessionID: string, given: Point): Promise<Session> {
    const point = requirePoint(sessionID, given, store)
    await settleChanges(sessionID, store)
    const after = afterPoint(sessionID, point, store)
    const all = familyChanges(sessionID, store)
    const undone = all.filter(after.has)
    const unseen = [
      ...unseenIn(undone, family(sessionID, store), after, deps),
      ...copiedIn(sessionID, after, all, store),
    ]
    const snapshot = stateID(sessionID, all.at(-1)?.position ?? 0)
    const begin = ({ undo: _, ...session }: Session): Session => ({ ...session, revert: { ...point, snapshot } })
    const done = await restore(sessionID, { undone, begin })
    return tellUndo(sessionID, { undo: resultOf("revert", done, unseen), done }, deps)
  }

  async function bringBack(sessionID: string): Promise<Session> {
    if (!get(sessionID).revert) return get(sessionID)
    const done = await restore(sessionID, { undone: [], begin: ({ undo: _, ...session }) => session })
    await store.write((tx) => {
      store.changes.dropReverted(tx, sessionID)
      const { revert: _, ...session } = get(sessionID)
      store.sessions.replace(tx, session)
    })
    return tellUndo(sessionID, { undo: resultOf("unrevert", done, []), done }, deps)
  }

  /** What was begun and is not told: where it ended nobody knows. */
  function cutShort(sessionID: string): Point | undefined {
    const session = get(sessionID)
    const { revert } = session
    return revert && isCutShort(session) && store.messages.get(revert.messageID) ? revert : undefined
  }

  async function finish(sessionID: string): Promise<void> {
    if (!cutShort(sessionID)) return
    await alone(sessionID, async () => {
      const { messageID, partID } = cutShort(sessionID) ?? {}
      if (messageID !== undefined)
        await takeBack(sessionID, partID === undefined ? { messageID } : { messageID, partID })
    })
  }

  return {
    revert: (sessionID, given) => alone(sessionID, () => takeBack(sessionID, given)),
    unrevert: (sessionID) => alone(sessionID, () => bringBack(sessionID)),
    finish,

    async diff(sessionID, messageID) {
      get(sessionID)
      if (messageID === undefined) {
        // Otherwise the diff would go by the point, and the session's own numbers by what was before it.
        await asFarAsPossible(finish(sessionID))
        return standingDiff(sessionID, deps)
      }
      requireMessage(sessionID, messageID, store)
      return diffs.of(netSteps(changesOf(sessionID, messageID, store).filter(({ settled }) => settled)))
    },

    makeFinal: (tx, sessionID) => makeUndoFinal(tx, sessionID, deps),
  }
}
