import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, test } from "vitest"
import { createRequest, type Request } from "../../src/model/request.ts"
import { createConcealer } from "../../src/recording/conceal.ts"
import { createCursor } from "../../src/recording/cursor.ts"
import { FORMAT, type Entry } from "../../src/recording/entry.ts"
import { recordRequest } from "../../src/recording/record-request.ts"
import { replayRequest } from "../../src/recording/replay-request.ts"

const KEY = "key-of-somebody"
const INIT = {
  method: "POST",
  headers: { authorization: `Bearer ${KEY}`, "x-session-id": "ses_1" },
  body: JSON.stringify({ model: "large" }),
}

/** What came of one request: its bytes, or why there are none. */
async function outcome(request: Request, url: string) {
  try {
    const response = await request(url, INIT)
    const { status, headers } = response
    return {
      status,
      retry: headers.get("retry-after"),
      bytes: Buffer.from(await response.arrayBuffer()).toString("latin1"),
    }
  } catch (error) {
    const { name, message, code, reason } = error as Error & { code?: string; reason?: string }
    return { name, message, code, reason }
  }
}

/** The same request over the wire, recorded, and from the recording. */
async function both(answer: RequestListener, headerTimeoutMs = 20_000) {
  const server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1?key=${KEY}`
  const entries: Entry[] = []
  const concealer = createConcealer()
  const request = recordRequest({
    request: createRequest({ headerTimeoutMs }),
    write: (happening) => void entries.push({ t: 0, ...happening }),
    next: () => 1,
    concealer,
    places: new Map(),
  })
  const real = await outcome(request, url)
  request.close()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))

  const text = concealer.text(JSON.stringify(entries))
  expect(text).not.toContain(KEY)
  const written = JSON.parse(text) as Entry[]
  const cursor = createCursor(written)
  const folders = { home: "", data: "", temp: "", toolOutput: "" }
  const header = {
    opencode: "recording",
    format: FORMAT,
    version: "1",
    platform: "linux",
    started: 0,
    folders,
  } as const
  const differences: string[] = []
  const replay = replayRequest({
    recording: { header, entries: written, isWhole: true },
    cursor,
    places: new Map(),
    said: new Map(),
    differs: (what) => void differences.push(what),
    lost: (what) => void differences.push(what),
  })
  const [replayed] = await Promise.all([outcome(replay, url), cursor.play({ send: async () => {}, close: () => {} })])
  expect(differences).toEqual([])
  return { real, replayed, entries: written, again: () => outcome(replay, url), differences }
}

test.each<[string, RequestListener]>([
  [
    "text that is cut within a character",
    (_, response) => {
      const bytes = Buffer.from("data: žluťoučký 🐎\n\n")
      response.writeHead(200, { "content-type": "text/event-stream" })
      for (const byte of bytes) response.write(Buffer.from([byte]))
      response.end()
    },
  ],
  [
    "bytes that are no text",
    (_, response) => {
      response.writeHead(200, { "content-type": "application/vnd.amazon.eventstream" })
      response.end(Buffer.from(Array.from({ length: 256 }, (_each, index) => index)))
    },
  ],
  ["a refusal", (_, response) => response.writeHead(429, { "retry-after": "7" }).end('{"error":"slow down"}')],
  ["an empty answer", (_, response) => response.writeHead(204).end()],
  [
    "an answer that breaks off",
    (_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.write("half", () => response.destroy())
    },
  ],
  ["a connection that is refused in the middle", (request) => void request.socket.destroy()],
])("%s is replayed as it came", async (_, answer) => {
  const { real, replayed } = await both(answer)
  expect(replayed).toEqual(real)
})

test("a deadline that passed passes again, without the wait", async () => {
  const { real, replayed } = await both(() => {}, 50)
  expect(real).toMatchObject({ reason: "header_timeout" })
  expect(replayed).toEqual(real)
})

test("a key that a provider repeats is not in the recording, nor in the replay", async () => {
  const { real, replayed } = await both((request, response) => {
    response.writeHead(401, { "set-cookie": `session=${KEY}`, "x-seen": String(request.headers.authorization) })
    response.write("wrong key: key-of-")
    response.end("somebody.")
  })
  expect(real).toMatchObject({ bytes: `wrong key: ${KEY}.` })
  expect(replayed).toMatchObject({ status: 401, bytes: "wrong key: [secret]." })
})

test("what is asked once more than it was is refused by name", async () => {
  const { again, differences } = await both((_, response) => response.writeHead(200).end("once"))
  expect(await again()).toMatchObject({ name: "RequestError", reason: "host" })
  expect(differences).toEqual([expect.stringMatching(/^Request 2 of session ses_1 is not in the recording/)])
})
