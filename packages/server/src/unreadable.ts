import type { Server, ServerResponse } from "node:http"
import type { Duplex } from "node:stream"

/** What Node calls a request that it could not read to the end of its headers, and what the client is told. */
const CAUSES: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ["431 Request Header Fields Too Large", "The address and the headers are too long."],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ["413 Payload Too Large", "The body is sent in chunks with too much beside them."],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "The request took too long to arrive."],
}
const OTHER = ["400 Bad Request", "This is not a request in HTTP."] as const

/** Node's own answers to what is no request have no body; ours are of the shape that all errors have. */
export function answerUnreadable(server: Server): void {
  const answering = new WeakSet<Duplex>()
  server.on("request", ({ socket }, response: ServerResponse) => {
    answering.add(socket)
    response.once("close", () => answering.delete(socket))
  })
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // In the middle of another answer there is no place for this one.
    if (!socket.writable || answering.has(socket) || error.code === "ECONNRESET") return void socket.destroy()
    const [status, message] = CAUSES[error.code ?? ""] ?? OTHER
    const body = JSON.stringify({ name: "BadRequest", data: { message, kind: "Headers" } })
    const head = [
      `HTTP/1.1 ${status}`,
      "content-type: application/json",
      "x-content-type-options: nosniff",
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
    ]
    socket.end(`${head.join("\r\n")}\r\n\r\n${body}`)
  })
}
