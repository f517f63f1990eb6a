import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { once } from "node:events"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { expect, onTestFinished, test } from "vitest"
import { openCatalogData, writeSplit } from "@opencode/core/model/catalog-data.ts"
import { refreshCatalog } from "@opencode/core/model/catalog-refresh.ts"
import { splitCatalog } from "@opencode/core/model/catalog-split.ts"
import { providerOf } from "@opencode/core/model/catalog.ts"
import { readModelsDev } from "@opencode/core/model/models-dev.ts"
import { createRequest } from "@opencode/core/model/request.ts"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { text } from "./known.ts"

const BUILT = fileURLToPath(new URL("../../../cli/dist/catalog", import.meta.url))

function data(more: { file?: string; cache?: string; folder?: string } = {}) {
  const warnings: string[] = []
  return { ...openCatalogData({ folder: BUILT, ...more, warn: (message) => warnings.push(message) }), warnings }
}

test("the catalogue of the program knows the usual providers, each in a file of its own", () => {
  const { entries, provider, warnings } = data()
  expect(entries().size).toBeGreaterThan(200)
  expect(entries().get("anthropic")).toMatchObject({ env: ["ANTHROPIC_API_KEY"], npm: "@ai-sdk/anthropic" })
  expect(entries().get("openai")?.defaultModel).toMatch(/^gpt-/)
  expect(Object.keys(provider("openai")?.models ?? {}).length).toBe(entries().get("openai")?.models)
  expect(provider("../index")).toBeUndefined()
  expect(provider("__proto__")).toBeUndefined()
  expect(warnings).toEqual([])
})

test("every model of the catalogue makes a whole model, and no variant is empty", () => {
  const { entries, provider } = data()
  for (const id of entries().keys()) {
    const made = providerOf(id, undefined, { base: provider(id) })
    const all = Object.values({ ...made.models, ...made.hidden })
    expect(all.length).toBe(entries().get(id)?.models)
    for (const { variants = {}, limit } of all) {
      expect(limit.context).toBeGreaterThanOrEqual(0)
      for (const options of Object.values(variants)) expect(Object.keys(options)).not.toEqual([])
    }
  }
})

test("nothing is read before it is asked for, and of the providers only the one that was", () => {
  using folder = tempFolder()
  const split = splitCatalog(text, "2026-01-01")!
  writeSplit(folder.join("c/parts"), split)
  const known = data({ folder: folder.join("c/parts") })
  writeFileSync(folder.join("c/parts/relay.json"), "{")
  expect(known.provider("anthropic")?.models).toHaveProperty("claude-sonnet-5")
  expect(known.warnings).toEqual([])
  expect(known.provider("relay")).toBeUndefined()
  expect(known.warnings[0]).toContain("relay")
})

test("the file that the user names is used instead of the program's", () => {
  using folder = tempFolder()
  folder.write({ "models.json": text })
  const { entries, warnings } = data({ file: folder.join("models.json") })
  expect([...entries().keys()]).toEqual(["anthropic", "relay", "amazon-bedrock"])
  expect(warnings).toEqual([])
})

test.each([
  ["missing", undefined],
  ["not JSON", "<html>"],
  ["not an object", "[]"],
  ["without anything usable", '{"a": 1, "b": {"npm": "x"}}'],
])("a catalogue that is %s is told once, and the program's own is used", (_, content) => {
  using folder = tempFolder()
  if (content !== undefined) folder.write({ "models.json": content })
  const { entries, warnings } = data({ file: folder.join("models.json") })
  expect(entries().has("anthropic")).toBe(true)
  entries()
  expect(warnings).toEqual([expect.stringContaining("models.json")])
})

test("a fetched catalogue is used when it is newer than the program's, and split once", () => {
  using folder = tempFolder()
  folder.write({ "cache/models.json": text })
  const cache = folder.join("cache")
  expect([...data({ cache }).entries().keys()]).toEqual(["amazon-bedrock", "anthropic", "relay"])
  const [parts] = readdirSync(folder.join("cache/models"))
  expect(parts).toBeDefined()
  // From now on the whole file is not read any more.
  writeFileSync(folder.join("cache/models", parts!, "relay.json"), '{"models": {"only": {}}}')
  expect(data({ cache }).provider("relay")?.models).toEqual({ only: {} })

  utimesSync(folder.join("cache/models.json"), new Date("2020-01-01"), new Date("2020-01-01"))
  expect(data({ cache }).entries().size).toBeGreaterThan(200)
})

test("parts of earlier catalogues go when a newer one is split", () => {
  using folder = tempFolder()
  const split = splitCatalog(text, "2026-01-01")!
  writeSplit(folder.join("models/one"), split)
  writeSplit(folder.join("models/two"), split)
  expect(readdirSync(folder.join("models"))).toEqual(["two"])
})

test("hostile members are left out, and the rest is taken", () => {
  const read = readModelsDev(`{
    "__proto__": {"npm": "x", "models": {"m": {}}},
    "../up": {"npm": "x", "models": {"m": {}}},
    "bad-npm": {"npm": "../../x y", "models": {"m": {}}},
    "good": {
      "npm": "@ai-sdk/openai-compatible", "api": "file:///etc/passwd", "env": ["A_KEY", 7, "B C"], "name": {},
      "models": {
        "__proto__": {"name": "p"},
        "new\\nline": {},
        "m": {"cost": {"input": -1, "output": "x"}, "limit": {"context": 1e999}, "modalities": {"input": ["text", "smell"]},
              "interleaved": 7, "status": "gone", "reasoning_options": [{"type": "effort", "values": ["low", "a b"]}, 3],
              "provider": {"npm": 1, "api": "javascript:alert(1)"}, "options": {"apiKey": "x"}}
      }
    }
  }`)
  expect(read).toHaveLength(1)
  expect(read?.[0]).toMatchObject({ id: "good", name: "good", env: ["A_KEY"] })
  expect(read?.[0]?.api).toBeUndefined()
  expect(Object.keys(read?.[0]?.models ?? {})).toEqual(["__proto__", "m"])
  expect({}).not.toHaveProperty("name")
  expect(read?.[0]?.models.m).toEqual({
    modalities: { input: ["text"] },
    reasoning_options: [{ type: "effort", values: ["low"] }],
  })
})

async function refreshing(answer: { status?: number; body: string; type?: string }) {
  const folder = tempFolder()
  const server = createServer((_, response) => {
    response.writeHead(answer.status ?? 200, { "content-type": "application/json" }).end(answer.body)
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const hosts = new Set<string>()
  const request = createRequest({ allowedHosts: hosts })
  onTestFinished(() => {
    request.close()
    server.close()
    folder[Symbol.dispose]()
  })
  mkdirSync(folder.join("cache"), { recursive: true })
  const file = folder.join("cache/models.json")
  const refresh = (url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api.json`) =>
    refreshCatalog({ url, cache: folder.join("cache"), request, allowHost: (host) => hosts.add(host), userAgent: "t" })
  return { refresh, file, folder }
}

test("a fetched catalogue is kept whole", async () => {
  const { refresh, file, folder } = await refreshing({ body: text })
  expect(await refresh()).toMatchObject({ providers: 3, models: 9 })
  expect(readFileSync(file, "utf8")).toBe(text)
  expect(readdirSync(folder.join("cache"))).toEqual(["models.json"])
})

test.each([
  ["an error", { status: 500, body: "no" }, "answered with 500"],
  ["something else", { body: "<html></html>" }, "not a catalogue"],
])("%s in place of the catalogue changes nothing", async (_, answer, sentence) => {
  const { refresh, file } = await refreshing(answer)
  writeFileSync(file, "before")
  await expect(refresh()).rejects.toThrow(sentence)
  expect(readFileSync(file, "utf8")).toBe("before")
})

test("a catalogue without end is not read to its end", async () => {
  const { refresh, file } = await refreshing({ body: `{"a":"${"x".repeat(33 * 1024 * 1024)}"}` })
  await expect(refresh()).rejects.toMatchObject({ code: "unavailable" })
  expect(existsSync(file)).toBe(false)
})

test.each(["http://models.example/api.json", "file:///etc/passwd", "nonsense"])(
  "nothing is fetched from %s",
  async (url) => {
    const { refresh } = await refreshing({ body: text })
    await expect(refresh(url)).rejects.toMatchObject({ code: "bad_request" })
  },
)
