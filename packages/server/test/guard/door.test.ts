import { once } from "node:events"
import { request } from "node:http"
import { connect } from "node:net"
import { freePort } from "@opencode/testing/free-port.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { createApp } from "../../src/app.ts"
import { MAX_BODY_BYTES } from "../../src/guard/limits.ts"
import { listen } from "../../src/listen.ts"
import { readEvents, served } from "../served.ts"

interface Asked {
  method?: string
  path?: string
  headers?: Record<string, string>
  body?: string
}

/** As a program that sends what it likes, which `fetch` does not. */
function ask(url: string, { method = "GET", path = "/global/health", headers = {}, body }: Asked) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const sent = request(url + path, { method, headers, agent: false }, async (response) => {
      response.setEncoding("utf8")
      let text = ""
      for await (const chunk of response) text += chunk
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
    })
    sent.on("error", reject)
    sent.end(body)
  })
}

const json = { "content-type": "application/json" }

test("the guard stands before everything, also before what does not exist", async () => {
  await using s = await served()
  const evil = { origin: "https://evil.example" }
  const refused: Asked[] = [
    { headers: { host: "evil.example" } },
    { path: "/nowhere", headers: { host: "evil.example" } },
    { headers: evil },
    { path: "/nowhere", headers: evil },
    { path: "/event", headers: evil },
    { path: "/session", method: "POST", headers: { ...evil, ...json }, body: "{}" },
    { path: "/session", method: "POST", headers: { "sec-fetch-site": "cross-site" } },
    { path: "/session", method: "OPTIONS", headers: { ...evil, "access-control-request-method": "POST" } },
  ]
  for (const asked of refused) {
    const { status, headers, body } = await ask(s.url, asked)
    expect({ asked, status }).toEqual({ asked, status: 403 })
    expect(headers["access-control-allow-origin"]).toBeUndefined()
    expect(JSON.parse(body)).toMatchObject({ _tag: "ForbiddenError" })
  }
  expect(await (await s.fetch("/session")).json()).toEqual([])
})

test("pages of this machine may ask and read, without credentials for the question itself", async () => {
  await using s = await served({ guard: { hostnames: [], cors: ["tauri://localhost"], password: "secret" } })
  for (const origin of ["http://localhost:5173", "tauri://localhost"]) {
    const preflight = await ask(s.url, {
      method: "OPTIONS",
      path: "/session",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,x-a",
      },
    })
    expect(preflight).toMatchObject({
      status: 204,
      headers: {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": "GET, HEAD, PUT, PATCH, POST, DELETE",
        "access-control-allow-headers": "authorization,x-a",
        "access-control-max-age": "86400",
      },
    })
    const authorization = `Basic ${btoa("any:secret")}`
    const read = await ask(s.url, { headers: { origin, authorization } })
    expect(read).toMatchObject({ status: 200, headers: { "access-control-allow-origin": origin, vary: "Origin" } })
  }
})

test("without the password nothing is answered, event streams included", async () => {
  await using s = await served({ guard: { hostnames: [], cors: [], password: "secret", username: "me" } })
  for (const path of ["/global/health", "/event", "/global/event", "/session", "/doc", "/nowhere"]) {
    const { status, headers, body } = await ask(s.url, {
      path,
      headers: { authorization: `Basic ${btoa("you:secret")}` },
    })
    expect({ path, status }).toEqual({ path, status: 401 })
    expect(headers["www-authenticate"]).toMatch(/^Basic realm=/)
    expect(JSON.parse(body)).toMatchObject({ _tag: "UnauthorizedError" })
  }
  expect((await ask(s.url, { headers: { authorization: `Basic ${btoa("me:secret")}` } })).status).toBe(200)
})

const BODIES: [what: string, headers: Record<string, string>, body: string | undefined, status: number][] = [
  ["JSON", json, `{"title":"a"}`, 200],
  ["JSON with a character set", { "content-type": "application/json; charset=utf-8" }, `{"title":"a"}`, 200],
  ["nothing", {}, undefined, 200],
  ["nothing that says it is JSON", json, undefined, 200],
  ["plain text", { "content-type": "text/plain" }, `{"title":"a"}`, 400],
  ["a form", { "content-type": "application/x-www-form-urlencoded" }, "title=a", 400],
  ["no type", {}, `{"title":"a"}`, 400],
  ["compressed JSON", { ...json, "content-encoding": "gzip" }, "xx", 400],
  ["half of JSON", json, `{"title":`, 400],
  ["a list", json, "[]", 400],
]

test.each(BODIES)("a body of %s", async (_, headers, body, status) => {
  await using s = await served()
  const asked: Asked = { method: "POST", path: "/session", headers }
  const answer = await ask(s.url, body === undefined ? asked : { ...asked, body })
  expect(answer.status).toBe(status)
  if (status === 400) expect(JSON.parse(answer.body)).toMatchObject({ name: "BadRequest" })
})

test("an endless body is refused while it comes in, and the server keeps none of it", async () => {
  await using s = await served()
  const { hostname, port } = new URL(s.url)
  const socket = connect(Number(port), hostname)
  await once(socket, "connect")
  socket.write(
    "POST /session HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
  )
  let answer = ""
  let sent = 0
  const chunk = "10000\r\n" + " ".repeat(0x10000) + "\r\n"
  const send = () => {
    for (let room = true; room && sent < 4 * MAX_BODY_BYTES; sent += 0x10000) room = socket.write(chunk)
  }
  socket.setEncoding("latin1").on("data", (text) => void (answer += text))
  socket.on("error", () => undefined) // the server ends the connection while we still send
  socket.on("drain", send)
  send()
  await new Promise((resolve) => socket.once("close", resolve))
  expect(answer).toMatch(/^HTTP\/1\.1 413 /)
  expect(answer).toMatch(/connection: close/i)
})

test("answers of over a kilobyte are compressed for those who take it", async () => {
  await using s = await served()
  const zipped = await ask(s.url, { path: "/doc", headers: { "accept-encoding": "br, gzip" } })
  expect(zipped.headers).toMatchObject({ "content-encoding": "gzip", vary: "Accept, Accept-Encoding" })
  const plain = await ask(s.url, { path: "/doc", headers: { "accept-encoding": "gzip;q=0" } })
  expect(plain.headers["content-encoding"]).toBeUndefined()
  expect(Number(zipped.headers["content-length"])).toBeLessThan(Number(plain.headers["content-length"]) / 4)
  const small = await ask(s.url, { headers: { "accept-encoding": "gzip" } })
  expect(small.headers["content-encoding"]).toBeUndefined()
})

test("the password may stand in the address where no header can be sent, and goes no further than the guard", async () => {
  const noted: string[] = []
  const boundary = {
    input({ target }: { target: string }) {
      noted.push(target)
      return () => undefined
    },
  }
  await using w = await world()
  const guard = { hostnames: [], cors: [], password: "s e+c/ret" }
  const app = createApp({ ...w.home, engines: w.engines, directory: w.project, guard, boundary })
  const listening = await listen({ app, log: w.home.log, port: await freePort() })
  const url = listening.url
  const token = encodeURIComponent(btoa("opencode:s e+c/ret"))
  for (const path of ["/global/health", "/session?limit=1", "/config", "/doc"]) {
    const mark = path.includes("?") ? "&" : "?"
    const { status, body } = await ask(url, { path: `${path}${mark}auth_token=${token}` })
    expect({ path, status }).toEqual({ path, status: 200 })
    expect(body).not.toContain(token)
    expect((await ask(url, { path: `${path}${mark}auth_token=${btoa("opencode:wrong")}` })).status).toBe(401)
    expect((await ask(url, { path: `${path}${mark}auth_token=s%20e%2Bc%2Fret` })).status).toBe(401)
  }
  const made = await ask(url, { method: "POST", path: `/session?a=1&auth%5Ftoken=${token}&b=2` })
  expect(made.status).toBe(200)
  expect(noted).toEqual(["/session?a=1&b=2"])
  const missing = await ask(url, { path: `/nowhere?auth_token=${token}` })
  expect(missing.status).toBe(404)
  expect(missing.body).not.toContain("auth_token")
  await listening.close()
})

test("an event stream is opened by the password in the address, as pages do that set no headers", async () => {
  await using s = await served({ guard: { hostnames: [], cors: ["https://app.example"], password: "secret" } })
  const page = { origin: "https://app.example" }
  for (const path of ["/event", "/global/event"]) {
    expect((await s.fetch(path, { headers: page })).status).toBe(401)
    const response = await s.fetch(`${path}?auth_token=${btoa("any:secret")}`, { headers: page })
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example")
    const [first] = await readEvents(response, () => true)
    expect(JSON.stringify(first)).toContain("server.connected")
  }
})

test("brackets without end are refused before anything walks through them", async () => {
  await using s = await served()
  const post = (body: string) => ask(s.url, { method: "POST", path: "/session", headers: json, body })
  for (const body of ["[".repeat(1_000_000), `{"metadata":${`{"a":`.repeat(5_000)}1${"}".repeat(5_000)}}`]) {
    const { status, body: answer } = await post(body)
    expect({ status, answer: JSON.parse(answer) }).toMatchObject({
      status: 400,
      answer: { data: { message: expect.stringContaining("levels") } },
    })
  }
  const deep = `{"metadata":${`{"a":`.repeat(150)}1${"}".repeat(150)}}`
  expect((await post(deep)).status).toBe(200)
  expect((await post(`{"title":"${"[".repeat(500)}\\\\\\"${"{".repeat(500)}"}`)).status).toBe(200)
  expect((await post(`{"title":"never closed${"[".repeat(500)}`)).status).toBe(400)
})
