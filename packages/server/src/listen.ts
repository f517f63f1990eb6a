import { fault } from "@opencode/core/lib/fault.ts"
import type { Log } from "@opencode/core/lib/log.ts"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import type { App } from "./app.ts"
import { serve } from "./node.ts"
import { readAnew, wantsWebSocket } from "./not-upgraded.ts"
import { answerUnreadable } from "./unreadable.ts"
import { serveUpgrade } from "./web-socket.ts"

export interface ListenOptions {
  app: Pick<App, "handle" | "close"> & Partial<Pick<App, "upgrade">>
  log: Log
  /** Default: this machine only. */
  hostname?: string | undefined
  /** Absent or 0: 4096 when it is free, else any. */
  port?: number | undefined
}

export interface Listening {
  /** `http://127.0.0.1:4096`, an address that clients can use as it is. */
  url: string
  hostname: string
  port: number
  /** Takes no more connections, cuts the event streams, lets answers finish for a moment, then ends what is left. */
  close(): Promise<void>
}

const USUAL_PORT = 4096
/** Answers under way get this long; a supervisor that sent SIGTERM kills after one to five seconds. */
const GRACE_MS = 500
/** The same folder stands in a header and in the query, as some clients send it, percent-encoded three bytes for one. */
const MAX_HEADER_BYTES = 64 * 1024
/** Who has not sent the headers by then never will. */
const HEADERS_TIMEOUT_MS = 30_000
/** The largest body over a slow line. */
const REQUEST_TIMEOUT_MS = 300_000
/**
 * Longer than clients keep a connection that rests. Who closes first risks that a request is on its way at that moment,
 * which the client sees fail and must not send again unless it reads only.
 */
const KEEP_ALIVE_MS = 120_000
/** More than what may be under way, and far fewer than the files that a process may open. */
const MAX_CONNECTIONS = 1_500
const SERVER = {
  // The guard refuses who names no host, in the shape that all errors have.
  requireHostHeader: false,
  maxHeaderSize: MAX_HEADER_BYTES,
  headersTimeout: HEADERS_TIMEOUT_MS,
  requestTimeout: REQUEST_TIMEOUT_MS,
  keepAliveTimeout: KEEP_ALIVE_MS,
}

/**
 * Opens the door. Nothing is accepted before `app` can answer: a client that polls while we start must be refused, not
 * left waiting.
 * @throws fault `unavailable` when the port is taken (its sentence has the word EADDRINUSE) or the address is not ours
 */
export async function listen({ app, log, hostname = "127.0.0.1", port = 0 }: ListenOptions): Promise<Listening> {
  const server = createServer(SERVER, (request, response) => {
    serve(app.handle, request, response).catch((error: unknown) => {
      log.error("request broke off", { error })
      response.destroy()
    })
  })
  if (app.upgrade) {
    const toWebSocket = serveUpgrade(app.upgrade, log)
    server.on("upgrade", (request, socket, head) => {
      if (wantsWebSocket(request)) toWebSocket(request, socket, head)
      else readAnew(server, request, socket, head)
    })
  }
  server.maxConnections = MAX_CONNECTIONS
  server.once("drop", () => log.warn("too many connections", { most: MAX_CONNECTIONS }))
  answerUnreadable(server)
  await bind(server, hostname, port)
  server.on("error", (error) => log.error("server failed", { error }))
  const bound = (server.address() as AddressInfo).port
  let closing: Promise<void> | undefined
  return {
    url: `http://${hostname.includes(":") ? `[${hostname}]` : hostname}:${bound}`,
    hostname,
    port: bound,
    close: () => (closing ??= close(server, app)),
  }
}

async function bind(server: Server, hostname: string, port: number): Promise<void> {
  if (port !== 0) {
    return attempt(server, hostname, port).catch((error: unknown) => {
      throw unavailable(error, hostname, port)
    })
  }
  await attempt(server, hostname, USUAL_PORT)
    .catch(() => attempt(server, hostname, 0))
    .catch((error: unknown) => {
      throw unavailable(error, hostname, port)
    })
}

function attempt(server: Server, hostname: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(port, hostname, () => {
      server.off("error", reject)
      resolve()
    })
  })
}

function unavailable(error: unknown, hostname: string, port: number): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined
  if (code === undefined) return error
  const sentence =
    code === "EADDRINUSE"
      ? `Port ${port} of ${hostname} is in use by another program (EADDRINUSE).`
      : `The server cannot listen on port ${port} of ${hostname} (${code}).`
  return fault("unavailable", sentence, { hostname, port, code }, error)
}

async function close(server: Server, app: Pick<App, "close">): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  app.close()
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  await closed
  clearTimeout(timer)
}
