import { connect } from "node:net"
import { expect, test } from "vitest"
import { served, type Served } from "../served.ts"

/** Bytes as somebody may send them, and all that comes back until the server hangs up. */
function raw(s: Served, bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(s.url)
    const socket = connect(Number(port), hostname)
    let answer = ""
    socket.setEncoding("latin1").on("data", (text) => void (answer += text))
    socket.on("error", (error) => (answer ? undefined : reject(error)))
    socket.on("close", () => resolve(answer))
    socket.write(bytes)
  })
}

const lines = (...all: string[]): string => `${all.join("\r\n")}\r\n\r\n`
const host = "Host: localhost"
const close = "Connection: close"

const UNREADABLE: [what: string, bytes: string, status: number][] = [
  ["no HTTP", "hello\r\n\r\n", 400],
  ["bytes of TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
  ["an unknown version", "GET / HTTP/9.9\r\n\r\n", 400],
  ["a name of a header with a blank", lines("GET / HTTP/1.1", "Ho st: localhost"), 400],
  ["a bare line feed in a header", lines("GET / HTTP/1.1", host, "x: a\nb"), 400],
  ["two lengths", lines("POST /session HTTP/1.1", host, "Content-Length: 1", "Content-Length: 2"), 400],
  ["length and chunks", lines("POST /session HTTP/1.1", host, "Content-Length: 1", "Transfer-Encoding: chunked"), 400],
  ["a length below nothing", lines("POST /session HTTP/1.1", host, "Content-Length: -1"), 400],
  ["a header without end", `GET / HTTP/1.1\r\n${host}\r\nx: ${"a".repeat(100_000)}`, 431],
  ["an address without end", `GET /${"a".repeat(100_000)}`, 431],
]

test.each(UNREADABLE)("%s is answered like every other mistake, and the connection ends", async (_, bytes, status) => {
  await using s = await served()
  const answer = await raw(s, bytes)
  const [head = "", body = ""] = answer.split("\r\n\r\n")
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(head).toMatch(/content-type: application\/json/i)
  expect(JSON.parse(body)).toMatchObject({ name: "BadRequest", data: { message: expect.any(String) } })
})

test("names that contradict each other, and such that only look like ours, are refused", async () => {
  await using s = await served()
  const refused: string[][] = [
    ["Host: evil.example"],
    ["Host: localhost.evil.example"],
    ["Host: evil.example@localhost"],
    ["Host: localhost#.evil.example"],
    [host, "Origin: https://evil.example"],
    [host, "Origin: http://localhost", "Origin: https://evil.example"],
    [host, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"],
    [host, "Sec-Fetch-Site: CROSS-SITE"],
    [host, "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"],
  ]
  for (const headers of refused) {
    const answer = await raw(s, lines("GET /session HTTP/1.1", ...headers, close))
    expect({ headers, answer: answer.slice(0, 12) }).toEqual({ headers, answer: "HTTP/1.1 403" })
  }
  for (const bytes of [
    lines("GET /session HTTP/1.1", close),
    "GET /session HTTP/1.0\r\n\r\n",
    "GET /session\r\n\r\n",
  ]) {
    expect(await raw(s, bytes)).toMatch(/^HTTP\/1\.1 403 [^]*"_tag":"ForbiddenError"/)
  }
  // Whole addresses, as proxies send them: the name in it has no say.
  expect(await raw(s, lines("GET http://localhost/path HTTP/1.1", "Host: evil.example", close))).toMatch(/^\S+ 403/)
  expect(await raw(s, lines("GET http://evil.example/path HTTP/1.1", host, close))).toMatch(/^\S+ 200/)
})

test("a link from another site opens a page, and nothing that a program would ask for", async () => {
  await using s = await served()
  const link = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Sec-Fetch-Dest: document"]
  for (const [path, status] of Object.entries({
    "/doc": 200,
    "/session": 403,
    "/event": 403,
    "/tui/control/next": 403,
    "/config?directory=/": 403,
    "/nowhere": 403,
  })) {
    const answer = await raw(s, lines(`GET ${path} HTTP/1.1`, host, ...link, close))
    expect({ path, answer: answer.slice(0, 12) }).toEqual({ path, answer: `HTTP/1.1 ${status}` })
  }
})

test("answers carry nothing that another site's page could use", async () => {
  await using s = await served()
  for (const path of ["/session", "/nowhere", "/doc"]) {
    const { headers } = await s.fetch(path)
    expect(Object.fromEntries(headers)).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cross-origin-resource-policy": "same-origin",
    })
    expect(headers.get("access-control-allow-origin")).toBeNull()
    expect(headers.get("access-control-allow-credentials")).toBeNull()
    expect(headers.get("x-powered-by")).toBeNull()
  }
})

test("methods that nothing here has end in an answer or a closed connection", async () => {
  await using s = await served()
  for (const method of ["TRACE", "PROPFIND", "PATCH", "QUERY"]) {
    expect(await raw(s, lines(`${method} /session HTTP/1.1`, host, close))).toMatch(/^HTTP\/1\.1 404 /)
  }
  expect(await raw(s, lines("CONNECT localhost:80 HTTP/1.1", host))).toBe("")
  expect((await s.fetch("/global/health")).status).toBe(200)
})

test("many requests in one packet are all answered, in order", async () => {
  await using s = await served()
  const one = lines("GET /global/health HTTP/1.1", host)
  const answer = await raw(s, one.repeat(300) + lines("GET /nowhere HTTP/1.1", host, close))
  const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
  expect([statuses.filter((status) => status === "200").length, statuses.at(-1)]).toEqual([300, "404"])
})

test("who is slow to send a body that was refused long ago still gets to read why", async () => {
  await using s = await served()
  const { hostname, port } = new URL(s.url)
  const socket = connect(Number(port), hostname)
  const pieces = 8
  const piece = "x".repeat(50_000)
  let answer = ""
  let left = pieces
  let wasReset = false
  socket.setEncoding("latin1").on("data", (text) => void (answer += text))
  socket.on("error", () => (wasReset = true))
  socket.write(
    lines("POST /session HTTP/1.1", host, "Content-Type: text/plain", `Content-Length: ${pieces * piece.length}`),
  )
  const dribble = setInterval(() => {
    socket.write(piece)
    if (--left === 0) clearInterval(dribble)
  }, 250)
  await new Promise((resolve) => socket.once("close", resolve))
  clearInterval(dribble)
  expect({ wasReset, left }).toEqual({ wasReset: false, left: 0 })
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
})
