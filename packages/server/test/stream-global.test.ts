import { once } from "node:events"
import { connect } from "node:net"
import type { EventProperties } from "@opencode/protocol/event.ts"
import { says, script } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { dataOf, readEvents, served, type Sse } from "./served.ts"

// What is promised of `/event` (`stream.test.ts`) holds for the stream of the whole server.

const titleOf = (payload?: { properties: Record<string, unknown> }): unknown =>
  (payload?.properties.info as { title?: string } | undefined)?.title

test("a client of the whole server that comes back gets what it missed of every folder, in order and once", async () => {
  await using s = await served({ files: { "other/a": "" } })
  const other = s.world.folder.join("project", "other")
  const make = (title: string, directory?: string) =>
    dataOf(s.v2.session.create({ title, ...(directory === undefined ? {} : { directory }) }))

  const response = await s.fetch("/global/event")
  const read = readEvents(response, ({ data }) => titleOf(data.payload) === "two")
  await make("one")
  await make("two", other)
  const before = await read
  await make("three", other)
  await make("four")

  const again = await s.fetch("/global/event", { headers: { "last-event-id": before.at(-1)!.id! } })
  const reread = readEvents(again, ({ data }) => titleOf(data.payload) === "five")
  await make("five")
  const after = await reread
  expect(after[0]?.data.payload).toMatchObject({ type: "server.connected", properties: { resumed: true } })
  const created = after.filter(({ data }) => data.payload?.type === "session.created")
  expect(created.map(({ data }) => [titleOf(data.payload), data.directory])).toEqual([
    ["three", other],
    ["four", s.world.project],
    ["five", s.world.project],
  ])

  // One counter for all: the numbers rise, and none comes twice.
  const numbers = [...before, ...after.slice(1)].flatMap(({ id }) =>
    id === undefined ? [] : [Number(id.split("-").at(-1))],
  )
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b))

  const elsewhere = await s.fetch("/global/event", { headers: { "last-event-id": "elsewhere-12" } })
  const [connected] = await readEvents(elsewhere, () => true)
  expect(connected?.data.payload).toMatchObject({ properties: { resumed: false } })
})

test("a client that missed more than may wait for a slow one gets all of it, and then what happens", async () => {
  await using s = await served()
  const { bus } = s.world.home
  const happen = (folder: number, file: string) =>
    bus.publish({ directory: `/${folder}`, projectID: "p" }, { type: "file.edited", properties: { file } })
  const response = await s.fetch("/global/event")
  happen(0, "first")
  const last = ({ data }: Sse) => data.payload?.properties.file === "last"
  const [seen] = (await readEvents(response, ({ data }) => data.payload?.type === "file.edited")).slice(-1)
  const large = "x".repeat(100_000)
  for (let folder = 1; folder <= 4; folder++) for (let i = 0; i < 19; i++) happen(folder, `${large}${i}`)

  const again = await s.fetch("/global/event", { headers: { "last-event-id": seen!.id! } })
  happen(1, "last")
  const events = await readEvents(again, last)

  expect(events[0]?.data.payload).toMatchObject({ properties: { resumed: true } })
  expect(events).toHaveLength(1 + 4 * 19 + 1)
})

const LONG = "abcdefghijklmnopqrstuvwxyz".repeat(8)

test("who connects to the whole server in the middle of an answer gets the part so far, and every piece after it", async () => {
  await using s = await served({ model: script(says(LONG, { chunkSize: 1, delayMs: 3 })) })
  const turn = s.world.prompt("go")
  await s.world.happened("message.part.delta")
  const read = readEvents(await s.fetch("/global/event"), ({ data }) => data.payload?.type === "session.idle")
  await turn
  const events = await read
  expect(events.map(({ data }) => data.payload?.type).slice(0, 2)).toEqual(["server.connected", "message.part.updated"])
  expect(events[1]?.data.directory).toBe(s.world.project)
  let text = ""
  for (const { data } of events) {
    const { type, properties } = data.payload!
    if (type === "message.part.delta") text += String(properties.delta)
    if (type !== "message.part.updated") continue
    const part = properties.part as { type: string; text: string; time?: { end?: number } }
    if (part.type !== "text") continue
    if (part.time?.end !== undefined) expect(text).toBe(part.text)
    text = part.text
  }
  expect(text).toBe(LONG)
})

test("a client of the whole server that does not read is cut off, and the memory it took is given back", async () => {
  await using s = await served()
  const { bus } = s.world.home
  const others = bus.subscribers()
  const { hostname, port } = new URL(s.url)
  const socket = connect(Number(port), hostname)
  socket.on("error", () => undefined) // it is going to be cut off
  await once(socket, "connect")
  socket.write("GET /global/event HTTP/1.1\r\nhost: localhost\r\n\r\n")
  await once(socket, "readable")
  socket.pause()
  expect(bus.subscribers()).toBe(others + 1)
  const big = "x".repeat(100_000)
  let sent = 0
  while (bus.subscribers() > others && sent < 200) {
    bus.publish(s.world.engine.scope, { type: "file.edited", properties: { file: `${big}${sent++}` } })
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(bus.subscribers()).toBe(others)
  expect(sent).toBeLessThan(120) // four megabytes wait, and what the system takes on its way
  socket.resume()
  await once(socket, "close")
})

test("a slow client of the whole server ends with the same text, in fewer pieces", async () => {
  await using s = await served()
  const { bus } = s.world.home
  const { scope } = s.world.engine
  const piece = (partID: string, delta: string): EventProperties<"message.part.delta"> => ({
    sessionID: "ses_1",
    messageID: "msg_1",
    partID,
    field: "text",
    delta,
  })
  const response = await s.fetch("/global/event")
  let said = ""
  for (let i = 0; i < 20_000; i++) {
    said += `${i} `
    bus.publish(scope, { type: "message.part.delta", properties: piece("prt_1", `${i} `) })
  }
  bus.publish(scope, { type: "session.idle", properties: { sessionID: "ses_1" } })
  const events = await readEvents(response, ({ data }) => data.payload?.type === "session.idle")
  expect(events.map(({ data }) => data.payload?.properties.delta ?? "").join("")).toBe(said)
  expect(events.length).toBeLessThan(2_000)
})

test.each(["/event", "/global/event"])(
  "%s is heard to live although nothing happens, until its client goes",
  async (path) => {
    await using s = await served()
    const beats: { beat: () => void; ms: number; isOver: boolean }[] = []
    const { setInterval: start, clearInterval: stop } = globalThis
    globalThis.setInterval = ((beat: () => void, ms: number) => {
      const timer = start(() => undefined, 1e9)
      beats.push(Object.assign(timer as object, { beat, ms, isOver: false }))
      return timer
    }) as typeof setInterval
    globalThis.clearInterval = (timer) => {
      if (typeof timer === "object" && timer !== null) Object.assign(timer, { isOver: true })
      stop(timer)
    }
    try {
      const response = await s.fetch(path)
      const mine = beats.filter(({ ms }) => ms === 10_000)
      expect(mine).toHaveLength(1)
      const read = readEvents(response, ({ data }) => (data.payload ?? data).type === "server.heartbeat")
      mine[0]!.beat()
      const last = (await read).at(-1)!
      expect(last.id).toBeUndefined()
      const heartbeat = { id: expect.stringMatching(/^evt_/), type: "server.heartbeat", properties: {} }
      expect(last.data).toEqual(path === "/event" ? heartbeat : { payload: heartbeat })
      await expect.poll(() => mine[0]!.isOver).toBe(true)
    } finally {
      Object.assign(globalThis, { setInterval: start, clearInterval: stop })
    }
  },
)
