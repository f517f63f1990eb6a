import type { IncomingMessage, Server } from "node:http"
import type { Duplex } from "node:stream"

/**
 * Clients may offer to go on with another protocol, as some do with every first request (`Upgrade: h2c`). Node hands such a
 * request over unread as soon as somebody listens for websockets, so it is put back without the offer, and read anew.
 */
export const wantsWebSocket = ({ headers }: IncomingMessage): boolean => headers.upgrade?.toLowerCase() === "websocket"

const OFFERS = new Set(["upgrade", "http2-settings", "connection"])

export function readAnew(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request
  const lines = [`${method} ${url} HTTP/${httpVersion}`]
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? ""
    if (!OFFERS.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[at + 1]}`)
  }
  const asksForClose = /\bclose\b/i.test(request.headers.connection ?? "")
  lines.push(`connection: ${asksForClose ? "close" : "keep-alive"}`)
  // Node gives headers as Latin-1, byte for byte.
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), head]))
  server.emit("connection", socket)
}
