import { createServer, type IncomingMessage } from "node:http"
import type { AddressInfo } from "node:net"

/** An authorization server that says what a test wants it to say, in order; the last answer stays. */
export interface LoginServer {
  url: string
  heard: { path: string; body: Record<string, unknown> }[]
  [Symbol.asyncDispose](): Promise<void>
}

export type LoginScript = Readonly<Record<string, readonly { status?: number; body: unknown }[]>>

export async function loginServer(script: LoginScript): Promise<LoginServer> {
  const heard: LoginServer["heard"] = []
  const server = createServer(async (request, response) => {
    const path = request.url ?? "/"
    const answers = script[path] ?? [{ status: 404, body: {} }]
    const told = heard.filter((one) => one.path === path).length
    heard.push({ path, body: await bodyOf(request) })
    const { status = 200, body } = answers[Math.min(told, answers.length - 1)] ?? { body: {} }
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = ""
  for await (const chunk of request) text += String(chunk)
  return text ? (JSON.parse(text) as Record<string, unknown>) : {}
}
