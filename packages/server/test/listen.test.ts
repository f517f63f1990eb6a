import { freePort } from "@opencode/testing/free-port.ts"
import { once } from "node:events"
import { createServer, get, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { silentLog } from "@opencode/core/lib/log.ts"
import { script, stalls, streams } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import type { Outgoing } from "../src/exchange.ts"
import { listen } from "../src/listen.ts"
import { dataOf, served } from "./served.ts"

const app = (handle: () => Promise<Outgoing>) => ({ handle, close() {} })
const quiet = app(async () => ({ status: 204, headers: {} }))

async function occupied(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  return { server, port: (server.address() as AddressInfo).port }
}

/** Over a connection of its own: tests use the usual port one after the other, and one from a pool would be dead. */
const ask = (url: string): Promise<{ status: number; text: string }> =>
  new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }))
    }).on("error", reject)
  })

test("a port that was asked for and is taken is a fault that says EADDRINUSE", async () => {
  const { server, port } = await occupied()
  await expect(listen({ app: quiet, log: silentLog, port })).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/EADDRINUSE/),
  })
  server.close()
})

test("without a port the usual one or any other is found, also twice", async () => {
  const first = await listen({ app: quiet, log: silentLog })
  const second = await listen({ app: quiet, log: silentLog, port: 0 })
  expect(first.port).not.toBe(second.port)
  for (const { url, close } of [first, second]) {
    expect((await ask(url)).status).toBe(204)
    await close()
  }
})

test("an address of the sixth version has its brackets in the URL", async () => {
  const listening = await listen({ app: quiet, log: silentLog, hostname: "::1" })
  expect(listening.url).toBe(`http://[::1]:${listening.port}`)
  await listening.close()
})

test("closing ends streams, running prompts and idle connections within a second", async () => {
  await using s = await served({ model: script(stalls(streams(3), 3)) })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const own = await listen({ app: s.app, log: silentLog, port: await freePort() })
  const stream = await fetch(`${own.url}/event`)
  const waiting = fetch(`${own.url}/session/${sessionID}/message`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ parts: [{ type: "text", text: "go" }] }),
  }).catch((error: Error) => error)
  await s.world.happened("message.part.delta")
  const began = performance.now()
  await own.close()
  // The turn would go on for ever. A second, and what a busy machine adds.
  expect(performance.now() - began).toBeLessThan(10_000)
  expect(await waiting).toBeInstanceOf(Error)
  await expect(stream.text()).rejects.toThrow()
  await s.world.engine.sessions.abort(sessionID)
})

test("an answer that is under way when the server closes still arrives", async () => {
  let finish = () => {}
  const asked = new Promise<void>((arrived) => {
    finish = arrived
  })
  const slow = app(async () => {
    finish()
    await new Promise((resolve) => setImmediate(resolve))
    return { status: 200, headers: { "content-type": "application/json" }, body: "{}" }
  })
  const listening = await listen({ app: slow, log: silentLog, port: await freePort() })
  const answer = ask(listening.url)
  await asked
  await listening.close()
  expect(await answer).toEqual({ status: 200, text: "{}" })
})

/** Seconds that programs keep a connection which rests: aiohttp 15, nginx and balancers 60, Go and hyper 90, Firefox 115. */
const LONGEST_OF_CLIENTS = 115

test("a connection that rests is closed by its client first, so that no request meets its end", async () => {
  const listening = await listen({ app: quiet, log: silentLog, port: await freePort() })
  const { headers } = await fetch(listening.url)
  expect(Number(/timeout=(\d+)/.exec(headers.get("keep-alive") ?? "")?.[1])).toBeGreaterThan(LONGEST_OF_CLIENTS)
  await listening.close()
})
