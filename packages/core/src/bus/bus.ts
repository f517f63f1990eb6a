import { events, type Event, type EventType } from "@opencode/protocol/event.ts"
import type { Host } from "../lib/host.ts"
import { charactersIn } from "../lib/weight.ts"

/**
 * Numbered, bounded fan-out of everything that happens.
 *
 * `state` and `must` frames carry a number from one counter of this process; each workspace keeps its newest ones so
 * that a client that lost its connection can go on where it stopped. `flow` frames (pieces of streams) carry none and
 * are kept nowhere. Values in a frame are never changed after they were published.
 */

/** Frames a workspace keeps for resuming. A tool step publishes about ten; this is several minutes of work. */
const RING_FRAMES = 1_000
/** Characters of large bodies those frames may hold between them, so that tool output cannot fill the memory. */
const RING_CHARACTERS = 2_000_000
/** What a frame weighs without its texts. */
const FRAME_CHARACTERS = 500

/** Roughly how many characters an event keeps alive. */
export const weightOf = ({ properties }: Pick<Event, "properties">): number =>
  FRAME_CHARACTERS + charactersIn(properties)

export interface Scope {
  directory: string
  projectID: string
}

export interface Frame {
  /** `<epoch>-<n>` of numbered frames. */
  number?: string
  id: string
  scope?: Scope
  /** It happened in another process and is only passed on here. */
  isPeers?: true
  type: EventType
  properties: Event["properties"]
  /** See `weightOf`. */
  weight: number
  /** The event as JSON, made once however many clients read it: `{"id":…,"type":…,"properties":…}`. */
  json(): string
}

export interface Subscription {
  /** Whether every numbered frame since `after` was delivered; false means: read everything again. */
  resumed: boolean
  /** Where the subscription begins: behind the frame of this number. */
  since: string
  close(): void
}

export interface Bus {
  /** Changes with each start of the process: numbers of another epoch cannot be resumed. */
  epoch: string
  publish(scope: Scope | undefined, event: Event, options?: { isPeers: true }): void
  /**
   * Hands over every later frame in order. The sink must not throw and must not wait.
   * @param filter.directory only this workspace's frames; absent means all
   * @param filter.isInner a part of the program listens, and no client
   * @param filter.after number of the last frame the client saw; what it missed is delivered first
   */
  subscribe(filter: { directory?: string; after?: string; isInner?: true }, sink: (frame: Frame) => void): Subscription
  /** For another process: what happens in this one, and nothing that it passes on itself. */
  subscribePeer(sink: (frame: Frame) => void): Pick<Subscription, "close">
  /** What is kept of what happened here, oldest first. */
  kept(): Frame[]
  /** Whether a client would hear what happens in the folder, here or through another process. */
  isHeard(directory: string): boolean
  /** How many listen in this process. */
  subscribers(): number
  /** Forgets a workspace's frames. */
  forget(directory: string): void
}

interface Kept {
  n: number
  frame: Frame
}

interface Ring {
  kept: Kept[]
  weight: number
  /** Number of the newest frame that is no longer kept. */
  lost: number
}

export function createBus(host: Host): Bus {
  const epoch = host.id("evt").slice(-8)
  const rings = new Map<string, Ring>()
  const sinks = new Set<{ directory?: string; isInner?: true; sink: (frame: Frame) => void }>()
  const peers = new Set<(frame: Frame) => void>()
  let count = 0
  /** The newest number that a workspace had when it was forgotten: none before it can be resumed where there is no ring. */
  let forgotten = 0

  function keep(directory: string, kept: Kept): void {
    const ring = rings.get(directory) ?? { kept: [], weight: 0, lost: forgotten }
    rings.set(directory, ring)
    ring.kept.push(kept)
    ring.weight += kept.frame.weight
    while (ring.kept.length > RING_FRAMES || ring.weight > RING_CHARACTERS) {
      const oldest = ring.kept.shift()
      if (!oldest) break
      ring.weight -= oldest.frame.weight
      ring.lost = oldest.n
    }
  }

  function missed(directory: string | undefined, after: number): Frame[] | undefined {
    const ring = directory === undefined ? undefined : rings.get(directory)
    if (!ring && forgotten > after) return undefined
    const chosen = directory === undefined ? [...rings.values()] : ring ? [ring] : []
    if (chosen.some(({ lost }) => lost > after)) return undefined
    return inOrder(chosen.flatMap(({ kept }) => kept.filter(({ n }) => n > after)))
  }

  const newest = (): Frame[] => inOrder([...rings.values()].flatMap((ring) => ring.kept))

  return {
    epoch,

    publish(scope, event, options) {
      const isPeers = options?.isPeers ?? false
      const numbered = events[event.type].delivery !== "flow"
      if (!numbered && sinks.size + peers.size === 0) return
      const n = numbered ? ++count : 0
      const frame = createFrame(host.id("evt"), scope, event, numbered ? `${epoch}-${n}` : undefined)
      if (isPeers) frame.isPeers = true
      if (numbered) keep(scope?.directory ?? "", { n, frame })
      // Who comes while the frame goes round has it from the ring; who goes gets nothing any more.
      for (const entry of [...sinks]) {
        const isWanted = entry.directory === undefined || entry.directory === scope?.directory
        if (isWanted && sinks.has(entry)) entry.sink(frame)
      }
      if (!isPeers) for (const sink of [...peers]) sink(frame)
    },

    subscribe({ directory, after, isInner }, sink) {
      const [knownEpoch, number] = splitNumber(after)
      const replay = knownEpoch === epoch && number <= count ? missed(directory, number) : undefined
      const since = `${epoch}-${replay ? number : count}`
      for (const frame of replay ?? []) sink(frame)
      const entry = { directory, sink, ...(isInner && { isInner }) }
      sinks.add(entry)
      return { resumed: replay !== undefined, since, close: () => void sinks.delete(entry) }
    },

    subscribePeer(sink) {
      const own = (frame: Frame): void => sink(frame)
      peers.add(own)
      return { close: () => void peers.delete(own) }
    },

    kept: () => newest().filter((frame) => !frame.isPeers),

    isHeard: (directory) =>
      peers.size > 0 ||
      [...sinks].some((one) => !one.isInner && (one.directory === undefined || one.directory === directory)),

    subscribers: () => sinks.size,

    forget(directory) {
      if (rings.delete(directory)) forgotten = count
    },
  }
}

const inOrder = (kept: Kept[]): Frame[] => kept.sort((a, b) => a.n - b.n).map(({ frame }) => frame)

function createFrame(id: string, scope: Scope | undefined, event: Event, number: string | undefined): Frame {
  let json: string | undefined
  return {
    id,
    type: event.type,
    properties: event.properties,
    weight: weightOf(event),
    ...(number === undefined ? {} : { number }),
    ...(scope === undefined ? {} : { scope }),
    json: () => (json ??= JSON.stringify({ id, type: event.type, properties: event.properties })),
  }
}

function splitNumber(number: string | undefined): [epoch: string, n: number] {
  const dash = number?.lastIndexOf("-") ?? -1
  if (!number || dash < 0) return ["", 0]
  const digits = number.slice(dash + 1)
  return /^\d{1,15}$/.test(digits) ? [number.slice(0, dash), Number(digits)] : ["", 0]
}
