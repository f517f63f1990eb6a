import { existsSync, readdirSync, statSync } from "node:fs"
import { calls, says, script } from "@opencode/testing/script.ts"
import { world, type World, type WorldOptions } from "@opencode/testing/world.ts"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { turnProgram, type TurnProcess, type TurnProgram } from "../faults/turn-process.ts"

// Each starts a process of its own, which a busy machine does slowly.
vi.setConfig({ testTimeout: 60_000 })

let program: TurnProgram
beforeAll(async () => void (program = await turnProgram()), 60_000)
afterAll(() => program[Symbol.asyncDispose]())

const text = (content: string) => ({ parts: [{ type: "text" as const, text: content }] })

/** A command that goes on until the test says so, or its folder is gone. */
const COMMAND = "echo ran >> ran.txt; while [ -e ran.txt ] && [ ! -e enough ]; do sleep 0.02; done"

/** Another process answers a prompt of this world's session, and is in the middle of its command. */
async function beside(model: WorldOptions["model"]): Promise<{ w: World; other: TurnProcess; id: string }> {
  const w = await world({ permission: "allow", model })
  const { id } = await w.session()
  const other = program.start(w, id, { text: "go" })
  await vi.waitFor(() => expect(existsSync(`${w.project}/ran.txt`)).toBe(true), 30_000)
  return { w, other, id }
}

const finish = (w: World): void => w.folder.write({ "project/enough": "" })

const prompts = async (w: World): Promise<unknown[]> =>
  (await w.transcript())
    .filter(({ info }) => info.role === "user")
    .map(({ parts }) => "text" in parts[0]! && parts[0].text)

test("a prompt for a session of another process steers the turn there, and is answered here as there", async () => {
  const { w, other, id } = await beside(script(calls("bash", { command: COMMAND }), says("both done")))
  await using _ = w
  expect(w.engine.sessions.status()).toEqual({ [id]: { type: "busy" } })
  const epoch = w.home.store.leases.get(id)?.epoch

  const { message, answer } = await w.engine.sessions.prompt(id, text("me too"))
  expect(message).toMatchObject({ info: { role: "user" }, parts: [{ text: "me too" }] })
  expect(w.home.store.inbox.get(message.info.id)).toMatchObject({ state: "admitted" })
  expect(w.home.store.leases.get(id)).toMatchObject({ epoch, pid: expect.not.toSatisfy((pid) => pid === process.pid) })
  finish(w)

  const last = await answer
  expect(last?.parts.find((part) => part.type === "text")).toMatchObject({ text: "both done" })
  await other.ended
  expect(other).toMatchObject({ said: ["ready", "admitted", "answered"] })
  expect((await w.transcript()).at(-1)).toEqual(last)
  expect(await prompts(w)).toEqual(["go", "me too"])
  expect(w.model.requests).toHaveLength(2)
  expect(w.model.heard()).toContain("me too")
  expect(w.read("ran.txt")).toBe("ran\n")
  expect(w.home.store.inbox.unanswered(id)).toEqual([])
})

test("a prompt that wants no answer, and one that is refused, get from the other process what they would get here", async () => {
  const { w, other, id } = await beside(script(calls("bash", { command: COMMAND }), says("done")))
  await using _ = w
  const { sessions } = w.engine
  expect(await sessions.prompt(id, { ...text("note this"), noReply: true })).not.toHaveProperty("answer")
  await expect(sessions.prompt(id, { ...text("x"), agent: "biuld" })).rejects.toMatchObject({
    code: "agent_not_found",
    message: expect.stringMatching(/biuld.*build/),
  })
  const { message } = await sessions.prompt(id, { ...text("mine"), messageID: "msg_mine", noReply: true })
  expect(message.info.id).toBe("msg_mine")
  await expect(sessions.prompt(id, { ...text("again"), messageID: "msg_mine" })).rejects.toMatchObject({
    code: "conflict",
  })
  expect(await prompts(w)).toEqual(["go", "note this", "mine"])
  finish(w)
  await other.ended
})

test("an abort from here ends the turn there, with its processes", async () => {
  const { w, other, id } = await beside(script(calls("bash", { command: COMMAND }), says("never said")))
  await using _ = w
  expect(await w.engine.sessions.abort(id)).toBe(true)
  await other.ended
  expect(other.said).toContain("answered")
  expect((await w.transcript()).at(-1)?.info).toMatchObject({ error: { name: "MessageAbortedError" } })
  expect(w.engine.sessions.status()).toEqual({})
  expect(await w.engine.sessions.abort(id)).toBe(false)
})

test("what another process asks a person is listed and answered here", async () => {
  await using w = await world({
    permission: { bash: "ask" },
    model: script(calls("bash", { command: "touch made" }), says("done")),
  })
  const { id } = await w.session()
  const { peers } = w.home
  const other = program.start(w, id, { text: "go" })
  const ask = await vi.waitFor(async () => {
    const [found] = await peers.questions(w.project)
    expect(found).toMatchObject({ sessionID: id, permission: "bash" })
    return found!
  }, 30_000)
  expect(await peers.questions("/elsewhere")).toEqual([])
  expect(await peers.reply("per_nobody", { reply: "once" })).toBe(false)
  await expect(peers.reply(ask.id, { reply: "once" }, "ses_other")).rejects.toMatchObject({
    code: "permission_not_found",
  })
  expect(await peers.reply(ask.id, { reply: "once" }, id)).toBe(true)
  await other.ended
  expect(w.files()).toEqual(["made"])
})

test("what a model in another process wants to know is listed and answered here", async () => {
  const question = { question: "Which?", header: "Pick", options: [{ label: "A", description: "a" }] }
  await using w = await world({ model: script(calls("question", { questions: [question] }), says("thanks")) })
  const { id } = await w.session()
  const { peers } = w.home
  const other = program.start(w, id, { text: "go" })
  const request = await vi.waitFor(async () => {
    const [found] = await peers.questionRequests(w.project)
    expect(found).toMatchObject({ sessionID: id, questions: [question] })
    return found!
  }, 30_000)
  expect(await peers.questionRequests("/elsewhere")).toEqual([])
  expect(await peers.answer("que_nobody", [["A"]])).toBe(false)
  await expect(peers.answer(request.id, [])).rejects.toMatchObject({ code: "bad_request" })
  expect(await peers.answer(request.id, [["in my own words"]])).toBe(true)
  await other.ended
  expect(w.model.heard()).toContain(`"Which?"="in my own words"`)
})

test("what is approved for good in one process holds in all, for what waits there too, until it is removed", async () => {
  await using w = await world({
    permission: { bash: "ask" },
    model: ({ messages }) => (messages.length > 2 ? says("done") : calls("bash", { command: "echo 1" })),
  })
  const { peers } = w.home
  const ids = await Promise.all([1, 2].map(async () => (await w.engine.sessions.create({})).id))
  const others = ids.map((id) => program.start(w, id, { text: "go" }))
  const [ask] = await vi.waitFor(async () => {
    const found = await peers.questions(w.project)
    expect(found).toHaveLength(2)
    return found
  }, 30_000)
  expect(await peers.reply(ask!.id, { reply: "always", save: true })).toBe(true)
  await Promise.all(others.map((other) => other.ended))
  expect(others.map(({ said }) => said.at(-1))).toEqual(["answered", "answered"])

  const { gate, approvals } = w.engine
  const echo = { permission: "bash", patterns: ["echo 2"], always: [], metadata: {} }
  const rulesets = [[{ permission: "bash", pattern: "*", action: "ask" as const }]]
  expect(gate.allows([echo], { rulesets })).toBe(true)
  await approvals.remove(approvals.list()[0]?.id ?? "")
  expect(gate.allows([echo], { rulesets })).toBe(false)
})

test("when the owner is killed, a prompt that it had admitted is answered here, once", async () => {
  const { w, other, id } = await beside(({ messages }) =>
    messages.at(-1)?.text === "me too" ? says("from here") : calls("bash", { command: COMMAND }),
  )
  await using _ = w
  const { answer } = await w.engine.sessions.prompt(id, text("me too"))
  await other.kill()
  expect((await answer)?.parts.find((part) => part.type === "text")).toMatchObject({ text: "from here" })

  const transcript = await w.transcript()
  expect(await prompts(w)).toEqual(["go", "me too"])
  expect(transcript[1]?.info).toMatchObject({ error: { data: { message: expect.stringContaining("Interrupted") } } })
  expect(w.home.store.inbox.unanswered(id)).toEqual([])
  expect(w.engine.sessions.status()).toEqual({})
})

test("a prompt at any moment of the owner's death is answered exactly once", async () => {
  const dieAt = async (moment: number): Promise<void> => {
    const { w, other, id } = await beside(({ messages }) =>
      messages.some((message) => message.text === "me too") ? says("once") : calls("bash", { command: COMMAND }),
    )
    await using _ = w
    const prompting = w.engine.sessions.prompt(id, text("me too"))
    for (let n = 0; n < moment; n++) await new Promise(setImmediate)
    await other.kill()
    const { answer } = await prompting
    expect((await answer)?.info, `moment ${moment}`).toMatchObject({ role: "assistant", finish: "stop" })
    expect(await prompts(w)).toEqual(["go", "me too"])
    expect(w.home.store.inbox.unanswered(id)).toEqual([])
  }
  await Promise.all([0, 1, 2, 5].map(dieAt))
}, 60_000)

test("what happens in another process is heard here, by those who listened before and by those who come late", async () => {
  await using w = await world({
    permission: "allow",
    model: script(calls("bash", { command: COMMAND }), says("said over there")),
  })
  const { id } = await w.session()
  await w.home.peers.follow()
  const other = program.start(w, id, { text: "go" })
  const admitted = await w.happened("message.updated", ({ info }) => info.role === "user" && info.sessionID === id)
  await w.happened("message.part.updated", ({ part }) => part.type === "tool" && part.state.status === "running")
  expect(await w.happened("session.status", ({ status }) => status.type === "busy")).toMatchObject({ sessionID: id })
  finish(w)
  await w.happened("session.idle", ({ sessionID }) => sessionID === id)
  await other.ended

  // In the order of the other process, each of them once.
  const heard = w.events.filter((frame) => frame.isPeers)
  expect(heard.filter(({ type }) => type === "session.idle")).toHaveLength(1)
  const texts = heard.flatMap(({ properties }) =>
    "part" in properties && properties.part.type === "text" ? [properties.part.text] : [],
  )
  expect(texts.at(-1)).toBe("said over there")
  expect(admitted.info.id).toBe((await w.transcript())[0]?.info.id)
  expect(heard.every((frame) => frame.number !== undefined || frame.type === "message.part.delta")).toBe(true)
})

test("who begins to listen here gets what another process is writing, as far as it is", async () => {
  const words = "word after word ".repeat(20)
  await using w = await world({ model: script(says(words, { chunkSize: 16, delayMs: 25 })) })
  const { id } = await w.session()
  await w.home.peers.follow()
  const other = program.start(w, id, { text: "go" })
  const delta = await w.happened("message.part.delta", ({ delta: text }) => text.trim() !== "")
  const [open] = w.home.peers.openParts()
  expect(open).toMatchObject({ scope: { directory: w.project }, part: { id: delta.partID } })
  const textNow = (): string => {
    const { part } = w.home.peers.openParts()[0] ?? {}
    return part?.type === "text" ? part.text : ""
  }
  await vi.waitFor(() => expect(textNow().length).toBeGreaterThan(60), 30_000)
  expect(words.startsWith(textNow())).toBe(true)
  await other.ended
  await w.happened("session.idle")
  expect(w.home.peers.openParts()).toEqual([])
})

test("a session whose process is killed does not look busy to those who listen here", async () => {
  const { w, other, id } = await beside(() => calls("bash", { command: COMMAND }))
  await using _ = w
  await w.home.peers.follow()
  await w.happened("session.status", ({ sessionID, status }) => sessionID === id && status.type === "busy")
  await other.kill()
  await w.happened("session.status", ({ sessionID, status }) => sessionID === id && status.type === "idle")
  expect(w.engine.sessions.status()).toEqual({})
  // Nobody listens at the socket that it left behind.
  await expect.poll(() => readdirSync(w.folder.join("data/opencode/peers"))).toEqual([])
})

test("there is a socket only after a turn began, for its owner alone, and none afterwards", async () => {
  await using w = await world({ model: () => says("ok") })
  const folder = w.folder.join("data/opencode/peers")
  await w.session()
  await w.transcript()
  expect(existsSync(folder)).toBe(false)
  await w.prompt("go")
  expect(readdirSync(folder)).toEqual([expect.stringMatching(new RegExp(`^${process.pid}-[0-9a-f]{8}\\.sock$`))])
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  await w.restart()
  expect(readdirSync(folder)).toEqual([])
})

test("a prompt waits while another process has the session for itself, as it does within one", async () => {
  await using w = await world({ model: () => says("ok") })
  const { id } = await w.session()
  const { leases, ...store } = w.home.store
  // A living process that cannot be asked, as one that takes back what many steps did.
  const taken = await store.write((tx) =>
    leases.take(tx, { sessionID: id, owner: { pid: process.ppid }, now: Date.now() }),
  )
  const timers = vi.spyOn(globalThis, "setTimeout")
  // One before each try.
  const looks = () => timers.mock.calls.filter(([, ms]) => ms === 50).length
  const prompting = w.engine.sessions.prompt(id, text("go"))
  prompting.catch(() => {}) // awaited below
  await Promise.race([prompting, vi.waitFor(() => expect(looks()).toBeGreaterThan(22), 30_000)])
  timers.mockRestore()
  expect("heldBy" in taken).toBe(false)
  if (!("heldBy" in taken)) await store.write((tx) => leases.release(tx, taken))
  expect((await (await prompting).answer)?.info).toMatchObject({ finish: "stop" })
})

test("a suspended process holds up nobody: what it works on is shown, and is neither ended nor deleted, which is said", async () => {
  const { w, other, id } = await beside(() => calls("bash", { command: COMMAND }))
  await using _ = w
  other.suspend()
  await w.home.peers.follow()
  expect(await w.transcript()).not.toEqual([])
  const { sessions } = w.engine
  const refused = { code: "busy", message: expect.stringContaining("suspended") }
  await Promise.all([
    expect(w.home.peers.questions(w.project)).resolves.toEqual([]),
    expect(sessions.abort(id)).rejects.toMatchObject(refused),
    expect(sessions.remove(id)).rejects.toMatchObject(refused),
  ])
  expect(sessions.status()).toEqual({ [id]: { type: "busy" } })

  // It has been told nevertheless.
  other.resume()
  await other.ended
  expect((await w.transcript()).at(-1)?.info).toMatchObject({ error: { name: "MessageAbortedError" } })
  expect(w.home.store.leases.list()).toEqual([])
})

test("subagents of another process go to the background by the word of a client here", async () => {
  const task = { description: "a part", prompt: "look", subagent_type: "general" }
  const { w, other, id } = await beside(({ messages }) => {
    const isChild = messages.find(({ role }) => role === "user")?.text === "look"
    const isFirst = !messages.some(({ toolResults }) => toolResults.length > 0)
    if (isFirst) return isChild ? calls("bash", { command: COMMAND }) : calls("task", task)
    return says(isChild ? "found 42" : "done")
  })
  await using _ = w
  await vi.waitFor(async () => expect(await w.engine.children.detach(id)).toBe(true), 30_000)
  await other.ended
  expect((await w.calls())[0]?.state).toMatchObject({ output: expect.stringContaining('state="running"') })
  // That process has left without its subagent having come to an end, and the next prompt tells it.
  await w.prompt("and?")
  const prompt = (await w.transcript()).findLast(({ info }) => info.role === "user")
  expect(prompt?.parts).toMatchObject([
    { text: "and?" },
    { synthetic: true, text: expect.stringContaining("<task id=") },
  ])
})
