import { calls, says } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { median } from "../../src/session/stats.ts"

const usage = { input: 1_000, output: 100, cacheRead: 400 }
const DAY_MS = 24 * 60 * 60 * 1000

test("statistics count what was said and spent, by model and tool", async () => {
  await using w = await world({
    permission: "allow",
    files: { "a.txt": "one" },
    model: [
      calls("read", { filePath: "a.txt" }, { usage }),
      calls("read", { filePath: "missing.txt" }, { usage }),
      says("done", { usage }),
    ],
  })
  await w.prompt("go")
  const stats = await w.engines.stats({})
  const { cost, tokens } = await w.session()
  expect(stats).toMatchObject({ sessions: 1, messages: 4, days: 1, tokens, medianTokens: 3 * 1_500 })
  expect(stats.cost).toBeCloseTo(cost ?? 0, 12)
  expect(stats.models).toEqual([
    { providerID: "mock", modelID: "large", messages: 3, tokens: stats.tokens, cost: stats.cost },
  ])
  expect(stats.tools).toEqual([{ tool: "read", calls: 2, failed: 1 }])
})

test("a copy was not paid for: what a fork took over is not counted again, what is said in it is", async () => {
  await using w = await world({ model: [says("one", { usage }), says("two", { usage })] })
  await w.prompt("go")
  const before = await w.engines.stats({})
  const fork = await w.engine.fork((await w.session()).id)
  const copied = await w.engines.stats({})
  expect(copied).toMatchObject({ sessions: 2, messages: before.messages, tokens: before.tokens, cost: before.cost })
  await (
    await w.engine.sessions.prompt(fork.id, { parts: [{ type: "text", text: "on" }] })
  ).answer
  expect((await w.engines.stats({})).tokens.input).toBe(2 * before.tokens.input)
})

test("an imported session brings what its messages say that it cost", async () => {
  await using w = await world({ model: [says("one", { usage })] })
  await w.prompt("go")
  const before = await w.engines.stats({})
  const { id } = await w.session()
  const chunks: string[] = []
  const { data } = { data: await w.engine.sessions.messages(id) }
  chunks.push(JSON.stringify({ info: await w.session(), messages: data }))
  await w.engine.sessions.remove(id)
  expect((await w.engines.stats({})).sessions).toBe(0)
  await w.engine.importSession(JSON.parse(chunks.join("")) as never)
  expect(await w.engines.stats({})).toMatchObject({ tokens: before.tokens, cost: before.cost, messages: 2 })
})

test("days and project narrow it", async () => {
  await using w = await world({ model: [says("one", { usage })] })
  await w.prompt("go")
  const session = await w.session()
  expect(await w.engines.stats({ days: 0 })).toMatchObject({ sessions: 1, days: 1 })
  expect(await w.engines.stats({ days: 7 })).toMatchObject({ sessions: 1, days: 7 })
  expect(await w.engines.stats({ projectID: session.projectID })).toMatchObject({ sessions: 1 })
  expect(await w.engines.stats({ projectID: "another" })).toMatchObject({ sessions: 0, messages: 0, cost: 0, days: 0 })
  const { store, host } = w.home
  await store.write((tx) => store.sessions.touch(tx, session.id, host.now() - 2 * DAY_MS))
  expect(await w.engines.stats({ days: 1 })).toMatchObject({ sessions: 0, tools: [] })
})

test.each([
  [[], 0],
  [[3], 3],
  [[4, 1], 2.5],
  [[9, 1, 5], 5],
])("the median of %j is %d", (values, expected) => {
  expect(median(values)).toBe(expected)
})
