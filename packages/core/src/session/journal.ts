import { lstat } from "node:fs/promises"
import type { Effect } from "../store/intent-store.ts"
import type { FileState, NewChange, StoredContent } from "../store/change-store.ts"
import type { Store } from "../store/store.ts"
import type { Log } from "../lib/log.ts"
import type { Journal, PlannedFile } from "../tool/tool.ts"
import { findState, isSameState, missingFolders } from "../workspace/file-state.ts"
import { pathBytes } from "../workspace/odd-path.ts"
import type { Observed, ObservedState, Snapshots, Unseen } from "../workspace/snapshot.ts"

/**
 * Puts on record what calls do to files. A made change is on record before it is done; what a command did is found
 * afterwards. A command is never kept from running by what cannot be kept of its changes: then that is on record.
 */
export interface ChangeJournal {
  /** For the tools of one call. */
  of(call: CallKey): Journal
  /** Runs a call, and puts on record what it did to files, where its tool does not. */
  around<T>(call: CallKey, kind: CallKind, run: () => Promise<T>): Promise<T>
  /** Whether calls of this answer changed something since it was last asked. */
  hasChanged(messageID: string): boolean
  /** Made changes that have happened and are not settled in the store: what they left. */
  unsettled(messageID: string): ReadonlyMap<number, FileState>
  /** What `unsettled` gave is settled. */
  settled(messageID: string): void
  close(): void
}

export interface CallKey {
  sessionID: string
  messageID: string
  callID: string
}

export interface CallKind {
  effect: Effect
  recordsChanges?: true
  onlyReads?: boolean
}

export interface JournalDeps {
  store: Store
  log: Log
  /** Names the folder of contents: the project. */
  place: string
  /** Absent: what commands change is not kept. */
  snapshots?: Snapshots
  /** Whether that is switched off now. */
  isOff?(): boolean
}

/** Neither the outcome of a command nor an edit has to wait for the disk twice: the bytes are there already. */
const QUICK = { durability: "process" } as const
const OFF: Unseen = { unseen: "snapshots are switched off in the configuration" }

/** A command at work, and what others are known to have done to files meanwhile. */
interface Watch {
  callID: string
  others: Map<string, FileState>
}

export function createJournal({ store, log, place, snapshots, isOff = () => false }: JournalDeps): ChangeJournal {
  const { changes, contents } = store
  const watches = new Set<Watch>()
  const changed = new Set<string>()
  const happened = new Map<string, Map<number, FileState>>()

  async function plan(call: CallKey, file: PlannedFile) {
    const { path, after: bytes } = file
    const found = "before" in file ? await stateOf(path, file.before) : await findState(path)
    const kept: StoredContent[] = []
    if (found.bytes) kept.push(await contents.put(place, found.bytes))
    let after: FileState = { kind: "absent" }
    if (bytes) {
      const content = await contents.put(place, bytes)
      kept.push(content)
      // Which mode a new file gets is known when it is there.
      const mode = found.state.kind === "file" ? found.state.mode : 0
      after = { kind: "file", mode, size: bytes.length, hash: content.hash }
    }
    const folders = found.state.kind === "absent" && bytes ? await missingFolders(path) : 0
    const change: NewChange = {
      ...call,
      kind: "made",
      place,
      path,
      before: found.state,
      after,
      folders,
      settled: false,
    }
    return { change, kept }
  }

  /** What was there before somebody else made the change. The mode is what it has now: whoever writes keeps it. */
  async function stateOf(path: string, bytes: Buffer | undefined): ReturnType<typeof findState> {
    if (bytes === undefined) return { state: { kind: "absent" } }
    const { state } = await findState(path)
    const { hash } = await contents.put(place, bytes)
    return { state: { kind: "file", mode: state.kind === "file" ? state.mode : 0, size: bytes.length, hash }, bytes }
  }

  async function changing<T>(call: CallKey, files: PlannedFile[], act: () => Promise<T>): Promise<T> {
    const plans = []
    for (const file of files) plans.push(await plan(call, file))
    const noted = plans.filter(({ change }) => !isSameState(change.before, change.after))
    const positions = await store.write((tx) => {
      for (const { kept } of noted) changes.keep(tx, call.sessionID, kept)
      return noted.map(({ change }) => changes.add(tx, change))
    })
    const rows = noted.map(({ change }, index) => ({ change, position: positions[index] ?? 0 }))
    try {
      const result = await act()
      for (const { change, position } of rows) await note(position, change)
      return result
    } catch (error) {
      for (const { change, position } of rows) await noteFailed(position, change)
      throw error
    }
  }

  /** It was done: what it left is what it said, with the mode that the system gave. */
  async function note(position: number, { path, after, messageID, callID }: NewChange): Promise<void> {
    const stat = await lstat(pathBytes(path)).catch(() => undefined)
    const left = after.kind === "file" && stat?.isFile() ? { ...after, mode: stat.mode & 0o7777 } : after
    const ofMessage = happened.get(messageID) ?? new Map<number, FileState>()
    happened.set(messageID, ofMessage.set(position, left))
    changed.add(messageID)
    for (const watch of watches) if (watch.callID !== callID) watch.others.set(path, left)
  }

  /** It failed, perhaps half-way: what the disk says decides whether it happened. */
  async function noteFailed(position: number, change: NewChange): Promise<void> {
    const { state } = await findState(change.path)
    if (isSameContent(state, change.after)) await note(position, change)
    else if (isSameState(state, change.before)) await store.write((tx) => changes.drop(tx, position), QUICK)
  }

  async function record(call: CallKey, found: Observed[] | Unseen, others: Watch["others"]): Promise<void> {
    const rows: NewChange[] = []
    const kept: StoredContent[] = []
    const base = { ...call, place, kind: "observed" as const, settled: true }
    if ("unseen" in found) {
      const nothing = { path: "", before: UNKNOWN, after: UNKNOWN, folders: 0 }
      rows.push({ ...base, ...nothing, kind: "unseen", note: found.unseen })
    } else {
      for (const { path, before, after, folders } of found) {
        const left = await keep(after, kept)
        const known = others.get(path)
        if (known && isSameState(known, left)) continue
        rows.push({ ...base, path, before: known ?? (await keep(before, kept)), after: left, folders })
      }
    }
    if (rows.length === 0) return
    await store.write((tx) => {
      changes.keep(tx, call.sessionID, kept)
      for (const row of rows) changes.add(tx, row)
    }, QUICK)
    changed.add(call.messageID)
  }

  async function keep({ state, read }: ObservedState, kept: StoredContent[]): Promise<FileState> {
    const bytes = state.kind === "file" ? read?.() : undefined
    if (!bytes) return state
    const content = await contents.put(place, bytes, { quick: true })
    kept.push(content)
    return { ...state, hash: content.hash } as FileState
  }

  /** @returns what tells it, whatever goes wrong */
  async function look<T extends object>(act: () => Promise<T>): Promise<T | Unseen> {
    try {
      return await act()
    } catch (error) {
      log.error("the files could not be looked at", { error })
      return { unseen: "the files could not be looked at" }
    }
  }

  return {
    of: (call) => ({ changing: (files, act) => changing(call, files, act) }),

    async around(call, { effect, recordsChanges, onlyReads }, run) {
      if (effect !== "unsafe" || recordsChanges || onlyReads) return run()
      const watch: Watch = { callID: call.callID, others: new Map() }
      const window = snapshots && !isOff() ? await look(() => snapshots.begin()) : OFF
      watches.add(watch)
      try {
        return await run()
      } finally {
        watches.delete(watch)
        const found = "unseen" in window ? window : await look(() => window.end())
        await record(call, found, watch.others).catch((error: unknown) => {
          log.error("the changes of a command could not be put on record", { ...call, error })
        })
      }
    },

    hasChanged: (messageID) => changed.delete(messageID),
    unsettled: (messageID) => happened.get(messageID) ?? new Map(),
    settled: (messageID) => void happened.delete(messageID),
    close: () => snapshots?.close(),
  }
}

const UNKNOWN: FileState = { kind: "unknown" }

const isSameContent = (a: FileState, b: FileState): boolean =>
  a.kind === "file" && b.kind === "file" ? isSameState({ ...a, mode: b.mode }, b) : isSameState(a, b)
