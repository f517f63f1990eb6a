import type { EventProperties, EventType } from "@opencode/protocol/event.ts"
import type { AssistantMessage, MessageWithParts } from "@opencode/protocol/message.ts"
import type { Part, PartOf } from "@opencode/protocol/part.ts"
import type { Host } from "../lib/host.ts"
import type { Lease } from "../store/lease-store.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"
import type { WriteOptions } from "../store/writer.ts"

/**
 * One answer of the model while it is being written. Clients hear of every change at once; the store at durable points.
 *
 * Parts are replaced, never changed: a published part stays as it was. Text streams as deltas, which are stored only as
 * what came since the last checkpoint, and never again unless the complete part says something else. Reads overlay the
 * open record.
 */
export interface StepRecord {
  readonly message: AssistantMessage
  readonly parts: Part[]
  update(change: Partial<AssistantMessage>): void
  /** Notes the hash of the prompts that the answer is made with; stored with the next commit. */
  madeWith(prompts: string): void
  /** Adds a part, or replaces the one with its id. */
  put(part: Part): void
  /** Replaces a part without telling anybody: what a half-written call looks like matters to readers and crashes only. */
  hold(part: Part): void
  /** Adds to the text of an open text or reasoning part. */
  append(partID: string, delta: string): void
  /** Publishes the delta that is still being gathered: whoever reads the parts next has all that was published, no more. */
  flush(): void
  /** Takes back everything after the first `keep` parts: a failed attempt, before it is made again. */
  discard(keep: number): void
  /** Stores what changed, and whatever belongs to the same durable point, in one transaction. Survives a power cut. */
  commit(also: (tx: Tx) => void): Promise<void>
  /** The last commit: the message as it stays. Announces it with its parts. */
  complete(change: Partial<AssistantMessage>, also?: (tx: Tx) => void): Promise<void>
}

export type Publish = <Type extends EventType>(type: Type, properties: EventProperties<Type>) => void

export interface RecordDeps {
  store: Store
  host: Pick<Host, "now" | "monotonic">
  publish: Publish
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

/** Between two deltas of one part: a screen shows 60 pictures a second, and no reader needs more. */
const DELTA_MS = 16

/** An answer can be asked for again: a power cut may cost the last of it, a crash of this process may not. */
const QUICK = { durability: "process" } as const

/** @property from of streamed text, how much of it is stored; undefined stores the part as a whole. */
interface Saving {
  part: Part
  index: number
  from: number | undefined
}

type TextLike = PartOf<"text"> | PartOf<"reasoning">
const isTextLike = (part: Part | undefined): part is TextLike => part?.type === "text" || part?.type === "reasoning"

/**
 * Inserts the message row, so that its place in the order is fixed, and announces it.
 * @param isCurrent asked inside the transaction; when it says no, nothing is written and there is no record
 */
export async function openRecord(
  message: AssistantMessage,
  lease: Lease,
  deps: RecordDeps,
  isCurrent: () => boolean = () => true,
): Promise<StepRecord | undefined> {
  const { store, host, publish } = deps
  const insert = (tx: Tx): boolean => isCurrent() && store.messages.put(tx, message) > 0
  if (!(await store.turnWrite(lease, insert, QUICK))) return undefined
  publish("message.created", { sessionID: message.sessionID, info: message })
  publish("message.updated", { sessionID: message.sessionID, info: message })

  const { sessionID } = message
  let info = message
  let prompts: string | undefined
  const parts = new Map<string, Part>()
  const dirty = new Set<string>()
  const removed = new Set<string>()
  /** The text that the store has in pieces, by part. Present from its first checkpoint on. */
  const stored = new Map<string, string>()
  let pending: { partID: string; text: string } | undefined
  let deltaTimer: NodeJS.Timeout | undefined
  let lastDelta = -Infinity
  let lastCheckpoint = host.monotonic()
  let checkpoints = 0
  let checkpoint = Promise.resolve()
  /** Writes under way. */
  let writing = 0

  function flushDelta(): void {
    clearTimeout(deltaTimer)
    deltaTimer = undefined
    if (!pending) return
    const { partID, text } = pending
    pending = undefined
    lastDelta = host.monotonic()
    publish("message.part.delta", { sessionID, messageID: info.id, partID, field: "text", delta: text })
  }

  /**
   * What the next write does for a part. Until it is known that it did, nothing counts as stored. Half a character that
   * a model sent survives only in a part that is stored as a whole.
   */
  function saving(part: Part): Saving {
    const before = stored.get(part.id)
    stored.delete(part.id)
    const goesOn = before !== undefined && isTextLike(part) && part.text.startsWith(before)
    return { part, index: [...parts.keys()].indexOf(part.id), from: goesOn ? before.length : undefined }
  }

  const savingWhole = (part: Part): Saving =>
    isTextLike(part) && !part.text.isWellFormed() ? { ...saving(part), from: undefined } : saving(part)

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
    const closed = [...dirty].flatMap((id) => (id === partID ? [] : (parts.get(id) ?? []))).map(savingWhole)
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

  return {
    get message() {
      return info
    },
    get parts() {
      return [...parts.values()]
    },

    update(change) {
      flushDelta()
      info = { ...info, ...change }
      publish("message.updated", { sessionID, info })
    },

    madeWith: (hash) => void (prompts = hash),

    put(part) {
      flushDelta()
      parts.set(part.id, part)
      dirty.add(part.id)
      publish("message.part.updated", { sessionID, part, time: host.now() })
    },

    hold(part) {
      parts.set(part.id, part)
      dirty.add(part.id)
    },

    append(partID, delta) {
      const part = parts.get(partID)
      if (!isTextLike(part) || !delta) return
      parts.set(partID, { ...part, text: part.text + delta })
      dirty.add(partID)
      if (pending && pending.partID !== partID) flushDelta()
      pending = { partID, text: (pending?.text ?? "") + delta }
      const wait = DELTA_MS - (host.monotonic() - lastDelta)
      if (wait <= 0) flushDelta()
      else deltaTimer ??= setTimeout(flushDelta, wait)
      saveOpenText(partID)
    },

    flush: flushDelta,

    discard(keep) {
      flushDelta()
      for (const part of [...parts.values()].slice(keep)) {
        parts.delete(part.id)
        dirty.delete(part.id)
        stored.delete(part.id)
        removed.add(part.id)
        publish("message.part.removed", { sessionID, messageID: info.id, partID: part.id })
      }
    },

    commit: (also) => commit(also),

    async complete(change, also) {
      info = { ...info, ...change }
      await commit(also, QUICK)
      publish("message.updated", { sessionID, info, parts: [...parts.values()] })
    },
  }

  async function commit(also?: (tx: Tx) => void, options: WriteOptions = {}): Promise<void> {
    flushDelta()
    await checkpoint
    const changed = [...dirty].flatMap((id) => parts.get(id) ?? []).map(savingWhole)
    const gone = [...removed]
    const committed = info
    dirty.clear()
    removed.clear()
    writing++
    const write = store.turnWrite(
      lease,
      (tx) => {
        store.messages.put(tx, committed, prompts)
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
}

/** The records that are open in this process, by session: what reads lay over the stored rows. */
export interface OpenRecords {
  add(record: StepRecord): void
  remove(record: StepRecord): void
  /** A stored message, or what it is by now while it is still being written. */
  shown(stored: MessageWithParts): MessageWithParts
  /** Parts that are still being written: what a client that just connected needs to follow their deltas. */
  openParts(): Part[]
}

export function createOpenRecords(): OpenRecords {
  const records = new Map<string, StepRecord>()
  return {
    add: (record) => void records.set(record.message.id, record),
    remove: (record) => void records.delete(record.message.id),
    shown(stored) {
      const record = records.get(stored.info.id)
      record?.flush()
      return record?.message.sessionID === stored.info.sessionID
        ? { info: record.message, parts: record.parts }
        : stored
    },
    openParts: () =>
      [...records.values()].flatMap((record) => {
        record.flush()
        return record.parts.filter(isOpen)
      }),
  }
}

function isOpen(part: Part): boolean {
  if (part.type === "tool") return part.state.status === "pending" || part.state.status === "running"
  return isTextLike(part) && part.time !== undefined && part.time.end === undefined
}
