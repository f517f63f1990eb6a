import { connect, type Socket } from "node:net"
import { once } from "node:events"
import { says, stalls } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import type { Incoming } from "../../src/exchange.ts"
import { createRoom, ROOM } from "../../src/guard/room.ts"
import type { Route } from "../../src/route.ts"
import { readEvents, served, type Served } from "../served.ts"

const tooMuch = { _tag: "ServiceUnavailableError", message: expect.stringMatching(/try again later/i) }

async function refused(s: Served, path: string, init?: RequestInit): Promise<void> {
  const response = await s.fetch(path, init)
  expect([response.status, response.headers.get("retry-after"), await response.json()]).toEqual([503, "1", tooMuch])
}

test("requests beyond what may be under way are told to come back, and come in when others are done", async () => {
  await using s = await served({ model: () => stalls(says("x"), 0), room: { ...ROOM, underWay: 3 } })
  const { id } = (await (await s.post("/session", {})).json()) as { id: string }
  const gone = new AbortController()
  const prompt = { parts: [{ type: "text", text: "go" }] }
  const waiting = [1, 2].map(() =>
    s.fetch(`/session/${id}/message`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(prompt),
      signal: gone.signal,
    }),
  )
  await s.world.happened("session.status")
  const next = s.fetch("/tui/control/next", { signal: gone.signal })
  await expect.poll(async () => (await s.fetch("/global/health")).status).toBe(503)
  await refused(s, "/session")
  // Streams are counted by themselves: a client that follows learns when there is room again.
  const stream = await s.fetch("/event")
  expect(stream.status).toBe(200)
  const ended = readEvents(stream, ({ data }) => data.type === "session.idle")
  gone.abort()
  await Promise.allSettled([...waiting, next])
  await expect.poll(async () => (await s.fetch("/global/health")).status).toBe(200)
  await s.fetch(`/session/${id}/abort`, { method: "POST" })
  await ended
})

const isOfUser = ({ info }: { info: { role: string } }): boolean => info.role === "user"

test("however many prompts wait for their answers, who wants to end them is heard", async () => {
  await using s = await served({ model: () => stalls(says("x"), 0), room: { ...ROOM, underWay: 4, held: 2 } })
  const { id } = (await (await s.post("/session", {})).json()) as { id: string }
  const path = `/session/${id}/message`
  const prompt = { parts: [{ type: "text", text: "go" }] }
  const waiting = [1, 2].map(() => s.post(path, prompt))
  const prompts = async () => ((await (await s.fetch(path)).json()) as { info: { role: string } }[]).filter(isOfUser)
  await expect.poll(prompts).toHaveLength(2)
  expect((await s.post(path, prompt)).status).toBe(503)

  expect((await s.post(`/session/${id}/abort`, {})).status).toBe(200)

  for (const response of await Promise.all(waiting)) expect(response.status).toBe(200)
})

test("so are streams, and a stream that is left makes room, whichever way it was left", async () => {
  await using s = await served({ room: { ...ROOM, streams: 2 } })
  const first = new AbortController()
  const streams = [await s.fetch("/event", { signal: first.signal }), await s.fetch("/global/event")]
  expect(streams.map(({ status }) => status)).toEqual([200, 200])
  await refused(s, "/event")
  await refused(s, "/global/event")
  expect((await s.fetch("/session")).status).toBe(200)

  first.abort()
  await expect.poll(async () => (await s.fetch("/event", { method: "HEAD" })).status).toBe(200)
  expect((await s.fetch("/event", { method: "HEAD" })).status).toBe(200)
  const again = await s.app.fetch(new Request("http://localhost/event"))
  expect(again.status).toBe(200)
  await refused(s, "/event")
  await again.body!.cancel()
  const last = await s.fetch("/event")
  expect(last.status).toBe(200)
  await last.body!.cancel()
  await streams[1]!.body!.cancel()
})

/** Sends the beginning of a body, and keeps the rest to itself. */
async function sending(s: Served, path: string, bytes: number): Promise<Socket> {
  const { hostname, port } = new URL(s.url)
  const socket = connect(Number(port), hostname)
  await once(socket, "connect")
  const head = ["host: localhost", "content-type: application/json", `content-length: ${bytes + 1}`]
  socket.write(`POST ${path} HTTP/1.1\r\n${head.join("\r\n")}\r\n\r\n${" ".repeat(bytes)}`)
  return socket
}

test("bodies that come in at the same time have one limit together, and are forgotten when their senders go", async () => {
  await using s = await served({ room: { ...ROOM, bodyBytes: 300_000 } })
  const senders = [await sending(s, "/session", 120_000), await sending(s, "/session", 120_000)]
  const body = JSON.stringify({ title: "a".repeat(100_000) })
  const post = { method: "POST", headers: { "content-type": "application/json" }, body }
  await expect.poll(async () => (await s.fetch("/session", post)).status).toBe(503)
  await refused(s, "/session", post)
  expect((await s.fetch("/session")).status).toBe(200)
  for (const socket of senders) socket.destroy()
  await expect.poll(async () => (await s.fetch("/session", post)).status).toBe(200)
  for (let i = 0; i < 5; i++) expect((await s.fetch("/session", post)).status).toBe(200)
})

const incoming = (signal = new AbortController().signal): Incoming => ({
  method: "GET",
  target: "/",
  header: () => undefined,
  hasBody: false,
  // oxlint-disable-next-line require-yield -- there is no body
  async *body() {},
  signal: () => signal,
})
const route = { isStream: false, declaration: { atOnce: 2 } } as unknown as Route

test("where only so many may be at it, others wait in order, and who goes away while waiting is not waited for", async () => {
  const room = createRoom({ ...ROOM, underWay: 4 })
  const [one, two] = [await room.enter(route, incoming()), await room.enter(route, incoming())]
  const order: string[] = []
  const gone = new AbortController()
  const three = room.enter(route, incoming(gone.signal)).catch(({ code }: { code: string }) => order.push(code))
  const four = room.enter(route, incoming()).then((place) => (order.push("four"), place))
  await expect(room.enter(route, incoming())).rejects.toMatchObject({ code: "limit" })
  gone.abort()
  await three
  expect(order).toEqual(["aborted"])
  const five = room.enter(route, incoming()).then((place) => (order.push("five"), place))
  one.leave()
  one.leave()
  await four
  expect(order).toEqual(["aborted", "four"])
  two.leave()
  ;(await five).leave()
  ;(await four).leave()
  const all = [1, 2].map(() => room.enter(route, incoming()))
  for (const place of await Promise.all(all)) place.leave()
})
