import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"

export interface Heard {
  method: string
  url: string
  headers: Record<string, unknown>
  body: string
}

/** What a request says about itself; the rest differs from one connection to the next. */
const TELLING = ["content-type", "authorization", "x-opencode-directory", "x-opencode-workspace", "last-event-id"]

/** A server that remembers what it was asked, and answers what a test says. */
export async function echo(answer: (response: ServerResponse, request: IncomingMessage) => unknown = asJson) {
  const heard: Heard[] = []
  const server = createServer((request, response) => {
    let body = ""
    request.setEncoding("utf8").on("data", (text: string) => (body += text))
    request.on("end", () => {
      const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => TELLING.includes(name)))
      heard.push({ method: request.method ?? "", url: request.url ?? "", headers, body })
      answer(response, request)
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` as const,
    heard,
    server,
    /** What was asked since the last time. */
    take: () => heard.splice(0),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, "close")
    },
  }
}

function asJson(response: ServerResponse): void {
  response.setHeader("content-type", "application/json").end("true")
}
