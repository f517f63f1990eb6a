import type { Frame } from "@opencode/core/bus/bus.ts"

/**
 * Frames on their way to one client. Bounded: for a client that reads slowly, what waits is first made less, and then the
 * client is given up. Who reads to the end knows the same in either case:
 * - pieces of text of one part become one piece;
 * - of two states of one thing the newer takes the place of the older, with the older's number, so that a client that
 *   loses its connection in between still asks for all that it has not seen; pieces of text that the state holds go;
 * - nothing moves past a frame of another kind (an end, a question, a removal), and none of those is ever left out.
 */
export interface FrameQueue {
  /** What a stream begins with. However much it is, it says nothing of how the client reads: it waits beside what may. */
  begin(frames: Frame[]): void
  /** @returns false when there is no more room: the client is to be cut off */
  push(frame: Frame): boolean
  /** The oldest frames as text, about as much as a socket takes at once; empty when there are none. */
  take(): string
}

/** Characters that may wait for one client, beside one last frame. The text of a frame exists once, however many clients wait for it. */
const MAX_WAITING = 4_000_000
/** From here on frames are merged: less than this is on its way to any healthy client. */
const MERGE_ABOVE = 64_000
/** Characters taken at once: the rest stays where it can still be merged. */
const TAKE = 64_000

interface Entry {
  frame: Frame
  /** What the client is told: that of the first frame in this place. */
  number: string | undefined
  weight: number
  /** Of a piece of text: further text of the same part and field. */
  more?: string
  /** A newer state holds it. */
  isGone?: true
}

/** @param render a frame's JSON as it is sent, and its number */
export function createFrameQueue(
  render: (frame: Frame, json: string, number: string | undefined) => string,
): FrameQueue {
  const entries: Entry[] = []
  /** Pieces of text that wait, by part: those after its last state. */
  const pieces = new Map<string, Entry[]>()
  /** States that a newer one may replace, by what they are a state of. */
  const states = new Map<string, Entry>()
  let waiting = 0
  let most = MAX_WAITING

  function add(frame: Frame): Entry {
    const entry: Entry = { frame, number: frame.number, weight: frame.weight }
    entries.push(entry)
    waiting += entry.weight
    return entry
  }

  function pushPiece(frame: Frame, { partID, field, delta }: Piece): void {
    const open = pieces.get(partID) ?? []
    pieces.set(partID, open)
    const same = open.findLast((entry) => pieceOf(entry.frame)?.field === field)
    if (!same || waiting <= MERGE_ABOVE) return void open.push(add(frame))
    same.more = (same.more ?? "") + delta
    same.weight += delta.length
    waiting += delta.length
  }

  function pushState(frame: Frame, thing: string): void {
    const older = states.get(thing)
    const partID = partOf(frame)
    if (!older || waiting <= MERGE_ABOVE) {
      states.set(thing, add(frame))
    } else {
      for (const piece of (partID !== undefined && pieces.get(partID)) || []) {
        piece.isGone = true
        waiting -= piece.weight
      }
      waiting += frame.weight - older.weight
      older.frame = frame
      older.weight = frame.weight
    }
    if (partID !== undefined) pieces.delete(partID)
  }

  function push(frame: Frame): boolean {
    const before = waiting <= most ? waiting : waiting - heaviest(entries)
    const piece = pieceOf(frame)
    const thing = thingOf(frame)
    if (piece) pushPiece(frame, piece)
    else if (thing !== undefined) pushState(frame, thing)
    else {
      pieces.clear()
      states.clear()
      add(frame)
    }
    // One frame may be larger than all that may wait (a file that was written whole): a client that keeps up gets it,
    // and what is told in the same moment.
    return before <= most
  }

  return {
    begin(frames) {
      for (const frame of frames) push(frame)
      most = MAX_WAITING + waiting
    },

    push,

    take() {
      let text = ""
      let count = 0
      for (const entry of entries) {
        count++
        if (entry.isGone) continue
        const { frame, number, weight, more } = entry
        text += render(frame, more === undefined ? frame.json() : jsonOf(frame, more), number)
        waiting -= weight
        forget(frame, entry)
        if (text.length >= TAKE) break
      }
      entries.splice(0, count)
      return text
    },
  }

  /** What was sent takes nothing more in. */
  function forget(frame: Frame, entry: Entry): void {
    const partID = pieceOf(frame)?.partID
    if (partID !== undefined) {
      const left = pieces.get(partID)?.filter((other) => other !== entry) ?? []
      if (left.length > 0) pieces.set(partID, left)
      else pieces.delete(partID)
    }
    const thing = thingOf(frame)
    if (thing !== undefined && states.get(thing) === entry) states.delete(thing)
  }
}

const heaviest = (entries: readonly Entry[]): number =>
  entries.reduce((most, { weight, isGone }) => (isGone ? most : Math.max(most, weight)), 0)

interface Piece {
  partID: string
  field: string
  delta: string
}

const pieceOf = ({ type, properties }: Frame): Piece | undefined =>
  type === "message.part.delta" && "delta" in properties ? (properties as Piece) : undefined

const partOf = ({ type, properties }: Frame): string | undefined =>
  type === "message.part.updated" && "part" in properties ? properties.part.id : undefined

/** What the frame tells the whole state of; undefined for all that no later frame makes needless. */
function thingOf({ type, properties }: Frame): string | undefined {
  switch (type) {
    case "message.part.updated":
      return "part" in properties ? `part ${properties.part.id}` : undefined
    case "message.updated":
    case "session.updated":
      // The update that completes a message has its parts, which have to come after what was told of them.
      return "info" in properties && !("parts" in properties) ? properties.info.id : undefined
    case "server.heartbeat":
      return type
    case "session.status":
    case "todo.updated":
      return "sessionID" in properties ? `${type} ${properties.sessionID}` : undefined
    default:
      return undefined
  }
}

function jsonOf({ id, type, properties }: Frame, more: string): string {
  const { delta } = properties as Piece
  return JSON.stringify({ id, type, properties: { ...properties, delta: delta + more } })
}
