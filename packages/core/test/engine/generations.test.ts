import { calls, says } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"

const agentFile = (prompt: string): string => JSON.stringify({ agent: { helper: { prompt } } })

test("a reload makes the next generation, tells the clients, and does nothing when nothing is different", async () => {
  await using w = await world({ files: { "opencode.json": agentFile("one") } })
  const { settings } = w.engine
  const first = settings.current()
  expect(await settings.reload()).toBe(first)

  writeFileSync(join(w.project, "opencode.json"), agentFile("two"))
  const second = await settings.reload()
  expect(second.config.generation).toBe(first.config.generation + 1)
  expect(w.engine.agents.get("helper")?.prompt).toBe("two")
  expect(first.agents.get("helper")?.prompt).toBe("one")
  expect(w.events.filter(({ type }) => type === "server.instance.disposed")).toHaveLength(1)
})

test("a running turn keeps the settings it began with, and the next prompt has the new ones", async () => {
  await using w = await world({
    files: { "opencode.json": agentFile("one") },
    permission: { bash: "ask" },
    model: [calls("bash", { command: "true" }), says("first"), says("second")],
  })
  const turn = w.prompt("go", { agent: "helper" })
  const question = await w.asked("bash")
  writeFileSync(join(w.project, "opencode.json"), agentFile("two"))
  await w.engine.settings.reload()
  question.once()
  await turn
  await w.prompt("again", { agent: "helper" })

  const systems = w.model.requests.map(({ body }) => JSON.stringify(body))
  expect(systems.map((text) => (text.includes('"one') ? "one" : text.includes('"two') ? "two" : "none"))).toEqual([
    "one",
    "one",
    "two",
  ])
})
