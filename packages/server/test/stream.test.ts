import { once } from "node:events"
import { connect, type Socket } from "node:net"
import type { EventProperties } from "@opencode/protocol/event.ts"
import { calls, says, script, stalls, streams } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { dataOf, readEvents, served, type Served } from "./served.ts"

/** A client that connects and then reads nothing. */
async function deaf(s: Served): Promise<Socket> {
  const { hostname, port } = new URL(s.url)
  const socket = connect(Number(port), hostname)
  socket.on("error", () => undefined) // it is going to be cut off
  await once(socket, "connect")
  const before = s.world.home.bus.subscribers()
  socket.write("GET /event HTTP/1.1\r\nhost: localhost\r\n\r\n")
  await once(socket, "readable")
  socket.pause()
  expect(s.world.home.bus.subscribers()).toBe(before + 1)
  return socket
}

const delta = (partID: string, text: string): EventProperties<"message.part.delta"> => ({
  sessionID: "ses_1",
  messageID: "msg_1",
  partID,
  field: "text",
  delta: text,
})

test("numbered frames carry their number, pieces of text do not, and the headers keep proxies from buffering", async () => {
  await using s = await served({ model: script(says("Hello there.")) })
  const response = await s.fetch("/event")
  expect(Object.fromEntries(response.headers)).toMatchObject({
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
  })
  const read = readEvents(response, ({ data }) => data.type === "session.idle")
  await s.world.prompt("hi")
  const events = await read
  expect(events[0]).toMatchObject({ data: { type: "server.connected", properties: { resumed: false } } })
  for (const { id, data } of events) {
    const isFlow = data.type === "message.part.delta"
    expect({ type: data.type, isNumbered: id !== undefined }).toEqual({ type: data.type, isNumbered: !isFlow })
    expect(data.id).toMatch(/^evt_/)
  }
})

test("the stream of the whole server says which folder a frame is of", async () => {
  await using s = await served({ git: true })
  const read = readEvents(await s.fetch("/global/event"), ({ data }) => data.payload?.type === "session.created")
  const session = await dataOf(s.v2.session.create())
  const [connected, created] = await read
  expect(connected?.data).toEqual({
    payload: { id: expect.any(String), type: "server.connected", properties: { resumed: false } },
  })
  expect(created?.data).toMatchObject({
    directory: s.world.project,
    project: session.projectID,
    payload: { type: "session.created", properties: { info: { id: session.id } } },
  })
})

test("a folder's stream leaves out what happens in other folders", async () => {
  await using s = await served({ files: { "other/a": "" } })
  const other = s.world.folder.join("project", "other")
  const read = readEvents(await s.fetch("/event"), ({ data }) => data.type === "session.created")
  await dataOf(s.v2.session.create({ directory: other, title: "there" }))
  await dataOf(s.v2.session.create({ title: "here" }))
  const events = await read
  expect(events.at(-1)?.data.properties).toMatchObject({ info: { title: "here" } })
  expect(events).toHaveLength(2)
})

test("a client that comes back gets what it missed, in order and once", async () => {
  await using s = await served()
  const first = await readEvents(
    await s.fetch("/event").then(async (response) => {
      await s.v2.session.create({ title: "one" })
      return response
    }),
    ({ data }) => data.type === "session.created",
  )
  for (const title of ["two", "three"]) await s.v2.session.create({ title })

  const again = await s.fetch("/event", { headers: { "last-event-id": first.at(-1)!.id! } })
  const read = readEvents(again, ({ data }) => JSON.stringify(data).includes('"four"'))
  await s.v2.session.create({ title: "four" })
  const events = await read
  expect(events[0]?.data.properties).toEqual({ resumed: true })
  expect(events.slice(1).map(({ data }) => (data.properties.info as { title: string }).title)).toEqual([
    "two",
    "three",
    "four",
  ])
  expect(events.slice(1).every(({ id }) => id !== undefined)).toBe(true)
})

test("a client that lost its connection before anything happened gets what happened meanwhile", async () => {
  await using s = await served()
  await s.v2.session.create({ title: "before" })
  const [connected] = await readEvents(await s.fetch("/event"), () => true)
  await s.v2.session.create({ title: "meanwhile" })

  const again = await s.fetch("/event", { headers: { "last-event-id": connected!.id! } })
  const events = await readEvents(again, ({ data }) => data.type === "session.created")

  expect(events.map(({ data }) => data.properties)).toMatchObject([{ resumed: true }, { info: { title: "meanwhile" } }])
})

test("a number of another start of the program cannot be resumed, and the client is told", async () => {
  await using s = await served()
  const response = await s.fetch("/event", { headers: { "last-event-id": "elsewhere-12" } })
  const [connected] = await readEvents(response, () => true)
  expect(connected?.data.properties).toEqual({ resumed: false })
})

/** Deltas are gathered for 16 ms: many of these come while one is. */
const LONG = "abcdefghijklmnopqrstuvwxyz".repeat(8)

test("who connects in the middle of an answer gets the part so far, and then every piece that follows it", async () => {
  await using s = await served({ model: script(says(LONG, { chunkSize: 1, delayMs: 3 })) })
  const turn = s.world.prompt("go")
  await s.world.happened("message.part.delta")
  const events = await readEvents(await s.fetch("/event"), ({ data }) => data.type === "session.idle")
  await turn

  expect(events[1]?.data).toMatchObject({ type: "message.part.updated", properties: { part: { type: "text" } } })
  expect(events[1]?.id).toBeUndefined()
  let text = ""
  for (const { data } of events) {
    if (data.type === "message.part.delta") text += String(data.properties.delta)
    if (data.type !== "message.part.updated") continue
    const part = data.properties.part as { type: string; text: string; time?: { end?: number } }
    if (part.type !== "text") continue
    if (part.time?.end !== undefined) expect(text).toBe(part.text)
    text = part.text
  }
  expect(text).toBe(LONG)
})

test("a client that does not read is cut off, and the others hear everything", async () => {
  await using s = await served()
  const socket = await deaf(s)
  const { bus } = s.world.home
  const { scope } = s.world.engine
  const others = bus.subscribers()
  const big = { ...delta("prt_1", ""), text: "x".repeat(100_000) }
  for (let i = 0; bus.subscribers() === others && i < 200; i++) {
    bus.publish(scope, { type: "file.edited", properties: { file: big.text + i } })
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(bus.subscribers()).toBe(others - 1)
  socket.resume()
  await new Promise((resolve) => socket.once("close", resolve))
})

test("pieces of text are merged for a slow reader, who ends with the same text", async () => {
  await using s = await served()
  const { bus } = s.world.home
  const { scope } = s.world.engine
  const response = await s.fetch("/event")
  const said = { prt_1: "", prt_2: "" }
  for (let i = 0; i < 20_000; i++) {
    const part = i % 3 ? "prt_1" : "prt_2"
    said[part] += `${i} `
    bus.publish(scope, { type: "message.part.delta", properties: delta(part, `${i} `) })
  }
  bus.publish(scope, { type: "session.idle", properties: { sessionID: "ses_1" } })
  const events = await readEvents(response, ({ data }) => data.type === "session.idle")
  const heard: Record<string, string> = { prt_1: "", prt_2: "" }
  for (const { data } of events) {
    if (data.type === "message.part.delta") heard[String(data.properties.partID)] += String(data.properties.delta)
  }
  expect(heard).toEqual(said)
  expect(events.length).toBeLessThan(2_000)
})

test("5,000 pieces cost a client far under 100 ms of this process", async () => {
  await using s = await served()
  const { bus } = s.world.home
  const { scope } = s.world.engine
  const socket = await deaf(s)
  let bytes = 0
  socket.on("data", (data) => void (bytes += data.length)).resume()
  const before = process.cpuUsage()
  for (let i = 0; i < 5_000; i++) {
    bus.publish(scope, { type: "message.part.delta", properties: delta("prt_1", "word ") })
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  while (bytes < 5_000 * 5) await once(socket, "data")
  const { user, system } = process.cpuUsage(before)
  socket.destroy()
  expect((user + system) / 1_000).toBeLessThan(400) // with the reader and a busy machine in it
})

test("a client that goes away leaves nothing behind", async () => {
  await using s = await served()
  const before = s.world.home.bus.subscribers()
  const gone = new AbortController()
  const response = await s.fetch("/event", { signal: gone.signal })
  const reader = response.body!.getReader()
  await reader.read()
  expect(s.world.home.bus.subscribers()).toBe(before + 1)
  gone.abort()
  await reader.read().catch(() => undefined) // the client's own abort
  await expect.poll(() => s.world.home.bus.subscribers()).toBe(before)
})

test("callers in this process read the same stream without a socket", async () => {
  await using s = await served({ model: script(calls("bash", { command: "echo hi" }), says("Done.")) })
  const before = s.world.home.bus.subscribers()
  const response = await s.app.fetch(new Request("http://localhost/event"))
  const read = readEvents(response, ({ data }) => data.type === "session.idle")
  await s.world.prompt("go")
  const events = await read
  expect(events[0]?.data.type).toBe("server.connected")
  expect(events.some(({ data }) => data.type === "message.part.delta")).toBe(true)
  expect(s.world.home.bus.subscribers()).toBe(before)
})

test("when the server ends, streams break off, so that clients come back", async () => {
  await using s = await served({ model: script(stalls(streams(3), 3)) })
  const response = await s.fetch("/event")
  const reader = response.body!.getReader()
  await reader.read()
  s.app.close()
  await expect(reader.read()).rejects.toThrow()
})
