import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { expect, onTestFinished, test } from "vitest"
import { createRequest } from "@opencode/core/model/request.ts"
import { proxyServer, type ProxyServerOptions } from "@opencode/testing/proxy-server.ts"

const stopAfterTest = (server: Server) =>
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })

async function target() {
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (data) => (body += data))
    request.on("end", () => {
      const { method, url, headers } = request
      response.end(JSON.stringify({ method, url, body, host: headers.host, proxy: headers["proxy-authorization"] }))
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  stopAfterTest(server)
  return (server.address() as AddressInfo).port
}

async function throughProxy(options: ProxyServerOptions = {}, login = "") {
  const proxy = await proxyServer(options)
  const address = login ? proxy.url.replace("//", `//${login}@`) : proxy.url
  const request = createRequest({ env: { HTTP_PROXY: address, HTTPS_PROXY: address } })
  onTestFinished(async () => {
    request.close()
    await proxy.close()
  })
  return { proxy, request, name: proxy.url }
}

const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "none",
    (error: Error & { reason?: string }) => `${error.reason}: ${error.message}`,
  )

test("a request to http: is handed to the proxy whole, on one connection, and the target hears no password", async () => {
  const port = await target()
  const { proxy, request } = await throughProxy({ targets: { "model.test:80": port }, auth: "me:p@ss" }, "me:p%40ss")
  for (const body of ["one", "two"]) {
    const response = await request("http://model.test/v1/chat?a=1", { method: "POST", body })
    expect(await response.json()).toEqual({ method: "POST", url: "/v1/chat?a=1", body, host: "model.test" })
  }
  expect(proxy.forwarded).toEqual(["http://model.test/v1/chat?a=1", "http://model.test/v1/chat?a=1"])
  expect(proxy.openConnections()).toBe(1)
  expect(proxy.tunnels).toEqual([])
})

test("this machine and what NO_PROXY names are spoken to directly", async () => {
  const port = await target()
  const proxy = await proxyServer()
  const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: "model.test" }
  const request = createRequest({ env })
  onTestFinished(async () => {
    request.close()
    await proxy.close()
  })
  for (const host of ["127.0.0.1", "localhost"]) expect((await request(`http://${host}:${port}/`)).ok).toBe(true)
  // There is no such host; what counts is that the proxy does not hear of it.
  await expect(request("http://model.test:1/")).rejects.toThrow()
  expect([...proxy.forwarded, ...proxy.tunnels]).toEqual([])
})

test("hosts that are not allowed are not spoken to through a proxy either", async () => {
  const proxy = await proxyServer()
  const request = createRequest({ env: { ALL_PROXY: proxy.url }, allowedHosts: new Set(["model.test"]) })
  onTestFinished(async () => {
    request.close()
    await proxy.close()
  })
  expect(await reasonOf(request("https://other.test/"))).toContain("host: Nothing may be sent to other.test")
  expect(await reasonOf(request("https://model.test/"))).toContain("does not connect to model.test")
  expect([...proxy.forwarded, ...proxy.tunnels]).toEqual(["model.test:443"])
})

test.each<[string, ProxyServerOptions, string, string]>([
  [
    "https",
    { auth: "me:secret" },
    "",
    "proxy_refused: The proxy NAME wants a name and a password: write them into HTTPS_PROXY, as http://name:password@host:port (407).",
  ],
  [
    "https",
    { auth: "me:secret" },
    "me:wrong",
    "proxy_refused: The proxy NAME does not accept the name and password in HTTPS_PROXY (407).",
  ],
  [
    "http",
    { auth: "me:secret" },
    "me:wrong",
    "proxy_refused: The proxy NAME does not accept the name and password in HTTP_PROXY (407).",
  ],
  ["https", { refuses: 403 }, "me:wrong", "proxy_refused: The proxy NAME does not connect to model.test (403)."],
  ["https", {}, "", "proxy: The proxy NAME does not connect to model.test (502)."],
  ["https", { fails: "hangs up" }, "me:wrong", "proxy: The connection breaks at the proxy NAME (ECONNRESET)."],
  ["http", { fails: "hangs up" }, "me:wrong", "proxy: The connection breaks at the proxy NAME (ECONNRESET)."],
])("over %s, a proxy that is %j is named in one sentence", async (protocol, options, login, sentence) => {
  const { request, name } = await throughProxy(options, login)
  expect(await reasonOf(request(`${protocol}://model.test/v1`))).toBe(sentence.replace("NAME", name))
})

test.each(["http", "https"])("over %s, a proxy that is not there is named, not the provider", async (protocol) => {
  const { request, proxy, name } = await throughProxy({}, "me:secret")
  await proxy.close()
  expect(await reasonOf(request(`${protocol}://model.test/`))).toBe(
    `proxy: Nothing answers at the proxy ${name} (ECONNREFUSED).`,
  )
})

test("a proxy that ends the connection in the middle of the answer is named", async () => {
  const { request, name } = await throughProxy({ fails: "cuts", targets: { "model.test:80": await target() } })
  const response = await request("http://model.test/")
  expect(await reasonOf(response.text())).toBe(
    `cut: The connection to the provider through the proxy ${name} broke in the middle of the answer.`,
  )
})

test.each(["http", "https"])(
  "over %s, an abort, a deadline and close() end the wait for a silent proxy",
  async (protocol) => {
    const { request, proxy } = await throughProxy({ fails: "stalls" })
    const url = `${protocol}://model.test/`
    const abort = new AbortController()
    const aborted = request(url, { signal: abort.signal })
    await expect.poll(() => proxy.openConnections()).toBe(1)
    abort.abort()
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" })
    await expect.poll(() => proxy.openConnections()).toBe(0)

    await expect(request(url, { deadlines: { headerTimeoutMs: 30 } })).rejects.toMatchObject({
      reason: "header_timeout",
    })
    await expect.poll(() => proxy.openConnections()).toBe(0)

    const closed = reasonOf(request(url))
    await expect.poll(() => proxy.openConnections()).toBe(1)
    request.close()
    expect(await closed).toContain("The connection breaks at the proxy")
    await expect.poll(() => proxy.openConnections()).toBe(0)
  },
)
