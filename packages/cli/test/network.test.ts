import type { Config } from "@opencode/protocol/config.ts"
import { describe, expect, test } from "vitest"
import { networkOf, type NetworkOptions } from "../src/network.ts"

type Settings = NonNullable<Config["server"]>
const asked = (options: Partial<NetworkOptions>, settings: Settings = {}, password?: string) =>
  networkOf({ options: { cors: [], auth: true, ...options }, settings, password })

describe("where a server listens and whom it answers", () => {
  const PASSWORD = "secret"
  const TABLE: [options: Partial<NetworkOptions>, settings: Settings, hostname: string, announced?: string][] = [
    [{}, {}, "127.0.0.1"],
    [{}, { hostname: "10.0.0.1" }, "10.0.0.1"],
    [{ hostname: "::1" }, { hostname: "10.0.0.1" }, "::1"],
    [{ mdns: true }, {}, "0.0.0.0", "opencode.local"],
    [{}, { mdns: true }, "0.0.0.0", "opencode.local"],
    [{ mdns: true }, { hostname: "10.0.0.1" }, "10.0.0.1", "opencode.local"],
    [{ mdns: true, mdnsDomain: "Box.local" }, { mdnsDomain: "other.local" }, "0.0.0.0", "box.local"],
    [{ mdns: true }, { mdnsDomain: "other.local" }, "0.0.0.0", "other.local"],
    [{ mdns: true, hostname: "127.0.0.1" }, {}, "127.0.0.1"],
    [{ mdnsDomain: "box.local" }, {}, "127.0.0.1"],
  ]
  test.each(TABLE)("%j over %j: %s, announced as %s", (options, settings, hostname, announced) => {
    const network = asked(options, settings, PASSWORD)
    expect(network).toMatchObject({ hostname })
    expect(network.announced).toBe(announced)
    expect(network.guard.hostnames).toEqual([hostname, ...(announced === undefined ? [] : [announced])])
  })

  test("names and origins of the settings and of the command line count together", () => {
    const { guard } = asked({ cors: ["https://b.example"] }, { cors: ["https://a.example"], hosts: ["box.lan"] })
    expect(guard).toEqual({
      hostnames: ["127.0.0.1", "box.lan"],
      cors: ["https://a.example", "https://b.example"],
    })
  })
})

describe("without a password strangers are let in only when the person says so aloud", () => {
  const OPEN: [options: Partial<NetworkOptions>, settings: Settings, isRefused: boolean][] = [
    [{}, {}, false],
    [{ hostname: "localhost" }, {}, false],
    [{ hostname: "::1" }, {}, false],
    [{ hostname: "127.9.9.9" }, {}, false],
    [{ hostname: "0.0.0.0" }, {}, true],
    [{ hostname: "::" }, {}, true],
    [{ hostname: "" }, {}, true],
    [{ hostname: "0" }, {}, true],
    [{ hostname: "127.evil.example" }, {}, true],
    [{ hostname: "box.localhost" }, {}, true],
    [{}, { hostname: "192.168.1.5" }, true],
    [{ mdns: true }, {}, true],
    [{}, { mdns: true }, true],
    [{ mdns: true, hostname: "127.0.0.1" }, {}, false],
    [{ cors: ["*"] }, {}, true],
    [{ cors: [" * "] }, {}, true],
    [{}, { cors: ["*"] }, true],
    [{ cors: ["https://app.example"] }, {}, false],
  ]
  test.each(OPEN)("%j over %j is refused: %s", (options, settings, isRefused) => {
    if (isRefused) expect(() => asked(options, settings)).toThrow(/OPENCODE_SERVER_PASSWORD.*--no-auth/)
    else expect(() => asked(options, settings)).not.toThrow()
    expect(() => asked({ ...options, auth: false }, settings)).not.toThrow()
    expect(() => asked(options, settings, "secret")).not.toThrow()
  })

  test("who may call is told at the start", () => {
    expect(asked({}).warnings).toEqual(["OPENCODE_SERVER_PASSWORD is not set; server is unsecured."])
    expect(asked({}, {}, "secret").warnings).toEqual([])
    expect(asked({ mdns: true, hostname: "::1" }, {}, "secret").warnings).toEqual([expect.stringMatching(/announced/)])
  })
})

test.each(["", "a b", "-x.local", "a..local", `${"a".repeat(64)}.local`, "http://a.local"])(
  "%j is no name to be announced under",
  (mdnsDomain) => {
    expect(() => asked({ mdns: true, mdnsDomain }, {}, "secret")).toThrow(/no name/)
  },
)
