import { expect, test } from "vitest"
import { dataOf, served } from "./served.ts"

test("all providers are told, with their default models and which can be used", async () => {
  await using door = await served()
  const { all, connected, default: defaults } = await dataOf(door.v2.provider.list())
  expect(all.length).toBeGreaterThan(200)
  expect(connected).toEqual(["mock"])
  expect(defaults.mock).toBe("large")
  expect(defaults.anthropic).toMatch(/^claude-/)
  const anthropic = all.find(({ id }) => id === "anthropic")
  expect(anthropic?.source).toBe("custom")
  expect(Object.keys(anthropic?.models ?? {})).toContain(defaults.anthropic)
  expect((await dataOf(door.v1.provider.list())).all.length).toBe(all.length)
})

test("what is told is JSON, also for a client that stops listening", async () => {
  await using door = await served()
  const response = await door.fetch("/provider")
  expect(response.headers.get("content-type")).toBe("application/json")
  await response.body?.cancel()
  expect((await door.fetch("/global/health")).status).toBe(200)
})

test("a key that is set while the server runs counts at once, and so does its removal", async () => {
  await using door = await served()
  const ids = async () => (await dataOf(door.v2.config.providers())).providers.map(({ id }) => id)
  expect(await ids()).toEqual(["mock"])
  await dataOf(door.v2.auth.set({ providerID: "groq", auth: { type: "api", key: "sk-secret" } }))
  expect(await ids()).toEqual(["mock", "groq"])
  expect(await (await door.fetch("/config/providers")).text()).not.toContain("sk-secret")
  await dataOf(door.v2.auth.remove({ providerID: "groq" }))
  expect(await ids()).toEqual(["mock"])
})

test.each([
  ["without a key", "groq", { type: "api" }],
  ["of an unknown kind", "groq", { type: "magic", key: "k" }],
  ["for no id", "%20", { type: "api", key: "k" }],
])("a credential %s is refused", async (_, id, body) => {
  await using door = await served()
  const response = await door.fetch(`/auth/${id}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(400)
  expect(door.world.home.auth.list()).toEqual({})
})
