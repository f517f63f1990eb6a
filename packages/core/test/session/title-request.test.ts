import { fails, says, stalls } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { cleanTitle } from "@opencode/core/session/title-request.ts"
import type { HeardRequest } from "@opencode/testing/model-server.ts"

const isTitle = (request: HeardRequest): boolean => request.tools.length === 0

test("a new session is named by the model, beside the first turn, and what that cost is counted", async () => {
  const usage = { input: 1_000, output: 100, cacheRead: 0, cacheWrite: 0, reasoning: 0 }
  await using w = await world({
    titles: true,
    model: (request) => (isTitle(request) ? says('"Mend the login page."', { usage }) : says("done", { usage })),
  })
  await w.prompt("please fix the login page, it says 404 since Monday")
  await expect.poll(async () => (await w.session()).title).toBe("Mend the login page.")
  expect((await w.session()).tokens).toMatchObject({ input: 2_000, output: 200 })
  const asked = w.model.requests.find(isTitle)
  expect(asked?.messages.map(({ text }) => text).join("")).toContain("Generate a title")
})

test("only the first prompt of a session without a name asks for one", async () => {
  await using w = await world({ titles: true, model: () => says("A name") })
  await w.prompt("first")
  await w.prompt("second")
  const named = await w.engine.sessions.create({ title: "mine" })
  await (
    await w.engine.sessions.prompt(named.id, { parts: [{ type: "text", text: "x" }] })
  ).answer
  expect(w.model.requests.filter(isTitle)).toHaveLength(1)
})

test("a name that a person gives meanwhile stays", async () => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  await using w = await world({
    titles: true,
    model: async (request) => {
      if (isTitle(request)) await held
      return says("From the model")
    },
  })
  await w.prompt("hello there")
  const { id } = await w.session()
  await w.engine.sessions.update(id, { title: "mine" })
  release()
  await w.happened("session.updated", ({ info }) => (info.tokens?.input ?? 0) > 100)
  expect((await w.session()).title).toBe("mine")
})

const free = { outcome: "failed", cost: 0, tokens: { input: 0, output: 0 } }
test.each([
  ["fails", fails(400, { message: "no" }), free],
  ["never ends", stalls(says("half"), 1), { outcome: "aborted" }],
])(
  "a title request that %s leaves the first line, is counted, and closing does not wait for it",
  async (_, reply, row) => {
    await using w = await world({ titles: true, model: (request) => (isTitle(request) ? reply : says("done")) })
    await w.prompt("  fix it\nnow")
    const { id, title } = await w.session()
    expect(title).toBe("fix it")
    await expect.poll(() => w.model.requests.some(isTitle)).toBe(true)
    await w.restart()
    const titles = w.home.store.ledger.list(id).filter(({ purpose }) => purpose === "title")
    expect(titles).toMatchObject([{ providerID: "mock", modelID: "large", ...row }])
    expect("cost" in (titles[0] ?? {})).toBe("cost" in row)
    expect(w.engine.usage.get(id).session).toMatchObject({ requests: 2, failed: 1, isComplete: "cost" in row })
  },
)

test("a title is asked for with what was configured for the model and what extensions add", async () => {
  await using w = await world({
    titles: true,
    models: { large: { headers: { "x-gate": "open" } } },
    hooks: { chatHeaders: async ({ agent }, { headers }) => void (headers["x-agent"] = agent) },
    model: () => says("A name"),
  })
  await w.prompt("go")
  await w.happened("session.updated", ({ info }) => info.title === "A name")
  const { headers } = w.model.requests.find(isTitle) ?? {}
  expect(headers).toMatchObject({ "x-gate": "open", "x-agent": "title" })
  expect(headers).not.toHaveProperty("x-session-id")
})

test.each([
  ["<think>hm, a title</think>\n\nMend the page", "Mend the page"],
  ['"Mend the page"', "Mend the page"],
  ["**Mend the page**", "Mend the page"],
  ["# Mend the page\n\nand more", "Mend the page"],
  ["Title: Mend the page", "Mend the page"],
  ["<think>never closed", undefined],
  ["   ", undefined],
])("%j becomes %j", (answer, title) => {
  expect(cleanTitle(answer)).toBe(title)
})
