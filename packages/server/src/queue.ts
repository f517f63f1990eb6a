import type { Frame } from "@opencode/core/bus/bus.ts"

/**
 * Frames on their way to one client. Bounded: a client that reads slowly first gets its deltas merged, and is then given
 * up. A delta is merged only with one after which nothing but deltas came, so every client ends with the same text.
 */
export interface FrameQueue {
  /** @returns false when there is no more room: the client is to be cut off */
  push(frame: Frame): boolean
  /** The oldest frames as text, about as much as a socket takes at once; empty when there are none. */
  take(): string
}

/** Characters that may wait for one client, beside one last frame. The text of a frame exists once, however many clients wait for it. */
const MAX_WAITING = 4_000_000
/** From here on deltas are merged: less than this is on its way to any healthy client. */
const MERGE_ABOVE = 64_000
/** Characters taken at once: the rest stays where it can still be merged. */
const TAKE = 64_000

interface Entry {
  frame: Frame
  weight: number
  /** Of a delta: which part and field it goes to. */
  key?: string
  /** Further text of the same part and field. */
  more?: string
}

/** @param render a frame's JSON as it is sent */
export function createFrameQueue(render: (frame: Frame, json: string) => string): FrameQueue {
  const entries: Entry[] = []
  /** Deltas that later ones may join. */
  const joinable = new Map<string, Entry>()
  let waiting = 0

  function join(key: string, frame: Frame): boolean {
    const entry = waiting > MERGE_ABOVE ? joinable.get(key) : undefined
    if (!entry) return false
    const { delta } = frame.properties as { delta: string }
    entry.more = (entry.more ?? "") + delta
    entry.weight += delta.length
    waiting += delta.length
    return true
  }

  return {
    push(frame) {
      const key = keyOf(frame)
      if (key === undefined) joinable.clear()
      else if (join(key, frame)) return waiting <= MAX_WAITING
      const before = waiting
      const entry: Entry = { frame, weight: frame.json().length, ...(key === undefined ? {} : { key }) }
      entries.push(entry)
      if (key !== undefined) joinable.set(key, entry)
      waiting += entry.weight
      // One frame may be larger than all that may wait (a file that was written whole): a client that keeps up gets it.
      return before <= MAX_WAITING
    },

    take() {
      let text = ""
      let count = 0
      for (const { frame, weight, key, more } of entries) {
        text += render(frame, more === undefined ? frame.json() : jsonOf(frame, more))
        waiting -= weight
        if (key !== undefined && joinable.get(key)?.frame === frame) joinable.delete(key)
        count++
        if (text.length >= TAKE) break
      }
      entries.splice(0, count)
      return text
    },
  }
}

function keyOf({ type, properties }: Frame): string | undefined {
  if (type !== "message.part.delta" || !("delta" in properties)) return undefined
  return `${properties.partID} ${properties.field}`
}

function jsonOf({ id, type, properties }: Frame, more: string): string {
  const { delta } = properties as { delta: string }
  return JSON.stringify({ id, type, properties: { ...properties, delta: delta + more } })
}
