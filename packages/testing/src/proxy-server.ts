// A proxy on loopback, for tests of what goes through one. It knows the few targets that it is told and no others, so
// that a test can use any host name and nothing leaves this machine.
import { once } from "node:events"
import { createServer, request as sendOn, type IncomingMessage, type ServerResponse } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { connect, type AddressInfo, type Socket } from "node:net"
import type { Duplex } from "node:stream"

export type ProxyServerOptions = {
  /** Where targets really are: `{ "model.test:443": 41234 }`, ports of 127.0.0.1. Any other target gets a 502. */
  targets?: Record<string, number>
  /** `name:password` that it wants to hear. */
  auth?: string
  /**
   * What it does instead of its work: keeps silent, ends the connection without an answer, or ends it in the middle of
   * the target's answer.
   */
  fails?: "stalls" | "hangs up" | "cuts"
  /** Refuses every CONNECT with this status. */
  refuses?: number
  /** Makes it an `https:` proxy. */
  tls?: { key: string; cert: string }
}

export type ProxyServer = {
  /** `http://127.0.0.1:PORT`, or `https://localhost:PORT` with `tls`. */
  url: string
  /** The targets of CONNECT, in order: `model.test:443`. */
  tunnels: string[]
  /** The addresses that it was asked to fetch itself, in order: `http://model.test/v1`. */
  forwarded: string[]
  /** The values of `proxy-authorization`, in order; `undefined` where there was none. */
  authorizations: (string | undefined)[]
  /** Connections of clients that are open now. */
  openConnections(): number
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

export async function proxyServer(options: ProxyServerOptions = {}): Promise<ProxyServer> {
  const { targets = {}, auth, fails, refuses, tls } = options
  const tunnels: string[] = []
  const forwarded: string[] = []
  const authorizations: (string | undefined)[] = []
  const clients = new Set<Duplex>()
  const wanted = auth === undefined ? undefined : `Basic ${Buffer.from(auth).toString("base64")}`

  function admits({ headers }: IncomingMessage): boolean {
    const said = headers["proxy-authorization"]
    authorizations.push(said)
    return wanted === undefined || said === wanted
  }

  const server = tls ? createTlsServer(tls) : createServer()
  server.on("connection", (socket: Socket) => {
    clients.add(socket)
    socket.on("close", () => clients.delete(socket))
  })

  server.on("connect", (request: IncomingMessage, client: Duplex, head: Buffer) => {
    const target = request.url ?? ""
    tunnels.push(target)
    client.on("error", () => client.destroy())
    if (fails === "stalls") {
      // Whoever does not read does not see the end either.
      client.on("end", () => client.destroy()).resume()
      return
    }
    if (fails === "hangs up") return void client.destroy()
    const status = admits(request) ? (refuses ?? (targets[target] === undefined ? 502 : 200)) : 407
    if (status !== 200) return void client.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
    const onward = connect(targets[target] ?? 0, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n")
      onward.write(head)
      client.pipe(onward)
      onward.pipe(client)
    })
    onward.on("error", () => client.destroy())
    client.on("close", () => onward.destroy())
    onward.on("close", () => client.destroy())
    if (fails === "cuts") onward.on("data", () => setImmediate(() => client.destroy()))
  })

  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const url = URL.canParse(request.url ?? "") ? new URL(request.url ?? "") : undefined
    forwarded.push(request.url ?? "")
    if (fails === "stalls") return
    if (fails === "hangs up") return void response.destroy()
    if (!admits(request)) return void response.writeHead(407).end()
    const port = url && targets[`${url.hostname}:${url.port || 80}`]
    if (!url || port === undefined) return void response.writeHead(502).end()
    const { "proxy-authorization": _, ...headers } = request.headers
    const path = url.pathname + url.search
    const onward = sendOn({ host: "127.0.0.1", port, path, method: request.method, headers }, (answer) => {
      const { "content-length": _length, ...others } = answer.headers
      response.writeHead(answer.statusCode ?? 502, fails === "cuts" ? others : answer.headers)
      if (fails === "cuts") answer.once("data", (piece) => response.write(piece, () => response.destroy()))
      else answer.pipe(response)
    })
    onward.on("error", () => response.destroy())
    request.pipe(onward)
  })

  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo

  async function close(): Promise<void> {
    const closed = once(server, "close")
    server.close()
    for (const client of clients) client.destroy()
    await closed
  }

  return {
    url: tls ? `https://localhost:${port}` : `http://127.0.0.1:${port}`,
    tunnels,
    forwarded,
    authorizations,
    openConnections: () => clients.size,
    close,
    [Symbol.asyncDispose]: close,
  }
}
