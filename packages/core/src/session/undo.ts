import { isDeepStrictEqual } from "node:util"
import type { PartOf } from "@opencode/protocol/part.ts"
import type { Session, SnapshotFileDiff, UndoResult } from "@opencode/protocol/session.ts"
import { fault, isFault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import type { Change, Reverted } from "../store/change-store.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"
import { findState, isInPlace, isSameState, removeLeftover } from "../workspace/file-state.ts"
import { shownPath } from "../workspace/odd-path.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { netSteps, summaryOf, withinText, type ChangeDiffs } from "./change-diff.ts"
import {
  afterPoint,
  changesOf,
  familyChanges,
  placeOf,
  requirePoint,
  stateID,
  type AfterPoint,
  type Point,
} from "./change-scope.ts"
import { family, parentsOf } from "./family.ts"
import type { Lanes } from "./lane.ts"
import type { Publish } from "./record.ts"
import { requireMessage, requireSession } from "./require.ts"
import { createUndoFiles, inOrder, isToDo, type ReadyPlan } from "./undo-apply.ts"
import { planPath, type UndoPlan } from "./undo-plan.ts"
import { isCutShort, copiedIn, resultOf, unseenIn } from "./undo-result.ts"

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

/** Of the patches in a session and in each event about it; a client that wants all of them asks for the diff. */
export const MAX_TOLD_TEXT = 32 * 1024

export function createUndo(deps: UndoDeps): Undo {
  const { store, host, workspace, lanes, publish, diffs } = deps
  const { changes } = store
  const files = createUndoFiles({ contents: store.contents, roots: workspace.roots })

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

  /** Changes of which a crash left it open whether they happened: the disk says it. */
  async function settle(sessionID: string): Promise<void> {
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

  async function planAll(sessionID: string, undone: readonly Change[]): Promise<UndoPlan[]> {
    const earlier = new Map(changes.reverted(sessionID).map((one) => [one.path, one]))
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

  /**
   * Restores what is planned. Before the first file is touched it is on record what each will have been: a crash leaves
   * files that are one or the other, and both are known.
   */
  async function restore(
    sessionID: string,
    plans: UndoPlan[],
    begin: (session: Session) => Session,
  ): Promise<UndoPlan[]> {
    const earlier = new Map(changes.reverted(sessionID).map((one) => [one.path, one]))
    // Of a revert that a crash cut short.
    for (const [path] of earlier) if (await isInPlace(path)) await removeLeftover(path)
    const ready: ReadyPlan[] = []
    for (const plan of plans) ready.push(await files.ready(plan))
    await store.write((tx) => {
      for (const { plan, kept, made } of ready) {
        changes.keep(tx, sessionID, kept)
        const before = earlier.get(plan.path)
        // Without anything new to keep, the earlier record says what the file is and what it becomes.
        if (!isToDo(plan) || (before && !plan.keep)) continue
        const was = plan.keep?.was ?? plan.current
        const via = before ? { via: before.now } : {}
        changes.putReverted(tx, sessionID, { ...plan, was, now: plan.target, ...via, folders: made })
      }
      store.sessions.replace(tx, begin(get(sessionID)))
    })
    const done: UndoPlan[] = []
    for (const one of inOrder(ready)) done.push(await files.apply(one))
    await store.write((tx) => {
      for (const [index, one] of inOrder(ready).entries()) {
        const outcome = done[index]
        const before = earlier.get(one.plan.path)
        if (outcome && isToDo(one.plan)) settleReverted(tx, sessionID, { ...one, outcome, earlier: before })
      }
    })
    return done
  }

  function settleReverted(
    tx: Tx,
    sessionID: string,
    { plan, made, outcome, earlier }: ReadyPlan & { outcome: UndoPlan; earlier: Reverted | undefined },
  ): void {
    if (outcome === plan) {
      const { keep, target } = plan
      if (keep) changes.putReverted(tx, sessionID, { ...plan, was: keep.was, now: target, folders: made })
      else changes.dropReverted(tx, sessionID, plan.path)
    } else if (earlier) changes.putReverted(tx, sessionID, earlier)
    else changes.dropReverted(tx, sessionID, plan.path)
  }

  /** The session as it is after the files: with what was done told, and its numbers counted anew. */
  async function conclude(sessionID: string, undo: UndoResult, done: readonly UndoPlan[]): Promise<Session> {
    const told = withinText(await diffs.of(stepsOf(done)), MAX_TOLD_TEXT)
    const now = await current(sessionID)
    const below = await countBelow(sessionID)
    const session = await store.write((tx) => {
      for (const { sessionID: id, diff } of below) {
        const child = store.sessions.get(id)
        if (child) store.sessions.replace(tx, { ...child, summary: summaryOf(diff) })
      }
      const stored = get(sessionID)
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
  async function countBelow(sessionID: string): Promise<{ sessionID: string; diff: SnapshotFileDiff[] }[]> {
    const ids = family(sessionID, store).filter((id) => id !== sessionID && familyChanges(id, store).length > 0)
    const counted: { sessionID: string; diff: SnapshotFileDiff[] }[] = []
    for (const id of ids) {
      const diff = await current(id)
      if (!isDeepStrictEqual(get(id).summary, summaryOf(diff))) counted.push({ sessionID: id, diff })
    }
    return counted
  }

  /** What is changed and not reverted. */
  async function current(sessionID: string): Promise<SnapshotFileDiff[]> {
    return await diffs.of(netSteps(standing(sessionID, familyChanges(sessionID, store))))
  }

  /** A session's point takes back what those below it did, too. */
  function standing(sessionID: string, all: readonly Change[]): Change[] {
    const points = [sessionID, ...parentsOf(sessionID, store)].flatMap((id) => {
      const revert = store.sessions.get(id)?.revert
      return revert && store.messages.get(revert.messageID) ? [afterPoint(id, revert, store)] : []
    })
    return all.filter((change) => change.settled && !points.some((after) => after.has(change)))
  }

  /** The part that names the changed files of the point's message, with those that calls before the point changed. */
  function remainingPatch(sessionID: string, messageID: string, after: AfterPoint): PartOf<"patch"> | undefined {
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

  async function takeBack(sessionID: string, given: Point): Promise<Session> {
    const point = requirePoint(sessionID, given, store)
    await settle(sessionID)
    const after = afterPoint(sessionID, point, store)
    const all = familyChanges(sessionID, store)
    const undone = all.filter(after.has)
    const unseen = [
      ...unseenIn(undone, family(sessionID, store), after, deps),
      ...copiedIn(sessionID, after, all, store),
    ]
    const snapshot = stateID(sessionID, all.at(-1)?.position ?? 0)
    const done = await restore(sessionID, await planAll(sessionID, undone), ({ undo: _, ...session }) => ({
      ...session,
      revert: { ...point, snapshot },
    }))
    return conclude(sessionID, resultOf("revert", done, unseen), done)
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

  /** Who only reads is shown what there is when it cannot be finished now: somebody is at it, or the disk is full. */
  async function finishToRead(sessionID: string): Promise<void> {
    try {
      await finish(sessionID)
    } catch (error) {
      if (!isFault(error, "busy") && !isFault(error, "storage")) throw error
    }
  }

  return {
    revert: (sessionID, given) => alone(sessionID, () => takeBack(sessionID, given)),

    finish,

    unrevert: (sessionID) =>
      alone(sessionID, async () => {
        if (!get(sessionID).revert) return get(sessionID)
        const done = await restore(sessionID, await planAll(sessionID, []), ({ undo: _, ...session }) => session)
        await store.write((tx) => {
          changes.dropReverted(tx, sessionID)
          const { revert: _, ...session } = get(sessionID)
          store.sessions.replace(tx, session)
        })
        return conclude(sessionID, resultOf("unrevert", done, []), done)
      }),

    async diff(sessionID, messageID) {
      get(sessionID)
      if (messageID === undefined) {
        // Otherwise the diff would go by the point, and the session's own numbers by what was before it.
        await finishToRead(sessionID)
        return current(sessionID)
      }
      requireMessage(sessionID, messageID, store)
      return diffs.of(netSteps(changesOf(sessionID, messageID, store).filter(({ settled }) => settled)))
    },

    makeFinal(tx, sessionID) {
      const { revert, undo, ...session } = get(sessionID)
      if (!revert && !undo) return () => {}
      store.sessions.replace(tx, session)
      if (!revert || !store.messages.get(revert.messageID)) return () => {}
      const after = afterPoint(sessionID, revert, store)
      for (const { position } of familyChanges(sessionID, store).filter(after.has)) changes.undo(tx, position)
      changes.dropReverted(tx, sessionID)
      const { messageID } = revert
      const patch = remainingPatch(sessionID, messageID, after)
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
    },
  }
}

const stepsOf = (done: readonly UndoPlan[]) =>
  done.filter(isToDo).map(({ path, place, current, target }) => ({ path, place, before: current, after: target }))
