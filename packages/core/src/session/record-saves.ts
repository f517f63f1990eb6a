import type { AssistantMessage } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { Host } from "../lib/host.ts"
import type { Lease } from "../store/lease-store.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"
import type { WriteOptions } from "../store/writer.ts"
import { isTextLike } from "./text-like.ts"

/**
 * What of a record is in the store, and what has yet to be. Text that streams is stored in pieces: as what came since
 * the last checkpoint, and never again unless the complete part says something else. Until it is known that a write
 * did what it was to do, nothing of it counts as stored.
 */
export interface RecordSaves {
  /** The part is not stored as it is now. */
  changed(partID: string): void
  /** The part is no longer among those of the record. */
  removed(partID: string): void
  /** Stores the text of an open part, when it is time, beside what was completed since the last durable point. */
  checkpoint(partID: string): void
  /** Resolves when no checkpoint is under way. */
  settled(): Promise<void>
  /** A durable point: stores all that is not stored yet, in one transaction. What fails is there again for the next. */
  commit(point: DurablePoint, options?: WriteOptions): Promise<void>
}

interface DurablePoint {
  message: AssistantMessage
  /** The hash of the prompts that the answer is made with. */
  prompts: string | undefined
  /** Whatever belongs to the same point. */
  also?: ((tx: Tx) => void) | undefined
}

interface RecordSavesDeps {
  store: Store
  host: Pick<Host, "monotonic">
  lease: Lease
  /** The parts of the record, in their order. */
  parts: ReadonlyMap<string, Part>
}

/** Between two checkpoints of streaming text at the least. */
const CHECKPOINT_MS = 500
/** Between two checkpoints at the most: what a crash may lose of text that comes slowly. */
const SLOW_CHECKPOINT_MS = 10_000
/** A checkpoint writes about 10 KB of pages, whatever it stores: for text of this size that is in proportion. */
const CHECKPOINT_CHARACTERS = 8_000

/**
 * Much text is stored twice a second. Little text is stored at growing intervals, so that an answer that trickles for
 * minutes does not write a hundred times what it says.
 */
export const isCheckpointDue = (elapsedMs: number, characters: number, before: number): boolean =>
  elapsedMs >= CHECKPOINT_MS &&
  (characters >= CHECKPOINT_CHARACTERS || elapsedMs >= Math.min(SLOW_CHECKPOINT_MS, CHECKPOINT_MS * 1.7 ** before))

/** Without the first half of a character whose second has yet to come: the pieces are stored each for itself. */
const wholeCharacters = (text: string): string => {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text
}

/** An answer can be asked for again: a power cut may cost the last of it, a crash of this process may not. */
export const QUICK = { durability: "process" } as const

/** @property from of streamed text, how much of it is stored; undefined stores the part as a whole. */
interface Saving {
  part: Part
  index: number
  from: number | undefined
}

export function createRecordSaves({ store, host, lease, parts }: RecordSavesDeps): RecordSaves {
  const dirty = new Set<string>()
  const removed = new Set<string>()
  /** The text that the store has in pieces, by part. Present from its first checkpoint on. */
  const stored = new Map<string, string>()
  let lastCheckpoint = host.monotonic()
  let checkpoints = 0
  let checkpoint = Promise.resolve()
  /** Writes under way. */
  let writing = 0

  /** What the next write does for a part. */
  function saving(part: Part): Saving {
    const before = stored.get(part.id)
    stored.delete(part.id)
    const goesOn = before !== undefined && isTextLike(part) && part.text.startsWith(before)
    return { part, index: [...parts.keys()].indexOf(part.id), from: goesOn ? before.length : undefined }
  }

  /** Half a character that a model sent survives only in a part that is stored as a whole. */
  const savingWhole = (part: Part): Saving =>
    isTextLike(part) && !part.text.isWellFormed() ? { ...saving(part), from: undefined } : saving(part)

  const savingDirty = (except?: string): Saving[] =>
    [...dirty].flatMap((id) => (id === except ? [] : (parts.get(id) ?? []))).map(savingWhole)

  function save(tx: Tx, { part, index, from }: Saving): void {
    if (from !== undefined && isTextLike(part)) store.parts.extend(tx, part, from, index)
    else store.parts.put(tx, part, index)
  }

  /** Not while another write is under way, which may store the same part again. */
  function noteSaved(all: Saving[]): void {
    if (writing > 1) return
    for (const { part, from } of all) if (from !== undefined && isTextLike(part)) stored.set(part.id, part.text)
  }

  function saveOpenText(partID: string): void {
    const open = parts.get(partID)
    if (!isTextLike(open) || writing > 0) return
    const now = host.monotonic()
    const fresh = open.text.length - (stored.get(partID)?.length ?? 0)
    // Before anything that looks into the text, which is asked for at each delta.
    if (!isCheckpointDue(now - lastCheckpoint, fresh, checkpoints)) return
    const text = wholeCharacters(open.text)
    lastCheckpoint = now
    checkpoints++
    // What was completed since the last durable point, so that a crash does not lose what stands before the open text.
    const closed = savingDirty(partID)
    const { part, index, from = 0 } = saving({ ...open, text })
    const one = { part, index, from }
    writing++
    const write = store.turnWrite(
      lease,
      (tx) => {
        for (const other of closed) save(tx, other)
        if (from === 0) save(tx, one)
        else store.parts.appendTail(tx, partID, text.slice(from))
      },
      QUICK,
    )
    checkpoint = write
      .then(
        () => {
          noteSaved([...closed, one])
          for (const { part } of closed) if (parts.get(part.id) === part) dirty.delete(part.id)
        },
        // The next one stores the whole part; until then the text is safe in memory.
        () => {},
      )
      .finally(() => writing--)
  }

  async function commit({ message, prompts, also }: DurablePoint, options: WriteOptions = {}): Promise<void> {
    const changed = savingDirty()
    const gone = [...removed]
    dirty.clear()
    removed.clear()
    writing++
    const write = store.turnWrite(
      lease,
      (tx) => {
        store.messages.put(tx, message, prompts)
        for (const one of changed) save(tx, one)
        for (const id of gone) store.parts.remove(tx, id)
        also?.(tx)
      },
      options,
    )
    try {
      await write
      noteSaved(changed)
    } catch (error) {
      // The next commit gets another chance with all of it.
      for (const { part } of changed) if (parts.has(part.id)) dirty.add(part.id)
      for (const id of gone) removed.add(id)
      throw error
    } finally {
      writing--
    }
  }

  return {
    changed: (partID) => void dirty.add(partID),
    removed(partID) {
      dirty.delete(partID)
      stored.delete(partID)
      removed.add(partID)
    },
    checkpoint: saveOpenText,
    settled: () => checkpoint,
    commit,
  }
}
