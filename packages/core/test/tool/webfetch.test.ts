import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib"
import { PIXEL } from "@opencode/testing/pixel.ts"
import { toolFailure } from "@opencode/core/lib/fault.ts"
import { proxyServer } from "@opencode/testing/proxy-server.ts"
import { cpuMs } from "@opencode/testing/effort.ts"
import { describe, expect, test } from "vitest"
import { fetchPage, parseAddress, type Step } from "../../src/tool/fetch-page.ts"
import { openWorld } from "./world.ts"

const PNG = Buffer.from(PIXEL, "base64")

/** A server that answers by path, and remembers what it was asked. */
async function site(
  pages: Record<string, RequestListener | [type: string, body: string | Buffer, encoding?: string]>,
  host = "127.0.0.1",
) {
  const heard: { path: string; headers: Record<string, unknown> }[] = []
  const server = createServer((request, response) => {
    heard.push({ path: request.url!, headers: request.headers })
    const page = pages[request.url!]
    if (typeof page === "function") return page(request, response)
    if (!page) return void response.writeHead(404).end()
    const [type, body, encoding] = page
    response.writeHead(200, {
      "content-type": type,
      ...(encoding && { "content-encoding": encoding }),
      "set-cookie": "a=b",
    })
    response.end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: (path: string) => `http://${host}:${port}${path}`,
    host: `${host}:${port}`,
    port,
    heard,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const to =
  (location: string): RequestListener =>
  (_, response) =>
    void response.writeHead(302, { location }).end()

const ARTICLE = `<!doctype html><html><head><title>Doc</title><style>p{}</style><script>alert("no")</script></head>
<body><nav>Menu</nav><h1>Title &amp; more</h1><p>One <a href="/x">link</a>.</p><ul><li>a</li></ul></body></html>`

describe("a page", () => {
  test("comes as Markdown, as text or as it is", async () => {
    await using s = await site({ "/": ["text/html; charset=utf-8", ARTICLE] })
    await using w = await openWorld()
    const get = (format?: string) => w.call("webfetch", { url: s.url("/"), format })
    const markdown = await get()
    expect(markdown).toMatchObject({
      title: `${s.url("/")} (text/html)`,
      metadata: { contentType: "text/html", truncated: false },
    })
    expect(markdown.output).toContain("# Title & more\n\nOne [link](/x).")
    expect(markdown.output).not.toMatch(/alert|Menu|p\{/)
    expect((await get("text")).output).toBe("Doc\n\nTitle & more\n\nOne link.\n\na")
    expect((await get("html")).output).toBe(ARTICLE)
    expect(s.heard[0]!.headers).toMatchObject({ "user-agent": expect.stringContaining("opencode") })
    expect(s.heard.every(({ headers }) => headers["cookie"] === undefined)).toBe(true)
  })

  test.each([
    ["json", "application/json", '{"a":1}', '{"a":1}'],
    ["plain text", "text/plain", "a\nb", "a\nb"],
    ["an unknown charset", "text/plain; charset=klingon", "a", "a"],
    ["another charset", "text/plain; charset=iso-8859-1", Buffer.from("caf\u00e9", "latin1"), "caf\u00e9"],
    ["a wrong charset", "text/plain; charset=utf-8", Buffer.from([0x61, 0xff, 0x62]), "a\ufffdb"],
    ["UTF-16", "text/plain", Buffer.from("\ufeffa\u00e9", "utf16le"), "a\u00e9"],
    [
      "a charset in the page",
      "text/html",
      Buffer.from('<html><meta charset="windows-1252">\u00e9', "latin1"),
      "\u00e9",
    ],
    ["no type", "", "<html><p>x", "x"],
  ])("of %s is read", async (_, type, body, expected) => {
    await using s = await site({ "/": [type, body] })
    await using w = await openWorld()
    expect((await w.call("webfetch", { url: s.url("/"), format: "text" })).output).toBe(expected)
  })

  test.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ] as const)("packed by %s is unpacked", async (name, pack) => {
    await using s = await site({ "/": ["text/plain", pack(Buffer.from("hello")), name] })
    await using w = await openWorld()
    expect((await w.call("webfetch", { url: s.url("/") })).output).toBe("hello")
  })

  test("that is an image is attached", async () => {
    await using s = await site({ "/a.png": ["image/png", PNG] })
    await using w = await openWorld()
    const result = await w.call("webfetch", { url: s.url("/a.png") })
    expect(result.attachments).toEqual([
      { type: "file", mime: "image/png", filename: "a.png", url: `data:image/png;base64,${PNG.toString("base64")}` },
    ])
  })

  test("that is long is cut, and kept whole in a file", async () => {
    await using s = await site({ "/": ["text/plain", "line\n".repeat(50_000)] })
    await using w = await openWorld()
    const { output, metadata } = await w.call("webfetch", { url: s.url("/") })
    expect(Buffer.byteLength(output)).toBeLessThan(60_000)
    expect(output).toMatch(/left out[^]*saved to: /)
    expect(metadata).toMatchObject({ truncated: true })
  })
})

describe("hostile pages end in a sentence", () => {
  const zeros = Buffer.alloc(64 * 1024 * 1024)
  const cases: [string, Parameters<typeof site>[0][string], RegExp, number?][] = [
    [
      "an endless page",
      (_, response) => {
        response.writeHead(200, { "content-type": "text/plain" })
        const more = () => {
          while (!response.destroyed && response.write("x".repeat(65_536)));
        }
        response.on("drain", more)
        more()
      },
      /larger than 5 MB/,
    ],
    [
      "a claimed size",
      (_, response) => void response.writeHead(200, { "content-length": 1e12 }).write("x"),
      /larger than 5 MB/,
    ],
    ["a gzip bomb", ["text/html", gzipSync(zeros), "gzip"], /larger than 5 MB/],
    ["a brotli bomb", ["text/html", brotliCompressSync(zeros, { params: { 1: 1 } }), "br"], /larger than 5 MB/],
    [
      "a slow drip",
      (_, response) => {
        response.writeHead(200, { "content-type": "text/plain" })
        const drip = setInterval(() => response.write("x"), 50)
        response.on("close", () => clearInterval(drip))
      },
      /did not answer in full within 0.5 s/,
      0.5,
    ],
    ["silence", () => {}, /did not answer in full within 0.3 s/, 0.3],
    ["a loop of redirects", to("/"), /redirects more than 5 times/],
    ["a redirect to a file", to("file:///etc/passwd"), /not file: ones/],
    ["a redirect with a password", to("https://a:b@example.com/"), /password/],
    ["data that calls itself text", ["text/html", Buffer.from([0, 1, 2, 3])], /is not text/],
    ["data", ["application/octet-stream", Buffer.alloc(100)], /is not text \(application\/octet-stream\)/],
    ["a broken pack", ["text/plain", "no gzip", "gzip"], /could not be fetched/],
    ["an unknown pack", ["text/plain", "x", "zstd"], /packed as "zstd"/],
    ["no such page", (_, response) => void response.writeHead(404).end(), /answered 404 Not Found/],
    ["a cut connection", (request) => void request.socket.destroy(), /could not be fetched/],
  ]
  test.each(cases)("%s", async (_, page, reason, timeout) => {
    await using s = await site({ "/": page })
    await using w = await openWorld()
    await expect(w.call("webfetch", { url: s.url("/"), timeout })).rejects.toThrow(reason)
  })

  test("nothing there", async () => {
    const gone = await site({})
    await gone[Symbol.asyncDispose]()
    await using w = await openWorld()
    await expect(w.call("webfetch", { url: gone.url("/") })).rejects.toThrow(/connection was refused/)
  })

  test.each([
    ["nested without end", "<div>".repeat(150_000)],
    ["a table of tables", "<table><tr><td>".repeat(40_000)],
    ["attributes without end", `<p ${"a=b ".repeat(250_000)}>x`],
    ["open brackets", "<".repeat(1_000_000)],
    ["open comments", "<!--".repeat(250_000)],
    ["open scripts", "<script>".repeat(120_000)],
    ["formatting that never ends", "<b><i>x".repeat(100_000)],
  ])("%s does not hold the process up", async (_, html) => {
    await using s = await site({ "/": ["text/html", html] })
    await using w = await openWorld()
    expect(await cpuMs(() => w.call("webfetch", { url: s.url("/") }))).toBeLessThan(3_000)
  })

  test("an abort ends it", async () => {
    const stop = new AbortController()
    await using s = await site({ "/": () => stop.abort() })
    await using w = await openWorld({ signal: stop.signal })
    await expect(w.call("webfetch", { url: s.url("/") })).rejects.toThrow(/abort/i)
  })
})

describe("what is asked", () => {
  test("a page asks by its address, and always means the site", async () => {
    await using w = await openWorld()
    expect(await w.asks("webfetch", { url: "https://Example.com:443/a?b#c" })).toMatchObject([
      {
        permission: "webfetch",
        patterns: ["https://example.com/a?b"],
        always: ["https://example.com/*"],
        aliases: { "https://example.com/a?b": ["http://example.com/a?b"] },
      },
    ])
  })

  test.each([
    "http://localhost:1/",
    "http://2130706433:1/",
    "http://[::1]:1/",
    "http://169.254.169.254:1/",
    "http://a.localhost:1/",
  ])("%s asks for the near address first", async (url) => {
    await using w = await openWorld()
    const { host } = new URL(url)
    expect(await w.asks("webfetch", { url })).toMatchObject([
      { permission: "private_address", patterns: [host], always: [host] },
      { permission: "webfetch" },
    ])
  })

  test("a redirect to another host asks again, for the near address too, and a no ends it before anything is sent", async () => {
    await using target = await site({ "/secret": ["text/plain", "secret"] }, "127.0.0.2")
    await using s = await site({ "/": to(target.url("/secret")) })
    await using w = await openWorld()
    expect((await w.call("webfetch", { url: s.url("/") })).output).toBe("secret")
    expect(w.asked).toMatchObject([
      { permission: "private_address", patterns: [target.host], metadata: { addresses: ["127.0.0.2"] } },
      { permission: "webfetch", patterns: [target.url("/secret")], always: [`http://${target.host}/*`] },
    ])
    w.context.ask = async () => {
      throw toolFailure("no")
    }
    await expect(w.call("webfetch", { url: s.url("/") })).rejects.toThrow("no")
    expect(target.heard).toHaveLength(1)
  })

  test("a redirect on the same host does not", async () => {
    await using s = await site({ "/": to("/b"), "/b": ["text/plain", "b"] })
    await using w = await openWorld()
    expect((await w.call("webfetch", { url: s.url("/") })).output).toBe("b")
    expect(w.asked).toEqual([])
  })
})

describe("on the way", () => {
  const options = (steps: Step[], addresses: string[]) => ({
    accept: "*/*",
    timeoutMs: 5_000,
    maxBytes: 1_000,
    signal: new AbortController().signal,
    env: {} as Record<string, string>,
    permit: async (step: Step) => void steps.push(step),
    resolve: async () => [{ address: addresses.shift() ?? "127.0.0.9", family: 4 }],
  })

  test("a name is resolved once per step, and the connection goes to what was looked at", async () => {
    await using s = await site({ "/": ["text/plain", "right"] })
    const steps: Step[] = []
    const page = await fetchPage(parseAddress(`http://rebind.test:${s.port}/`), options(steps, ["127.0.0.1"]))
    expect(page.body.toString()).toBe("right")
    expect(steps).toMatchObject([{ url: { protocol: "http:" }, privateAddresses: ["127.0.0.1"] }])
    expect(s.heard[0]!.headers["host"]).toBe(`rebind.test:${s.port}`)
  })

  test("a name that turns near between two steps is seen", async () => {
    await using s = await site({ "/": to("/b"), "/b": ["text/plain", "b"] })
    const steps: Step[] = []
    await fetchPage(parseAddress(`http://turn.test:${s.port}/`), options(steps, ["127.0.0.1", "127.0.0.1"]))
    expect(steps.map(({ privateAddresses }) => privateAddresses)).toEqual([["127.0.0.1"], ["127.0.0.1"]])
  })

  test("http becomes https unless the place is near", async () => {
    const steps: Step[] = []
    const permit = async (step: Step) => {
      steps.push(step)
      throw toolFailure("far enough")
    }
    await expect(
      fetchPage(parseAddress("http://example.test/"), { ...options(steps, ["93.184.216.34"]), permit }),
    ).rejects.toThrow("far enough")
    expect(steps[0]!.url.href).toBe("https://example.test/")
    expect(steps[0]!.privateAddresses).toEqual([])
  })

  test("a proxy that the environment names carries it", async () => {
    await using s = await site({ "/": ["text/plain", "by proxy"] })
    await using proxy = await proxyServer({ targets: { "page.test:80": s.port } })
    const steps: Step[] = []
    const near = { ...options(steps, ["10.0.0.1"]), env: { http_proxy: proxy.url } }
    expect((await fetchPage(parseAddress("http://page.test/"), near)).body.toString()).toBe("by proxy")
    expect(proxy.forwarded).toEqual(["http://page.test/"])
    expect(steps).toMatchObject([{ privateAddresses: ["10.0.0.1"] }])

    const far = { ...options(steps, ["93.184.216.34"]), env: { https_proxy: proxy.url } }
    await expect(fetchPage(parseAddress("http://page.test/"), far)).rejects.toThrow(/proxy/i)
    expect(proxy.tunnels).toEqual(["page.test:443"])
  })

  test("the time that a person takes does not count", async () => {
    await using s = await site({ "/": ["text/plain", "b"] })
    const steps: Step[] = []
    const permit = () => new Promise<void>((resolve) => setTimeout(resolve, 400))
    const page = await fetchPage(parseAddress(s.url("/")), { ...options(steps, []), permit, timeoutMs: 300 })
    expect(page.body.toString()).toBe("b")
  })
})
