import { fault } from "@opencode/core/lib/fault.ts"
import { errorAnswer } from "./errors.ts"
import { fetchOf, isSource, splitTarget, type Handle, type Incoming, type Outgoing, type Source } from "./exchange.ts"
import { compressed } from "./gzip.ts"
import { createGuard, type GuardOptions } from "./guard/guard.ts"
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

export function createApp({ directory, guard: guardOptions = { hostnames: [], cors: [] }, ...parts }: AppOptions): App {
  const guard = createGuard(guardOptions)
  const match = createRouter(routes)
  const live = new Set<() => void>()
  let document: Promise<object> | undefined
  const server: ServerParts = {
    ...parts,
    document: () => (document ??= import("./openapi.ts").then(({ openapi }) => openapi(routes))),
  }

  async function answer(incoming: Incoming, headers: Record<string, string>): Promise<Outgoing> {
    if (guard.admit(incoming, headers).isPreflight) return { status: 204, headers }
    const [path, query] = splitTarget(incoming.target)
    const found = match(incoming.method, path)
    if (!found) throw fault("not_found", `There is no ${incoming.method} ${path}.`)
    const { route, params } = found
    const search = new URLSearchParams(query)
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
    const data = route.declaration.mayTakeLong ? await settledOrSlow(running) : await running
    if (route.isStream) {
      const streaming = { status: 200, headers: { ...headers, ...STREAM_HEADERS } }
      return incoming.method === "HEAD" ? streaming : { ...streaming, body: endable(data as Source, live) }
    }
    if (route.declaration.status === 204) return { status: 204, headers }
    if (data instanceof Uint8Array)
      return {
        status: 200,
        headers: { ...headers, "content-type": headers["content-type"] ?? route.declaration.contentType ?? BYTES },
        body: data,
      }
    return { status: 200, headers: { ...headers, ...JSON_HEADERS }, body: isSource(data) ? data : jsonOf(data) }
  }

  async function handle(incoming: Incoming): Promise<Outgoing> {
    const headers: Record<string, string> = { "x-content-type-options": "nosniff" }
    try {
      return await compressed(await answer(incoming, headers), incoming.header("accept-encoding"))
    } catch (error) {
      const { status, body } = errorAnswer(error, server)
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
const jsonOf = (data: unknown): string => (data instanceof JsonText ? data.text : JSON.stringify(data))

const BYTES = "application/octet-stream"
const JSON_HEADERS = { "content-type": "application/json" }
