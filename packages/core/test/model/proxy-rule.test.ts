import { expect, test } from "vitest"
import { proxyFor } from "@opencode/core/model/proxy-rule.ts"

const nameFor = (url: string, env: Record<string, string>) => proxyFor(new URL(url), env)?.name

test.each<[string, Record<string, string>, string | undefined]>([
  ["https://api.test", { HTTPS_PROXY: "http://p.test:3128" }, "http://p.test:3128"],
  ["https://api.test", { https_proxy: "http://small.test", HTTPS_PROXY: "http://large.test" }, "http://small.test"],
  ["https://api.test", { https_proxy: "", HTTPS_PROXY: "http://p.test" }, "http://p.test"],
  ["https://api.test", { HTTP_PROXY: "http://p.test" }, undefined],
  ["http://api.test", { HTTP_PROXY: "http://p.test" }, "http://p.test"],
  ["http://api.test", { HTTPS_PROXY: "http://p.test" }, undefined],
  ["https://api.test", { ALL_PROXY: "https://p.test" }, "https://p.test"],
  ["https://api.test", { ALL_PROXY: "http://all.test", HTTPS_PROXY: "http://one.test" }, "http://one.test"],
  ["https://api.test", { HTTPS_PROXY: "p.test:3128" }, "http://p.test:3128"],
  ["https://api.test", { HTTPS_PROXY: "http://me:secret@p.test:3128/path" }, "http://p.test:3128"],
  ["https://api.test", { HTTPS_PROXY: "http://[::1]:3128" }, "http://[::1]:3128"],
])("a request to %s with %j goes to the proxy %s", (url, env, name) => {
  expect(nameFor(url, env)).toBe(name)
})

test.each([
  "http://localhost:11434",
  "http://LOCALHOST.:1",
  "http://api.localhost",
  "http://127.0.0.1:8080",
  "http://127.9.9.9",
  "http://[::1]:8000",
  "http://[::ffff:127.0.0.1]",
  "http://0.0.0.0:8000",
])("%s is this machine and never goes to a proxy", (url) => {
  expect(nameFor(url, { ALL_PROXY: "http://p.test" })).toBeUndefined()
})

test.each<[string, string, "proxy" | "direct"]>([
  ["*", "https://api.test", "direct"],
  ["api.test", "https://api.test", "direct"],
  ["API.Test.", "https://api.test", "direct"],
  ["api.test", "https://a.api.test", "direct"],
  ["api.test", "https://myapi.test", "proxy"],
  [".api.test", "https://a.api.test", "direct"],
  [".api.test", "https://api.test", "direct"],
  ["*.api.test", "https://a.b.api.test", "direct"],
  ["*.api.test", "https://myapi.test", "proxy"],
  ["*api.test", "https://myapi.test", "direct"],
  ["*api.test", "https://pi.test", "proxy"],
  ["*:8443", "https://api.test:8443", "direct"],
  ["other, api.test", "https://api.test", "direct"],
  ["other api.test", "https://api.test", "direct"],
  ["api.test:8443", "https://api.test:8443", "direct"],
  ["api.test:8443", "https://api.test", "proxy"],
  ["api.test:443", "https://api.test", "direct"],
  ["10.0.0.0/8", "https://10.1.2.3", "direct"],
  ["10.0.0.0/8", "https://11.1.2.3", "proxy"],
  ["10.0.0.0/99", "https://10.1.2.3", "proxy"],
  ["10.0.0.0/8", "https://ten.test", "proxy"],
  ["10.1.2.3", "https://10.1.2.3", "direct"],
  ["1.2.3", "https://0.1.2.3", "proxy"],
  ["fd00::/8", "https://[fd12::1]", "direct"],
  ["fd12:0::1", "https://[fd12::1]", "direct"],
  ["[fd12::1]:443", "https://[fd12::1]", "direct"],
  ["fd12::2", "https://[fd12::1]", "proxy"],
  [",, ,", "https://api.test", "proxy"],
])("NO_PROXY=%s sends %s by %s", (noProxy, url, way) => {
  const env = { HTTPS_PROXY: "http://p.test", NO_PROXY: noProxy }
  expect(nameFor(url, env)).toBe(way === "proxy" ? "http://p.test" : undefined)
})

test("name and password come out of the address, as they were meant", () => {
  const proxy = (value: string) => proxyFor(new URL("https://api.test"), { HTTPS_PROXY: value })
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`
  expect(proxy("http://me:p%40ss@p.test")?.authorization).toBe(basic("me:p@ss"))
  expect(proxy("http://me@p.test")?.authorization).toBe(basic("me:"))
  expect(proxy("http://me:50%@p.test")?.authorization).toBe(basic("me:50%"))
  expect(proxy("http://p.test")?.authorization).toBeUndefined()
  expect(JSON.stringify({ ...proxy("http://me:hidden@p.test"), authorization: "" })).not.toContain("hidden")
})

test("a proxy that cannot be used is said, without its password, and not gone around", () => {
  const refused = (value: string) => () => proxyFor(new URL("https://api.test"), { ALL_PROXY: value })
  expect(refused("socks5://me:hidden@p.test")).toThrow(
    "ALL_PROXY names a socks5 proxy; only http and https proxies can be used.",
  )
  expect(refused("http://me:hidden@")).toThrow("ALL_PROXY is no address of a proxy.")
})
