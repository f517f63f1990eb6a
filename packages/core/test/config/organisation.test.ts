import { createServer, type Server } from "node:http"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { world } from "@opencode/testing/world.ts"
import { describe, expect, test } from "vitest"
import { organisationConfig } from "../../src/config/organisation.ts"
import { place } from "./place.ts"

interface Site extends AsyncDisposable {
  url: string
  asked: string[]
  answer: { status: number; body: string }
}

async function site(published: unknown): Promise<Site> {
  const asked: string[] = []
  const self: Pick<Site, "answer"> = { answer: { status: 200, body: JSON.stringify(published) } }
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.writeHead(self.answer.status).end(self.answer.body)
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  return Object.assign(self, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  })
}

const login = (url: string, key = "ORG_TOKEN"): Record<string, string> => ({
  OPENCODE_AUTH_CONTENT: JSON.stringify({ [url]: { type: "wellknown", key, token: "org-secret-token" } }),
})

describe("the settings of an organisation", () => {
  test("count for who logged in there, below the user's own, and are fetched once", async () => {
    await using org = await site({ config: { username: "org", share: "disabled" } })
    await using w = await world({ config: { username: "ada" }, env: login(org.url) })
    expect(w.engine.config.value).toMatchObject({ username: "ada", share: "disabled" })
    expect(w.engine.config.origin(["share"])).toEqual({ layer: "organisation" })
    await w.engines.at(w.folder.join("home"))
    expect(org.asked).toEqual(["GET /.well-known/opencode"])
  })

  test("know the token by the variable that the login names; it is not in the environment of commands", async () => {
    const provider = {
      acme: { options: { apiKey: "{env:ORG_TOKEN}", baseURL: "https://acme.invalid" }, models: { m: {} } },
    }
    await using org = await site({ config: { provider } })
    await using w = await world({ env: login(org.url) })
    expect(w.engine.config.value.provider?.acme?.options?.apiKey).toBe("org-secret-token")
    expect(w.home.env.ORG_TOKEN).toBeUndefined()
  })

  test("stay in effect from the last time when nobody answers", async () => {
    await using org = await site({ config: { share: "disabled" } })
    await using w = await world({ env: login(org.url) })
    org.answer = { status: 500, body: "" }
    await w.restart()
    expect(org.asked).toHaveLength(2)
    expect(w.engine.config.value.share).toBe("disabled")
  })

  test("never keep a start from going on", async () => {
    await using w = await world({ env: login("http://127.0.0.1:1") })
    expect(w.engine.config.value.model).toBe("mock/large")
  })

  test("are asked of nobody without a login", async () => {
    await using w = await world()
    expect(w.home.auth.organisations()).toEqual([])
    expect(await w.home.organisations.published()).toEqual([])
  })

  test("are reported as any other when something is wrong with them", async () => {
    await using org = await site({ config: { shar: "disabled", share: 1 } })
    await using w = await world({ env: login(org.url) })
    expect(w.engine.config.issues.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["unknown_key", "wrong_type"]),
    )
  })

  /** What the login names, what comes back, what is known then. */
  const odd: [string, string, string | undefined][] = [
    ["http://example.com", '{"config":{}}', undefined],
    ["file:///etc", '{"config":{}}', undefined],
    ["acme", '{"config":{}}', undefined],
    ["https://example.com/", '{"config":{"share":"auto"}}', '{"share":"auto"}'],
    ["https://example.com", "{}", "{}"],
    ["https://example.com", "[]", undefined],
    ["https://example.com", "<html>", undefined],
    ["https://example.com", `{"config":"${"x".repeat(1_000_001)}"}`, undefined],
  ]
  test.each(odd)("of %s that are %.30s", async (url, body, text) => {
    await using at = await place()
    const warned: string[] = []
    const asked: string[] = []
    const found = await organisationConfig({
      url,
      cache: at.root,
      warn: (message) => warned.push(message),
      get: async (address) => (asked.push(address), body),
    })
    expect(found?.text).toBe(text)
    expect(warned.length > 0).toBe(text === undefined)
    expect(asked.every((address) => address === "https://example.com/.well-known/opencode")).toBe(true)
  })
})
