import { describe, expect, test } from "vitest"
import { createHostCheck } from "../../src/guard/host.ts"
import { createOriginCheck, type Provenance } from "../../src/guard/origin.ts"
import { createPasswordCheck } from "../../src/guard/password.ts"

describe("a host is answered for when no other site can have chosen its name", () => {
  const HOSTS: [host: string | undefined, bind: string[], allowed: boolean][] = [
    ["127.0.0.1:4096", ["127.0.0.1"], true],
    ["localhost:4096", ["127.0.0.1"], true],
    ["LOCALHOST", ["127.0.0.1"], true],
    ["app.localhost:4096", ["127.0.0.1"], true],
    ["[::1]:4096", ["127.0.0.1"], true],
    ["127.8.8.8", ["127.0.0.1"], true],
    ["localhost.:4096", ["127.0.0.1"], true],
    ["evil.example:4096", ["127.0.0.1"], false],
    ["127.0.0.1.evil.example", ["127.0.0.1"], false],
    ["127.evil.example", ["127.0.0.1"], false],
    ["localhost.evil.example", ["127.0.0.1"], false],
    ["notlocalhost", ["127.0.0.1"], false],
    ["192.168.1.5:4096", ["127.0.0.1"], false],
    ["192.168.1.5:4096", ["192.168.1.5"], true],
    ["192.168.1.5:4096", ["0.0.0.0"], true],
    ["[fe80::1]:4096", ["::"], true],
    ["evil.example", ["0.0.0.0"], false],
    ["box.lan:4096", ["0.0.0.0", "box.lan"], true],
    ["user@localhost", ["127.0.0.1"], false],
    ["localhost/evil", ["127.0.0.1"], false],
    ["", ["127.0.0.1"], false],
    [undefined, ["127.0.0.1"], false],
  ]
  test.each(HOSTS)("%s at %j: %s", (host, bind, allowed) => {
    expect(createHostCheck(bind)(host)).toBe(allowed)
  })
})

describe("a page is answered when it is ours, of this machine, or named by --cors", () => {
  const ORIGINS: [request: Partial<Provenance>, cors: string[], allowed: boolean][] = [
    [{}, [], true],
    [{ origin: "http://localhost:3000" }, [], true],
    [{ origin: "http://127.0.0.1:1" }, [], true],
    [{ origin: "http://[::1]:3000" }, [], true],
    [{ origin: "https://localhost:3000" }, [], false],
    [{ origin: "http://localhost.evil.example" }, [], false],
    [{ origin: "http://localhost@evil.example" }, [], false],
    [{ origin: "https://evil.example" }, [], false],
    [{ origin: "https://evil.example", method: "GET" }, [], false],
    [{ origin: "null" }, [], false],
    [{ origin: "" }, [], false],
    [{ origin: "tauri://localhost" }, [], false],
    [{ origin: "tauri://localhost" }, ["tauri://localhost"], true],
    [{ origin: "https://evil.example" }, ["*"], true],
    [{ origin: "http://box.lan:4096", host: "box.lan:4096" }, [], true],
    [{ origin: "https://box.lan", host: "box.lan" }, [], true],
    [{ origin: "http://box.lan:9", host: "box.lan:4096" }, [], false],
    [{ fetchSite: "same-origin" }, [], true],
    [{ fetchSite: "none" }, [], true],
    [{ fetchSite: "cross-site" }, [], false],
    [{ fetchSite: "same-site" }, [], false],
    [{ fetchSite: "cross-site" }, ["*"], true],
    [{ fetchSite: "cross-site", fetchMode: "navigate", fetchDest: "document", method: "GET" }, [], true],
    [{ fetchSite: "cross-site", fetchMode: "navigate", fetchDest: "document", method: "POST" }, [], false],
    [{ fetchSite: "cross-site", fetchMode: "navigate", fetchDest: "iframe", method: "GET" }, [], false],
    [{ fetchSite: "cross-site", fetchMode: "no-cors", fetchDest: "image", method: "GET" }, [], false],
  ]
  test.each(ORIGINS)("%j with --cors %j: %s", (request, cors, isAllowed) => {
    const decision = createOriginCheck(cors)({ method: "POST", host: "127.0.0.1:4096", ...request })
    expect(decision).toEqual(
      isAllowed && request.origin !== undefined ? { isAllowed, origin: request.origin } : { isAllowed },
    )
  })
})

describe("a password opens with its own text alone", () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString("base64")}`
  const HEADERS: [header: string | undefined, username: string | undefined, opens: boolean][] = [
    [basic("opencode:s3:cret"), undefined, true],
    [basic("anybody:s3:cret"), undefined, true],
    [basic(":s3:cret"), undefined, true],
    [basic("anybody:s3:cret"), "me", false],
    [basic("me:s3:cret"), "me", true],
    [basic("me:s3:cre"), "me", false],
    [basic("s3:cret"), undefined, false],
    [basic("me:"), undefined, false],
    [basic("s3"), undefined, false],
    ["basic " + Buffer.from("a:s3:cret").toString("base64"), undefined, true],
    ["Bearer s3:cret", undefined, false],
    ["", undefined, false],
    [undefined, undefined, false],
  ]
  test.each(HEADERS)("%s for user %s: %s", (header, username, opens) => {
    expect(createPasswordCheck({ password: "s3:cret", username })(header)).toBe(opens)
  })
})
