import { describe, expect, test } from "vitest"
import { createHostCheck } from "../../src/guard/host.ts"
import { createOriginCheck, type Provenance } from "../../src/guard/origin.ts"
import { createPasswordCheck } from "../../src/guard/password.ts"

describe("a host is answered for when no other site can have chosen its name", () => {
  const HOSTS: [host: string | undefined, names: string[], allowed: boolean][] = [
    ["127.0.0.1:4096", [], true],
    ["localhost:4096", [], true],
    ["LOCALHOST", [], true],
    ["app.localhost:4096", [], true],
    ["[::1]:4096", [], true],
    ["127.8.8.8", [], true],
    ["localhost.:4096", [], true],
    ["192.168.1.5:4096", [], true],
    ["[fe80::1]:4096", [], true],
    ["8.8.8.8", [], true],
    // Browsers do not say of a request to these that another site caused it.
    ["0.0.0.0:4096", [], false],
    ["0.1.2.3", [], false],
    ["[::]:4096", [], false],
    ["[0:0:0:0:0:0:0:0]", [], false],
    ["[::ffff:7f00:1]:4096", [], false],
    ["[::FFFF:127.0.0.1]", [], false],
    ["[0:0:0:0:0:ffff:7f00:1]", [], false],
    ["[::ffff:0:0]", [], false],
    ["0.0.0.0:4096", ["0.0.0.0"], true],
    ["[::]:4096", ["::"], true],
    ["evil.example:4096", [], false],
    ["127.0.0.1.evil.example", [], false],
    ["127.evil.example", [], false],
    ["127.1", [], false],
    ["2130706433", [], false],
    ["0x7f000001", [], false],
    ["localhost.evil.example", [], false],
    ["notlocalhost", [], false],
    ["evil.example", ["0.0.0.0"], false],
    ["box.lan:4096", ["0.0.0.0", "box.lan"], true],
    ["BOX.lan.", ["box.LAN"], true],
    ["a.box.lan", ["box.lan"], false],
    ["opencode.local:4096", ["0.0.0.0", "opencode.local"], true],
    ["evil.example", ["*"], false],
    ["*", ["*"], false],
    ["localhost:4096, evil.example", [], false],
    ["user@localhost", [], false],
    ["localhost/evil", [], false],
    ["localhost:", [], false],
    ["[::1", [], false],
    ["", [], false],
    [undefined, [], false],
  ]
  test.each(HOSTS)("%s with %j: %s", (host, names, allowed) => {
    expect(createHostCheck(names)(host)).toBe(allowed)
  })
})

describe("a page is answered when it is ours, of this machine, or named by --cors", () => {
  const LINK = { fetchSite: "cross-site", fetchMode: "navigate", fetchDest: "document", method: "GET" }
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
    [{ fetchSite: "same-origin, cross-site" }, [], false],
    [{ fetchSite: "" }, [], false],
    [{ ...LINK, isPage: true }, [], true],
    [{ ...LINK, isPage: true, fetchSite: "same-site" }, [], true],
    [{ ...LINK, isPage: false }, [], false],
    [{ ...LINK, isPage: true, method: "POST" }, [], false],
    [{ ...LINK, isPage: true, fetchDest: "iframe" }, [], false],
    [{ ...LINK, isPage: true, origin: "https://evil.example" }, [], false],
    [{ fetchSite: "cross-site", fetchMode: "no-cors", fetchDest: "image", method: "GET", isPage: true }, [], false],
    [{ fetchSite: "cross-site", origin: "http://localhost:3000" }, [], true],
    [{ fetchSite: "cross-site", origin: "https://app.example" }, ["https://App.example/"], true],
    [{ fetchSite: "same-origin", origin: "https://evil.example" }, [], false],
    [{ origin: "http://localhost, http://evil.example" }, [], false],
    [{ origin: "http://192.168.1.5" }, [], false],
  ]
  test.each(ORIGINS)("%j with --cors %j: %s", (request, cors, isAllowed) => {
    const decision = createOriginCheck(cors)({
      method: "POST",
      host: "127.0.0.1:4096",
      isPage: false,
      ...request,
    })
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
    const check = createPasswordCheck({ password: "s3:cret", username })
    expect(check({ authorization: header, token: undefined })).toBe(opens)
  })

  const TOKENS: [token: string, username: string | undefined, opens: boolean][] = [
    [btoa("opencode:s3:cret"), undefined, true],
    [btoa("me:s3:cret"), "me", true],
    [btoa("you:s3:cret"), "me", false],
    [btoa("opencode:s3:cre"), undefined, false],
    [btoa("s3:cret"), undefined, false],
    ["s3:cret", undefined, false],
    ["", undefined, false],
  ]
  test.each(TOKENS)("%s in the address for user %s: %s", (token, username, opens) => {
    const check = createPasswordCheck({ password: "s3:cret", username })
    expect(check({ authorization: undefined, token })).toBe(opens)
  })

  test("a plus in the address that was not escaped, and the other way beside a wrong one", () => {
    const check = createPasswordCheck({ password: "~~>" })
    const token = btoa("a?:~~>")
    expect(token).toContain("+")
    expect(check({ authorization: undefined, token: token.replaceAll("+", " ") })).toBe(true)
    expect(check({ authorization: "Basic bm86bm8=", token })).toBe(true)
    expect(check({ authorization: `Basic ${token}`, token: "bm86bm8=" })).toBe(true)
    expect(check({ authorization: "Basic bm86bm8=", token: "bm86bm8=" })).toBe(false)
  })
})
