import { fault } from "@opencode/core/lib/fault.ts"
import type { Incoming } from "../exchange.ts"
import type { Route } from "../route.ts"

/**
 * What is done at the same time. A client that has lost its mind, or a page that found a way in, must not take the
 * machine: beyond these limits it is told to come back, and all others are answered as before.
 */
export interface RoomLimits {
  underWay: number
  held: number
  streams: number
  bodyBytes: number
}

export const ROOM: RoomLimits = {
  /** Prompts stay open for as long as their turns; nobody runs hundreds of these, and a loop without end does. */
  underWay: 1_000,
  /** Of those, such that wait for an agent to be done: the rest is for whoever aborts it, or answers what it asks. */
  held: 900,
  /** Tabs, editors and bridges have one or two each. The text of a frame exists once for all that wait for it. */
  streams: 250,
  /** Bodies that are read at this moment: two imports, or eight prompts full of photographs. */
  bodyBytes: 256 * 1024 * 1024,
}

export interface Room {
  /**
   * Waits for the route's turn, where only so many may be at it at once.
   * @throws fault `limit`; `aborted` when the client went away while it waited
   */
  enter(route: Route, incoming: Incoming): Promise<Place>
}

export interface Place {
  /** The same request; what comes of its body is counted until it leaves. */
  incoming: Incoming
  /** May be called more than once. */
  leave(): void
}

export function createRoom(limits: RoomLimits = ROOM): Room {
  const taken = { underWay: 0, held: 0, streams: 0, bodyBytes: 0 }
  const gates = new Map<Route, Gate>()

  function take(kinds: Kind[]): () => void {
    if (kinds.some((kind) => taken[kind] >= limits[kind]))
      throw fault("limit", "The server has too much to do already. Try again later.")
    for (const kind of kinds) taken[kind]++
    return () => {
      for (const kind of kinds) taken[kind]--
    }
  }

  async function* counted(incoming: Incoming, count: (bytes: number) => void): AsyncIterable<Uint8Array> {
    for await (const chunk of incoming.body()) {
      count(chunk.byteLength)
      yield chunk
    }
  }

  return {
    async enter(route, incoming) {
      const ends = [take(kindsOf(route))]
      let bytes = 0
      ends.push(() => void (taken.bodyBytes -= bytes))
      const count = (more: number): void => {
        bytes += more
        taken.bodyBytes += more
        if (taken.bodyBytes > limits.bodyBytes) throw fault("limit", "Too much is being sent already. Try again later.")
      }
      const leave = (): void => {
        for (const end of ends.splice(0)) end()
      }
      const { atOnce } = route.declaration
      if (atOnce !== undefined) {
        const gate = gates.get(route) ?? createGate(atOnce)
        gates.set(route, gate)
        try {
          ends.push(await gate.pass(incoming.signal()))
        } catch (error) {
          leave()
          throw error
        }
      }
      if (!incoming.hasBody) return { incoming, leave }
      const body = () => counted(incoming, count)
      return { incoming: { ...incoming, body }, leave }
    },
  }
}

type Kind = "underWay" | "held" | "streams"

function kindsOf({ isStream, declaration }: Route): Kind[] {
  if (isStream) return ["streams"]
  return declaration.mayTakeLong ? ["underWay", "held"] : ["underWay"]
}

interface Gate {
  /** @returns what lets the next one through */
  pass(signal: AbortSignal): Promise<() => void>
}

function createGate(most: number): Gate {
  const waiting: (() => void)[] = []
  let inside = 0
  function next(): void {
    inside--
    waiting.shift()?.()
  }
  return {
    async pass(signal) {
      if (inside >= most) {
        await new Promise<void>((resolve, reject) => {
          const gone = (): void => {
            waiting.splice(waiting.indexOf(go), 1)
            reject(fault("aborted", "The client went away while its request waited."))
          }
          const go = (): void => {
            signal.removeEventListener("abort", gone)
            inside++
            resolve()
          }
          waiting.push(go)
          signal.addEventListener("abort", gone, { once: true })
        })
      } else inside++
      return next
    },
  }
}
