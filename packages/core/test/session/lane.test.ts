import { rmSync } from "node:fs"
import { calls, says, script, stalls } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

const text = (content: string) => ({ parts: [{ type: "text" as const, text: content }] })

test("a prompt to a busy session is admitted at once and the model sees it at its next step", async () => {
  await using w = await world({
    permission: { bash: "ask" },
    model: script(calls("bash", { command: "echo one" }), says("both done")),
  })
  const first = w.prompt("first")
  const question = await w.asked("bash")
  const { id } = await w.session()
  const second = await w.engine.sessions.prompt(id, text("second, please"))
  question.once()

  expect(await first).toEqual(await second.answer)
  expect(w.model.requests).toHaveLength(2)
  expect(w.model.heard()).toContain("second, please")
})

test("a prompt that comes while the last answer is given is answered by a turn of its own", async () => {
  let release = (): void => {}
  const held = new Promise<void>((resolve) => (release = resolve))
  await using w = await world({
    model: async (request) => {
      if (request.number === 1) await held
      return says(`answer ${request.number}`)
    },
  })
  const first = w.prompt("one")
  await w.model.received(1)
  const { id } = await w.session()
  const second = await w.engine.sessions.prompt(id, text("two"))
  release()

  expect((await first).parts[1]).toMatchObject({ text: "answer 1" })
  expect((await second.answer)?.parts[1]).toMatchObject({ text: "answer 2" })
  expect(w.events.filter((frame) => frame.type === "session.idle")).toHaveLength(1)
})

test("prompts at the same moment are all answered, and their order is the store's", async () => {
  await using w = await world({ model: () => says("ok") })
  const { id } = await w.session()
  const admitted = await Promise.all(["a", "b", "c"].map((name) => w.engine.sessions.prompt(id, text(name))))
  const answers = await Promise.all(admitted.map(({ answer }) => answer))
  expect(answers.every((answer) => answer?.info.role === "assistant")).toBe(true)
  const prompts = (await w.transcript()).filter(({ info }) => info.role === "user")
  expect(prompts).toHaveLength(3)
})

test("a prompt that wants no answer is kept and asks no model", async () => {
  await using w = await world({ model: script(says("yes")) })
  const { id } = await w.session()
  await w.engine.sessions.prompt(id, { ...text("remember this"), noReply: true })
  expect(w.model.requests).toHaveLength(0)
  expect(w.engine.sessions.status()).toEqual({})
  expect(w.events.some((frame) => frame.type === "session.idle")).toBe(false)
  await w.prompt("what was it?")
  expect(w.model.heard()).toContain("remember this")
})

test("deleting a busy session ends its turn and leaves nothing", async () => {
  await using w = await world({ model: script(stalls(says("on and on and on"), 2)) })
  const { id } = await w.session()
  const { answer } = await w.engine.sessions.prompt(id, text("go"))
  answer?.catch(() => {})
  await w.happened("message.part.delta")
  await w.engine.sessions.remove(id)

  expect(() => w.engine.sessions.get(id)).toThrow("not found")
  expect(JSON.parse(w.engine.sessions.listText({}))).toEqual([])
  expect(await w.happened("session.deleted")).toMatchObject({ sessionID: id })
})

test("an unknown agent or model is refused with near names before anything is stored", async () => {
  await using w = await world()
  const { id } = await w.session()
  const model = { providerID: "mock", modelID: "lagre" }
  await expect(w.engine.sessions.prompt(id, { ...text("x"), agent: "biuld" })).rejects.toThrow(/biuld.*build/)
  await expect(w.engine.sessions.prompt(id, { ...text("x"), model })).rejects.toThrow(/lagre.*large/)
  expect(await w.transcript()).toEqual([])
})

test("the same message id twice is a conflict, and the first one stays", async () => {
  await using w = await world({ model: () => says("ok") })
  await w.prompt("first", { messageID: "msg_mine" })
  await expect(w.prompt("second", { messageID: "msg_mine" })).rejects.toThrow("msg_mine")
  expect((await w.transcript()).filter(({ info }) => info.role === "user")).toHaveLength(1)
})

test("a session and its transcript are the same after a restart", async () => {
  await using w = await world({ model: script(calls("bash", { command: "echo hi" }), says("done")) })
  await w.prompt("go")
  const before = { session: await w.session(), messages: await w.transcript() }
  await w.restart()
  expect({ session: await w.session(), messages: await w.transcript() }).toEqual(before)
})

test("a session whose folder is gone can be read and deleted", async () => {
  await using w = await world({ model: () => says("ok") })
  await w.prompt("hello")
  const { id } = await w.session()
  rmSync(w.project, { recursive: true })
  await w.restart({ reopen: false })
  const engine = await w.engines.of(id)
  expect(await engine.sessions.messages(id)).toHaveLength(2)
  await engine.sessions.remove(id)
  expect(JSON.parse(engine.sessions.listText({}))).toEqual([])
})
