import { weightOf, type Bus, type Frame, type Scope } from "@opencode/core/bus/bus.ts"
import type { Host } from "@opencode/core/lib/host.ts"
import type { EventProperties, EventType } from "@opencode/protocol/event.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { Outlet, Source } from "./exchange.ts"
import { createFrameQueue } from "./queue.ts"

/**
 * Server-sent events of one client. The first frame says whether everything missed since `after` follows; then come the
 * missed frames, then the parts that are being written as they are now, then what happens. All of it is put together in
 * one go, so that no delta falls between a part and the text it continues.
 */
export interface StreamOptions {
  bus: Bus
  host: Host
  /** Only this workspace's events; absent means all. */
  directory?: string
  /** Number of the last frame the client saw. */
  after?: string | undefined
  openParts(): { scope: Scope; part: Part }[]
  /** A frame's JSON as this stream sends it. */
  wrap(frame: Frame, json: string): string
}

export const STREAM_HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
}

/** Clients take a stream for dead after 30 s without a frame. */
const HEARTBEAT_MS = 10_000

export function openEventStream({ bus, host, directory, after, openParts, wrap }: StreamOptions): Source {
  const queue = createFrameQueue((frame, json, number) => {
    const data = `data: ${wrap(frame, json)}\n\n`
    return number === undefined ? data : `id: ${number}\n${data}`
  })
  const ends: (() => void)[] = []
  let isClosed = false

  function close(): void {
    isClosed = true
    for (const end of ends.splice(0)) end()
  }

  return {
    open(outlet) {
      const push = (frame: Frame) => {
        if (isClosed) return
        if (queue.push(frame)) return outlet.ready()
        close()
        outlet.cut()
      }
      const early: Frame[] = []
      // A delta that comes now is in the open part already.
      let sink = (frame: Frame): void => void (frame.number !== undefined && early.push(frame))
      const subscription = bus.subscribe(
        { ...(directory === undefined ? {} : { directory }), ...(after === undefined ? {} : { after }) },
        (frame) => sink(frame),
      )
      const { resumed, since } = subscription
      // Its number lets a client resume that loses its connection before anything happened.
      const connected = { ...ownFrame(host, "server.connected", { resumed }), number: since }
      const open = openParts().map(({ scope, part }) => {
        const time = host.now()
        return ownFrame(host, "message.part.updated", { sessionID: part.sessionID, part, time }, scope)
      })
      sink = push
      queue.begin([connected, ...early, ...open])
      outlet.ready()
      const heartbeat = setInterval(() => push(ownFrame(host, "server.heartbeat", {})), HEARTBEAT_MS)
      heartbeat.unref()
      ends.push(subscription.close, () => clearInterval(heartbeat))
      if (isClosed) close()
    },
    take: queue.take,
    close,
  }
}

/** A frame for this client alone: it has no number of its own, because no other stream has it. */
function ownFrame<Type extends EventType>(
  host: Host,
  type: Type,
  properties: EventProperties<Type>,
  scope?: Scope,
): Frame {
  const id = host.id("evt")
  return {
    id,
    type,
    properties,
    weight: weightOf({ properties }),
    ...(scope === undefined ? {} : { scope }),
    json: () => JSON.stringify({ id, type, properties }),
  }
}

/**
 * Passes everything on, and lets the server end the stream from its side.
 * @param leave called when the stream is over, perhaps more than once
 */
export function endable(source: Source, live: Set<() => void>, leave: () => void): Source {
  let end = () => {}
  const close = () => {
    live.delete(end)
    source.close()
    leave()
  }
  return {
    open(outlet: Outlet) {
      end = () => {
        close()
        outlet.cut()
      }
      live.add(end)
      source.open(outlet)
    },
    take: source.take,
    close,
  }
}
