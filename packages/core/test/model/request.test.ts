import { once } from "node:events"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { gzipSync } from "node:zlib"
import { expect, onTestFinished, test } from "vitest"
import { createRequest } from "@opencode/core/model/request.ts"

type Handler = (request: IncomingMessage, response: ServerResponse) => void

async function serve(handler: Handler) {
  const sockets = new Set<Socket>()
  const server = createServer(handler)
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, host: `127.0.0.1:${port}`, sockets }
}

function openRequest(...given: Parameters<typeof createRequest>) {
  const request = createRequest(...given)
  onTestFinished(() => request.close())
  return request
}

test("a request looks like fetch, as far as provider packages look", async () => {
  const server = await serve((request, response) => {
    response.setHeader("X-Kind", "test")
    response
      .writeHead(201, "Made")
      .end(`${request.method} ${request.headers["x-a"]} ${request.headers["content-length"]}`)
  })
  const request = openRequest()
  const response = await request(server.url, {
    method: "POST",
    headers: { "X-A": "1", gone: undefined },
    body: "Grüße",
  })
  expect(response).toMatchObject({ ok: true, status: 201, statusText: "Made" })
  expect(response.headers.get("x-Kind")).toBe("test")
  expect(Object.fromEntries([...response.headers])).toMatchObject({ "x-kind": "test" })
  expect(await response.text()).toBe("POST 1 7")
})

test("connections are used again, and close() ends them", async () => {
  const server = await serve((_, response) => response.end("{}"))
  const request = openRequest()
  for (let i = 0; i < 3; i++) expect(await (await request(server.url)).json()).toEqual({})
  expect(server.sockets.size).toBe(1)
  request.close()
  await expect.poll(() => server.sockets.size).toBe(0)
})

test("an idle connection that the server closed does not fail the next request", async () => {
  const server = await serve((_, response) => response.end("ok"))
  const request = openRequest()
  await (await request(server.url)).text()
  for (const socket of server.sockets) socket.resetAndDestroy()
  expect(await (await request(server.url)).text()).toBe("ok")
})

test("a host that was not allowed is never spoken to", async () => {
  let asked = 0
  const server = await serve((_, response) => response.end(String(++asked)))
  const request = openRequest({ allowedHosts: new Set(["127.0.0.1:1"]) })
  await expect(request(server.url)).rejects.toMatchObject({ name: "RequestError", reason: "host" })
  expect(asked).toBe(0)
})

test("a redirect is followed on the same host, with method and body", async () => {
  const server = await serve((request, response) => {
    if (request.url === "/old") return response.writeHead(307, { location: "/new" }).end()
    let body = ""
    request
      .on("data", (data) => (body += data))
      .on("end", () => response.end(`${request.method} ${request.url} ${body}`))
  })
  const request = openRequest()
  expect(await (await request(`${server.url}/old`, { method: "POST", body: "hi" })).text()).toBe("POST /new hi")
})

test("a redirect elsewhere, in a circle or that drops the body is refused", async () => {
  let stolen = 0
  const thief = await serve((_, response) => response.end(String(++stolen)))
  const server = await serve((request, response) => {
    const [status, location] = {
      "/away": [307, thief.url],
      "/circle": [307, "/circle"],
      "/get": [302, "/"],
      "/broken": [307, "http://"],
    }[request.url ?? ""] as [number, string]
    response.writeHead(status, { location }).end()
  })
  const request = openRequest()
  for (const path of ["/away", "/circle", "/get", "/broken"])
    await expect(request(server.url + path, { method: "POST", body: "{}" })).rejects.toMatchObject({
      reason: "redirect",
    })
  expect(stolen).toBe(0)
})

test("each wait has its deadline, and a slow reader is no silent provider", async () => {
  const server = await serve((request, response) => {
    if (request.url === "/silent") return
    response.write("start")
  })
  const request = openRequest({ headerTimeoutMs: 40, chunkTimeoutMs: 40 })
  await expect(request(`${server.url}/silent`)).rejects.toMatchObject({ reason: "header_timeout" })
  const stalled = await request(`${server.url}/stalled`)
  await expect(stalled.text()).rejects.toMatchObject({ reason: "chunk_timeout" })
  const short = await request(`${server.url}/stalled`, { deadlines: { chunkTimeoutMs: false, timeoutMs: 40 } })
  await expect(short.text()).rejects.toMatchObject({ reason: "timeout" })
  await expect.poll(() => server.sockets.size).toBe(0)
})

test("a deadline beyond what a timer can hold does not go off at once", async () => {
  const server = await serve((_, response) => setImmediate(() => response.end("ok")))
  const request = openRequest({ headerTimeoutMs: 1e12, chunkTimeoutMs: 1e12, timeoutMs: 1e12 })
  expect(await (await request(server.url)).text()).toBe("ok")
})

test("an abort at any moment ends the connection", async () => {
  const server = await serve((request, response) => {
    if (request.url !== "/silent") response.write("start")
  })
  const request = openRequest()
  const before = AbortSignal.abort()
  await expect(request(server.url, { signal: before })).rejects.toMatchObject({ name: "AbortError" })

  const waiting = new AbortController()
  const silent = request(`${server.url}/silent`, { signal: waiting.signal })
  await expect.poll(() => server.sockets.size).toBe(1)
  waiting.abort("any reason")
  await expect(silent).rejects.toMatchObject({ name: "AbortError" })

  const reading = new AbortController()
  const response = await request(`${server.url}/stream`, { signal: reading.signal })
  const reader = response.body.getReader()
  await reader.read()
  const next = reader.read()
  reading.abort()
  await expect(next).rejects.toMatchObject({ name: "AbortError" })
  await expect.poll(() => server.sockets.size).toBe(0)
})

test("a connection that breaks in the middle is no end", async () => {
  const server = await serve((_, response) => {
    response.write("half")
    setImmediate(() => response.destroy())
  })
  const request = openRequest()
  await expect((await request(server.url)).text()).rejects.toMatchObject({ reason: "cut" })
})

test("of an error page only the beginning is read, compressed or not", async () => {
  const page = "<p>bad gateway</p>".repeat(1_000_000)
  const server = await serve((request, response) => {
    const zip = request.url === "/zip"
    response.writeHead(502, zip ? { "content-encoding": "gzip" } : {}).end(zip ? gzipSync(page) : page)
  })
  const request = openRequest()
  for (const path of ["/zip", "/plain"]) {
    const response = await request(server.url + path)
    expect(response.ok).toBe(false)
    const text = await response.text()
    expect(text.length).toBe(256 * 1024)
    expect(page.startsWith(text)).toBe(true)
  }
  // The compressed page had come in whole, so that its connection was free for the next; the other is ended.
  await expect.poll(() => server.sockets.size).toBe(0)
})

test("a whole answer without end is refused", async () => {
  const server = await serve((_, response) => {
    const block = Buffer.alloc(1024 * 1024)
    const more = () =>
      void (response.destroyed || (response.write(block) ? setImmediate(more) : response.once("drain", more)))
    more()
  })
  const request = openRequest()
  await expect((await request(server.url)).text()).rejects.toMatchObject({ reason: "too_large" })
  await expect.poll(() => server.sockets.size).toBe(0)
})

test("a body that nobody reads makes the server wait", async () => {
  let sent = 0
  const server = await serve((_, response) => {
    const block = Buffer.alloc(64 * 1024)
    const more = () => {
      if (response.destroyed) return
      sent += block.length
      if (response.write(block)) setImmediate(more)
      else response.once("drain", more)
    }
    more()
  })
  const request = openRequest({ chunkTimeoutMs: 50 })
  const response = await request(server.url)
  let before = -1
  await expect.poll(() => before === (before = sent), { interval: 100 }).toBe(true)
  // Buffers of the system on both sides, and ours.
  expect(sent).toBeLessThan(16 * 1024 * 1024)
  // The deadline counts only while somebody waits.
  const reader = response.body.getReader()
  expect((await reader.read()).done).toBe(false)
  await reader.cancel()
  await expect.poll(() => server.sockets.size).toBe(0)
})
