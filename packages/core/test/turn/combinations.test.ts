import { readFileSync } from "node:fs"
import type { Config } from "@opencode/protocol/config.ts"
import { calls, rateLimited, says } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import sharp from "sharp"
import { expect, test } from "vitest"
import { plain } from "../model/images.ts"
import { ROUND_LIMIT } from "../../src/turn/repetition.ts"
import { beginningOf, cast, childrenOf, starts, task } from "./cast.ts"

const SETTINGS = "config/opencode/opencode.json"

/** What the user's own configuration says from the next start on. */
async function configure(w: World, change: (config: Config) => void): Promise<void> {
  const config = JSON.parse(readFileSync(w.folder.join(SETTINGS), "utf8")) as Config
  change(config)
  w.folder.write({ [SETTINGS]: JSON.stringify(config) })
  await w.restart()
}

const same = () => calls("glob", { pattern: "*" })

test("a loop of a subagent is asked about in its name, and a bare no ends it and the turn", async () => {
  await using w = await world({
    model: (request) => (beginningOf(request) === "go" ? starts(task("look")) : same()),
  })
  const turn = w.prompt("go")
  const question = await w.asked("doom_loop")
  expect(question.sessionID).toBe((await childrenOf(w))[0]?.id)
  question.reject()
  expect((await turn).info).toMatchObject({ endReason: "rejected" })
  expect(w.engine.gate.list()).toEqual([])
})

test('"always" for a loop of a subagent holds for the whole conversation, and for that tool alone', async () => {
  const first = Array.from({ length: 5 }, same)
  await using w = await world({
    model: cast([starts(task("look")), starts(task("again")), says("done")], {
      look: [...first, says("looked")],
      again: [...first, ...Array.from({ length: 3 }, () => calls("grep", { pattern: "x" })), says("looked")],
    }),
  })
  const turn = w.prompt("go")
  const question = await w.asked("doom_loop")
  expect(question.patterns).toEqual(["glob"])
  question.always()
  await expect.poll(() => w.engine.gate.list().map(({ patterns }) => patterns)).toEqual([["grep"]])
  ;(await w.asked("doom_loop")).once()
  expect((await turn).info).toMatchObject({ endReason: "stop" })
})

test("calls in a round whose results change are no circle, however many rounds there are", async () => {
  const requests = ROUND_LIMIT * 2 + 2
  await using w = await world({
    permission: { doom_loop: "deny" },
    model({ number }) {
      w.folder.write({ "project/log": `line ${number}` })
      if (number > requests) return says("done")
      return number % 2 ? calls("read", { filePath: "log" }) : calls("grep", { pattern: "line" })
    },
  })
  expect((await w.prompt("go")).info).toMatchObject({ endReason: "stop" })
  expect((await w.calls()).map(({ state }) => state.status)).toEqual(Array(requests).fill("completed"))
})

test("what parallel subagents spend ends the turn when it is too much together", async () => {
  await using w = await world({
    limits: { cost: 0.0012 },
    model: (request) => {
      const name = beginningOf(request)
      if (name === "go") return starts(task("one"), task("two"), task("three"))
      return calls("glob", { pattern: `${name}${request.number}` })
    },
  })
  expect((await w.prompt("go")).info).toMatchObject({ endReason: "cost" })
  // Nine requests are paid for; each of three may be under way when the limit is reached.
  expect(w.model.requests.length).toBeGreaterThanOrEqual(9)
  expect(w.model.requests.length).toBeLessThanOrEqual(12)
})

test("a provider that asks for a day is shown as waited for, and an abort ends the wait at once", async () => {
  await using w = await world({ model: [rateLimited({ retryAfter: 86_400 }), says("again")] })
  const before = Date.now()
  const turn = w.prompt("go")
  const { status } = await w.happened("session.status", ({ status }) => status.type === "retry")
  const next = status.type === "retry" ? status.next : 0
  expect(next).toBeGreaterThanOrEqual(before + 86_400_000)
  const { id } = await w.session()
  expect(w.engine.sessions.status()[id]).toEqual(status)
  await w.engine.sessions.abort(id)
  expect((await turn).info).toMatchObject({ endReason: "aborted", error: { name: "MessageAbortedError" } })
  expect((await w.prompt("and now?")).info).toMatchObject({ endReason: "stop" })
})

test("a session whose agent is gone from the configuration says so, and goes on with another", async () => {
  await using w = await world({
    config: { agent: { mine: { mode: "primary", description: "mine" } } },
    model: () => says("ok"),
  })
  await w.prompt("go", { agent: "mine" })
  await configure(w, ({ agent }) => delete agent?.mine)
  await expect(w.prompt("go on")).rejects.toThrow("Agent not found: mine.")
  expect(await w.transcript()).toHaveLength(2)
  expect((await w.prompt("go", { agent: "build" })).info).toMatchObject({ endReason: "stop", agent: "build" })
  expect((await w.prompt("go on")).info).toMatchObject({ endReason: "stop", agent: "build" })
})

test("a session whose model is gone from the configuration says so, and goes on with another", async () => {
  const model = { providerID: "mock", modelID: "small" }
  await using w = await world({ models: { large: {}, small: {} }, model: () => says("ok") })
  await w.prompt("go", { model })
  await configure(w, ({ provider }) => delete provider?.mock?.models?.small)
  await expect(w.prompt("go on")).rejects.toThrow("Model not found: mock/small.")
  expect(await w.transcript()).toHaveLength(2)
  const large = { providerID: "mock", modelID: "large" }
  expect((await w.prompt("go", { model: large })).info).toMatchObject({ endReason: "stop", modelID: "large" })
})

test("an image that is too large is made smaller for a subagent too, and does not reach who started it", async () => {
  await using w = await world({
    wire: "anthropic",
    files: { "wide.png": await plain(9_000, 10).png().toBuffer() },
    model: cast([starts(task("look", { subagent_type: "explore" })), says("done")], {
      look: [calls("read", { filePath: "wide.png" }), says("a line")],
    }),
  })
  expect((await w.prompt("go")).info).toMatchObject({ endReason: "stop" })
  const images = w.model.requests.map(({ body }) => /iVBORw0KGgo[\w+/=]*/.exec(JSON.stringify(body))?.[0])
  expect(images.map((image) => image !== undefined)).toEqual([false, false, true, false])
  expect((await sharp(Buffer.from(images[2] ?? "", "base64")).metadata()).width).toBe(2_000)
})
