import { fault } from "@opencode/core/lib/fault.ts"
import { errorAnswer } from "./errors.ts"
import { fetchOf, isSource, splitTarget, type Handle, type Incoming, type Outgoing, type Source } from "./exchange.ts"
import { compressed } from "./gzip.ts"
import { createGuard, TOKEN, type GuardOptions } from "./guard/guard.ts"
import { createRoom, type RoomLimits } from "./guard/room.ts"
import { JsonText } from "./json-text.ts"
import { noteInput } from "./note-input.ts"
import { placeOf } from "./place.ts"
import type { ServerParts } from "./route.ts"
import { createRouter } from "./router.ts"
import { routes } from "./routes/routes.ts"
import { settledOrSlow } from "./slow.ts"
import { endable, STREAM_HEADERS } from "./stream.ts"
import { createUpgrade, type Upgrade } from "./upgrade.ts"

export interface AppOptions extends Omit<ServerParts, "document"> {
  /** The folder of requests that name none. Absolute. */
  directory: string
  /** Default: only this machine's names and pages, and no password. */
  guard?: GuardOptions
  /** What may be under way at the same time. */
  room?: RoomLimits
}

/** The door: guard, route, core, and back. */
export interface App {
  /** For a server on a socket; see `listen.ts`. */
  handle: Handle
  /** For callers in this process. The host in the address is checked like any other: use `localhost`. */
  fetch(request: Request): Promise<Response>
  /** For a request that wants to become a websocket. */
  upgrade: Upgrade
  /** Cuts all event streams and websockets; requests under way go on. */
  close(): void
}

export function createApp(options: AppOptions): App {
  const { directory, guard: guardOptions = { hostnames: [], cors: [] }, room: roomLimits, ...parts } = options
  const guard = createGuard(guardOptions)
  const room = createRoom(roomLimits)
  const match = createRouter(routes)
  const live = new Set<() => void>()
  let document: Promise<object> | undefined
  const server: ServerParts = {
    ...parts,
    document: () => (document ??= import("./openapi.ts").then(({ openapi }) => openapi(routes))),
  }

  async function answer(asked: Incoming, headers: Record<string, string>): Promise<Outgoing> {
    const [path, query] = splitTarget(asked.target)
    const search = new URLSearchParams(query)
    if (guard.admit({ incoming: asked, path, search }, headers).isPreflight) return { status: 204, headers }
    const found = match(asked.method, path)
    if (!found) throw fault("not_found", `There is no ${asked.method} ${path}.`)
    const { route, params } = found
    const { incoming, leave } = await room.enter(route, withoutToken(asked, path, search))
    const running = run(incoming).catch((error: unknown) => {
      leave()
      throw error
    })
    if (!route.isStream) running.then(leave, () => undefined)
    const data = route.declaration.mayTakeLong ? await settledOrSlow(running) : await running
    if (route.isStream) {
      const streaming = { status: 200, headers: { ...headers, ...STREAM_HEADERS } }
      if (incoming.method !== "HEAD") return { ...streaming, body: endable(data as Source, live, leave) }
      leave()
      return streaming
    }
    if (route.declaration.status === 204) return { status: 204, headers }
    if (data instanceof Uint8Array)
      return {
        status: 200,
        headers: { ...headers, "content-type": headers["content-type"] ?? route.declaration.contentType ?? BYTES },
        body: data,
      }
    return { status: 200, headers: { ...headers, ...JSON_HEADERS }, body: isSource(data) ? data : jsonOf(data) }

    async function run(incoming: Incoming): Promise<unknown> {
      const place = placeOf(incoming, search, directory)
      const noted = server.boundary?.input ? await noteInput(incoming, place.directory, server.boundary) : undefined
      const running = route.run({
        incoming: noted?.incoming ?? incoming,
        params,
        search,
        place,
        server,
        setHeader: (name, value) => void (headers[name] = name === "vary" ? listed(headers.vary, value) : value),
      })
      if (noted)
        running.then(
          () => noted.answered(true),
          () => noted.answered(false),
        )
      return running
    }
  }

  async function handle(incoming: Incoming): Promise<Outgoing> {
    const headers: Record<string, string> = { ...EVERY_ANSWER }
    try {
      return await compressed(await answer(incoming, headers), incoming.header("accept-encoding"))
    } catch (error) {
      const { status, body } = errorAnswer(error, server)
      if (status === UNAVAILABLE) headers["retry-after"] = RETRY_AFTER_SECONDS
      return { status, headers: { ...headers, ...JSON_HEADERS }, body: JSON.stringify(body) }
    }
  }

  return {
    handle,
    upgrade: createUpgrade({ guard, match, server, directory, live }),
    fetch: fetchOf(handle),
    close() {
      for (const end of live) end()
    },
  }
}

const listed = (before: string | undefined, value: string): string =>
  before === undefined ? value : `${before}, ${value}`
const jsonOf = (data: unknown): string | Uint8Array => (data instanceof JsonText ? data.text : JSON.stringify(data))

const BYTES = "application/octet-stream"
const JSON_HEADERS = { "content-type": "application/json" }
const UNAVAILABLE = 503
/** What is too much, or locked, is over soon. */
const RETRY_AFTER_SECONDS = "1"

const EVERY_ANSWER = {
  "x-content-type-options": "nosniff",
  // An address may hold the password, and names folders.
  "referrer-policy": "no-referrer",
  // No other site's page gets an answer into its process, as the source of an image or a script.
  "cross-origin-resource-policy": "same-origin",
}

/** The password is not passed on: what comes behind the guard notes and tells addresses. */
function withoutToken(incoming: Incoming, path: string, search: URLSearchParams): Incoming {
  if (!search.has(TOKEN)) return incoming
  search.delete(TOKEN)
  return { ...incoming, target: `${path}?${search}` }
}
