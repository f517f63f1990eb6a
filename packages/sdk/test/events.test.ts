import type { Server, ServerResponse } from "node:http"
import { expect, test } from "vitest"
import { createOpencodeClient as v1 } from "../src/client.ts"
import { readEvents } from "../src/event-reader.ts"
import { createSseClient, type ServerSentEventsOptions } from "../src/event-stream.ts"
import { createOpencodeClient as v2 } from "../src/v2/client.ts"
import { echo } from "./echo.ts"

const CONNECTED = 'id: 1-1\ndata: {"type":"server.connected","properties":{}}\n\n'
const IDLE = 'id: 1-2\ndata: {"type":"session.idle","properties":{}}\n\n'

/** Opens a stream of events and says the first of them. */
const say = (response: ServerResponse, text: string): unknown =>
  response.setHeader("content-type", "text/event-stream").write(text)

/** Says some events, and then the connection breaks. */
const breakAfter = (response: ServerResponse, text: string): unknown =>
  response.setHeader("content-type", "text/event-stream").write(text, () => setImmediate(() => response.destroy()))

const all = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const found: Item[] = []
  for await (const item of items) found.push(item)
  return found
}

const bodies: [about: string, pieces: string[], events: object[]][] = [
  ["line feeds", ["data: a\n\ndata: b\n\n"], [{ data: "a" }, { data: "b" }]],
  ["carriage returns", ["data: a\r\rdata: b\r\r"], [{ data: "a" }, { data: "b" }]],
  ["both", ["data: a\r\n\r\ndata: b\r\n\r\n"], [{ data: "a" }, { data: "b" }]],
  ["both, cut between them", ["data: a\r", "\n\r", "\ndata: b\r", "\n\r\n"], [{ data: "a" }, { data: "b" }]],
  ["every letter alone", [..."data: ab\n\ndata: c\n\n"], [{ data: "ab" }, { data: "c" }]],
  ["several lines of data", ["data: a\ndata: b\n\n"], [{ data: "a\nb" }]],
  ["comments and unknown fields", [": hello\nwhat: x\ndata: a\n\n"], [{ data: "a" }]],
  [
    "names, ids and delays",
    ["event: e\nid: 7\nretry: 12\ndata: a\n\n"],
    [{ data: "a", name: "e", id: "7", retry: 12 }],
  ],
  ["no space, and two of them", ["data:a\ndata:  b\n\n"], [{ data: "a\n b" }]],
  ["a delay that is none", ["retry: soon\ndata: a\n\n"], [{ data: "a" }]],
  ["an id that no header can carry", ["id: a\0b\ndata: a\n\n"], [{ data: "a" }]],
  ["the end in the middle of an event", ["data: a\n\ndata: b\n"], [{ data: "a" }]],
]

test.each(bodies)("events are read with %s", async (_about, pieces, events) => {
  const bytes = new TextEncoder()
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(bytes.encode(piece))
      controller.close()
    },
  })
  expect(await all(readEvents(body, new AbortController().signal, Infinity))).toEqual(events)
})

test("a letter that is cut in the middle of its bytes is whole", async () => {
  const bytes = new TextEncoder().encode("data: ü\n\n")
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes.slice(0, 7))
      controller.enqueue(bytes.slice(7))
      controller.close()
    },
  })
  expect(await all(readEvents(body, new AbortController().signal, Infinity))).toEqual([{ data: "ü" }])
})

test.each(["v1", "v2"])("a stream of %s goes on where it was when its connection breaks", async (generation) => {
  let connections = 0
  await using server = await echo((response) => {
    connections++
    if (connections === 1) return breakAfter(response, CONNECTED)
    if (connections === 2) return response.writeHead(503).end()
    return say(response, IDLE)
  })
  const failures: unknown[] = []
  const options = { sseDefaultRetryDelay: 1, onSseError: (error: unknown) => failures.push(error) }
  const client = { baseUrl: server.baseUrl }
  const { stream } =
    generation === "v1"
      ? await v1(client).event.subscribe(options)
      : await v2(client).event.subscribe(undefined, options)
  expect((await stream.next()).value?.type).toBe("server.connected")
  expect((await stream.next()).value?.type).toBe("session.idle")
  await stream.return()
  expect(server.heard.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "1-1", "1-1"])
  expect(failures).toHaveLength(2)
})

test.each([
  ["answers no more", () => undefined],
  ["falls silent after an event", (response: ServerResponse) => say(response, CONNECTED)],
])("a server that %s is taken for gone, and asked again", async (_what, first) => {
  await using server = await echo((response) => (server.heard.length === 1 ? first(response) : say(response, IDLE)))
  const failures: unknown[] = []
  const { stream } = open({
    url: server.baseUrl,
    sseMaxSilence: 200,
    onSseError: (error) => failures.push((error as Error).message),
  })
  for await (const event of stream) if ((event as { type: string }).type === "session.idle") break
  expect(failures).toEqual(["SSE failed: nothing came for 200 ms"])
  expect(server.heard).toHaveLength(2)
  await expect.poll(() => connectionsOf(server.server)).toBe(0)
})

const connectionsOf = (server: Server) =>
  new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)))

test("a program that was stopped for a while hears what was said meanwhile, and keeps its connection", async () => {
  await using server = await echo((response) => {
    say(response, CONNECTED)
    const beats = setInterval(() => response.write(":\n\n"), 20)
    response.once("close", () => clearInterval(beats))
  })
  const failures: unknown[] = []
  const { stream } = open({ url: server.baseUrl, sseMaxSilence: 300, onSseError: (error) => failures.push(error) })
  await stream.next()
  const next = stream.next()
  const turns = async (count: number) => {
    while (count--) await new Promise((resolve) => setImmediate(resolve))
  }
  await turns(10) // now it waits for the server
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
  await turns(10)
  await stream.return()
  await next
  expect(failures).toEqual([])
})

test("each event is told with its id, its name and the delay that the server wishes", async () => {
  await using server = await echo((response) => {
    say(response, 'retry: 50\nevent: e\nid: 7\ndata: {"a":1}\n\n:\n\ndata: words\n\n')
    response.end()
  })
  const told: unknown[] = []
  const events = await all(open({ url: server.baseUrl, onSseEvent: (event) => told.push(event) }).stream)
  expect(events).toEqual([{ a: 1 }, "words"])
  expect(told).toEqual([
    { data: { a: 1 }, event: "e", id: "7", retry: 50 },
    { data: undefined, event: undefined, id: "7", retry: 50 },
    { data: "words", event: undefined, id: "7", retry: 50 },
  ])
})

const open = (options: Partial<ServerSentEventsOptions>) =>
  createSseClient<unknown>({ sseDefaultRetryDelay: 1, ...options, url: options.url ?? "" })

test("a stream that the server ends in good order ends, unless the program wants it for good", async () => {
  let connections = 0
  await using server = await echo((response) => {
    connections++
    say(response, connections === 3 ? IDLE : CONNECTED)
    if (connections < 3) response.end()
  })
  expect(await all(open({ url: server.baseUrl }).stream)).toHaveLength(1)
  const { stream } = open({ url: server.baseUrl, sseReconnectAtEnd: true })
  for await (const event of stream) if ((event as { type: string }).type === "session.idle") break
  expect(connections).toBe(3)
})

test("delays double with each failure, up to the longest, and begin anew after a connection", async () => {
  let connections = 0
  await using server = await echo((response) => {
    connections++
    return connections === 5 ? breakAfter(response, CONNECTED) : response.writeHead(500).end()
  })
  const delays: number[] = []
  const sseSleepFn = async (ms: number) => void delays.push(ms)
  const limits = { sseDefaultRetryDelay: 10, sseMaxRetryDelay: 35, sseMaxRetryAttempts: 5 }
  await all(open({ url: server.baseUrl, ...limits, sseSleepFn }).stream)
  expect(delays).toEqual([10, 20, 35, 35, 10, 20, 35, 35])
})

test.each([401, 403, 404])("a server that says %i is not asked again", async (status) => {
  await using server = await echo((response) => response.writeHead(status).end())
  const failures: Error[] = []
  const onSseError = (error: unknown) => failures.push(error as Error)
  expect(await all(open({ url: server.baseUrl, onSseError }).stream)).toEqual([])
  await expect(all(open({ url: server.baseUrl, throwOnError: true }).stream)).rejects.toMatchObject({
    cause: { status },
  })
  expect(failures[0]?.message).toContain(`SSE failed: ${status}`)
  expect(server.heard).toHaveLength(2)
})

test.each(["while it waits for an event", "while it waits to connect again"])(
  "an abort ends a stream at once, %s",
  async (when) => {
    const isOpen = when.includes("event")
    await using server = await echo((response) => (isOpen ? say(response, ":\n\n") : response.writeHead(500).end()))
    const controller = new AbortController()
    const asked = new Promise<void>((resolve) => server.server.once("request", () => setImmediate(resolve)))
    const anHour = { sseDefaultRetryDelay: 3_600_000, sseMaxRetryDelay: 3_600_000 }
    let ended: Promise<unknown[]> | undefined
    const failed = new Promise<void>((resolve) => {
      const { stream } = open({
        ...anHour,
        url: server.baseUrl,
        signal: controller.signal,
        onSseError: () => resolve(),
      })
      ended = all(stream)
    })
    await (isOpen ? asked : failed)
    controller.abort()
    expect(await ended).toEqual([])
  },
)

test("leaving the loop closes the connection, also while an event is waited for", async () => {
  const closed: Promise<void>[] = []
  await using server = await echo((response) => {
    closed.push(new Promise((resolve) => response.once("close", () => resolve())))
    return say(response, CONNECTED)
  })
  for await (const event of open({ url: server.baseUrl }).stream) if (event) break
  const waiting = open({ url: server.baseUrl }).stream
  await waiting.next()
  const pending = waiting.next()
  await waiting.return()
  expect((await pending).done).toBe(true)
  await Promise.all(closed)
  expect(closed).toHaveLength(2)
})

test("a call outlives the patience of what sends requests", async () => {
  const dispatcher = Symbol.for("undici.globalDispatcher.1")
  const place = globalThis as unknown as Record<symbol, { constructor: new (limits: object) => never }>
  await using server = await echo((response) => void setTimeout(() => response.end('"late"'), 2500))
  const usual = place[dispatcher]
  if (!usual) throw new Error("this Node keeps what sends its requests somewhere else")
  try {
    place[dispatcher] = new usual.constructor({ headersTimeout: 100 })
    const calls = [fetch(server.baseUrl), v2({ baseUrl: server.baseUrl, parseAs: "json" }).path.get()]
    const [plain, ours] = await Promise.allSettled(calls)
    expect(plain).toMatchObject({ status: "rejected", reason: { cause: { code: "UND_ERR_HEADERS_TIMEOUT" } } })
    expect(ours).toMatchObject({ status: "fulfilled", value: { data: "late" } })
  } finally {
    place[dispatcher] = usual
  }
})
