import type { Log } from "@opencode/core/lib/log.ts"
import { EventEmitter } from "node:events"
import { hostname as machine } from "node:os"

/**
 * Tells the local network by multicast DNS that a server is here: a name for its addresses, and a web service by that name.
 * What others send may be anything; nothing of it ends the program or reaches its output.
 */
export interface AnnounceOptions {
  port: number
  /** `opencode.local` */
  domain: string
  /** Whether it is reached by the machine's IPv6 addresses too. */
  hasIPv6: boolean
  log: Log
  /** The address whose network is told. Default: all of them. */
  from?: string
}

export interface Announcement {
  /** The name of the service, which is `opencode-4096` where no other has it. */
  name: string
  /** Says goodbye, so that lists forget the server at once. */
  close(): Promise<void>
}

/** As long as others are given to say that they have the name; a neighbour answers within a few milliseconds. */
const PROBE_MS = 500
/** The farewell is one packet; a network that takes none must not keep us from ending. */
const FAREWELL_MS = 300
const TYPE = "http"
/** What is sent to many arrives at no other address. */
const EVERYWHERE = "0.0.0.0"

export async function announce({ port, domain, hasIPv6, log, from }: AnnounceOptions): Promise<Announcement> {
  const { default: bonjour } = await import("bonjour-service")
  const told = (error: unknown): void => log.warn("multicast DNS failed", { error })
  // The library passes these on to its socket, which its types leave out.
  const socket: { interface?: string; bind?: string; name?: string } = from ? { interface: from, bind: EVERYWHERE } : {}
  const station = new bonjour.Bonjour(socket, told)
  for (const emitter of emittersOf(station)) emitter.on("error", told).on("warning", told)

  const usual = `opencode-${port}`
  const name = (await isTaken(usual)) ? `${usual}-${machine().split(".", 1)[0]}` : usual
  // It was looked for already, and the library would print what it finds.
  const about = { name, type: TYPE, port, host: domain, txt: { path: "/" }, probe: false, disableIPv6: !hasIPv6 }
  const service = station.publish(about)
  service.on("error", told)
  let closing: Promise<void> | undefined

  function isTaken(wanted: string): Promise<boolean> {
    return new Promise((resolve) => {
      const browser = station.find({ type: TYPE }, (found) => {
        if (found.name === wanted) end(true)
      })
      const timer = setTimeout(() => end(false), PROBE_MS)
      function end(isFound: boolean): void {
        clearTimeout(timer)
        browser.stop()
        resolve(isFound)
      }
    })
  }

  return {
    name,
    close: () =>
      (closing ??= new Promise<void>((resolve) => {
        const timer = setTimeout(over, FAREWELL_MS)
        function over(): void {
          clearTimeout(timer)
          station.destroy()
          resolve()
        }
        station.unpublishAll(over)
      })),
  }
}

/** The library hands the errors of its socket to nobody, and an error that nobody hears ends the process. */
function* emittersOf(station: object): Iterable<EventEmitter> {
  const server: unknown = Reflect.get(station, "server")
  if (typeof server !== "object" || server === null) return
  const socket: unknown = Reflect.get(server, "mdns")
  if (socket instanceof EventEmitter) yield socket
}
