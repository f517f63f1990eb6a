import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { calls, says, script, stalls, streams, unauthorized } from "@opencode/testing/script.ts"
import type { Event } from "published-sdk/v2"
import { expect, test } from "vitest"
import { dataOf, served } from "./served.ts"

test("the published SDK v2 makes a session, prompts it and reads what was said", async () => {
  await using s = await served({ model: script(says("Hello there.")) })
  const session = await dataOf(s.v2.session.create({ title: "first" }))
  expect(session).toMatchObject({ title: "first", directory: s.world.project, version: "1.20.0" })

  const answer = await dataOf(s.v2.session.prompt({ sessionID: session.id, parts: [{ type: "text", text: "hi" }] }))
  expect(answer.info).toMatchObject({ role: "assistant", sessionID: session.id, finish: "stop" })
  expect(answer.parts).toContainEqual(expect.objectContaining({ type: "text", text: "Hello there." }))

  const messages = await dataOf(s.v2.session.messages({ sessionID: session.id }))
  expect(messages.map(({ info }) => info.role)).toEqual(["user", "assistant"])
  const one = await dataOf(s.v2.session.message({ sessionID: session.id, messageID: answer.info.id }))
  expect(one).toEqual(messages[1])
})

test("the published SDK v1 makes a session, prompts it, renames, lists and deletes it", async () => {
  await using s = await served({ model: script(says("Hello there.")) })
  const session = await dataOf(s.v1.session.create({ body: { title: "first" } }))
  const path = { id: session.id }
  const answer = await dataOf(s.v1.session.prompt({ path, body: { parts: [{ type: "text", text: "hi" }] } }))
  expect(answer.parts).toContainEqual(expect.objectContaining({ type: "text", text: "Hello there." }))

  expect(await dataOf(s.v1.session.update({ path, body: { title: "renamed" } }))).toMatchObject({ title: "renamed" })
  expect((await dataOf(s.v1.session.list())).map(({ title }) => title)).toEqual(["renamed"])
  expect(await dataOf(s.v1.session.delete({ path }))).toBe(true)
  expect((await s.v1.session.get({ path })).error).toEqual({
    name: "NotFoundError",
    data: { message: `Session not found: ${session.id}` },
  })
})

test("init has the model write AGENTS.md, and tells whether that went well", async () => {
  const rules = "Test with `make check`.\n"
  await using s = await served({
    model: script(calls("write", { filePath: "AGENTS.md", content: rules }), says("Written."), unauthorized()),
  })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const model = { providerID: "mock", modelID: "large" }
  expect(await dataOf(s.v2.session.init({ sessionID, messageID: "msg_init1", ...model }))).toBe(true)
  expect(await readFile(join(s.world.project, "AGENTS.md"), "utf8")).toBe(rules)
  const [first] = await dataOf(s.v2.session.messages({ sessionID }))
  expect(first?.info).toMatchObject({ id: "msg_init1", role: "user", model })
  expect(await dataOf(s.v2.session.init({ sessionID, messageID: "msg_init2", ...model }))).toBe(false)
})

test("summarize replaces a conversation by notes, and says whether it did", async () => {
  await using s = await served({
    model: script(says("Hello."), says("## Goal\nGreet."), says("Again."), unauthorized()),
  })
  const model = { providerID: "mock", modelID: "large" }
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const path = { id: sessionID }
  // There is nothing to make notes of, and nobody is asked.
  expect((await s.v2.session.summarize({ sessionID, ...model })).data).toBe(false)
  expect(s.world.model.requests).toHaveLength(0)

  await s.v2.session.prompt({ sessionID, parts: [{ type: "text", text: "hi" }] })
  expect(await dataOf(s.v2.session.summarize({ sessionID, ...model }))).toBe(true)
  const messages = await dataOf(s.v2.session.messages({ sessionID }))
  expect(messages.slice(2)).toMatchObject([
    { info: { role: "user", model }, parts: [{ type: "compaction", auto: false }] },
    { info: { role: "assistant", agent: "compaction", mode: "compaction", summary: true, ...model } },
  ])
  await s.world.happened("session.compacted")
  await s.v2.session.prompt({ sessionID, parts: [{ type: "text", text: "and now?" }] })
  expect(s.world.model.heard()).toContain("## Goal\nGreet.")
  expect(s.world.model.heard()).not.toContain("Hello.")

  expect((await s.v1.session.summarize({ path, body: model })).data).toBe(false)
  expect((await s.v1.session.summarize({ path, body: { ...model, modelID: "none" } })).error).toMatchObject({
    name: "BadRequest",
  })
  const gone = await s.v1.session.summarize({ path: { id: "ses_none" }, body: model })
  expect(gone.error).toMatchObject({ name: "NotFoundError" })
  const usage = (await (await s.fetch(`/session/${sessionID}/usage`)).json()) as object
  expect(usage).toMatchObject({ session: { requests: 4, failed: 1, isComplete: true } })
})

test("a busy session is summarized at its next step, and goes on with its work", async () => {
  await using s = await served({
    permission: "allow",
    model: ({ messages }) => {
      const said = messages[0]?.text ?? ""
      if (said.startsWith("Here is the conversation")) return says("notes of it")
      return said.includes("notes of it")
        ? says("done")
        : calls("bash", { command: "until [ -e go ]; do sleep 0.02; done" })
    },
  })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const answer = s.v2.session.prompt({ sessionID, parts: [{ type: "text", text: "work" }] })
  await s.world.happened("message.part.updated", ({ part }) => part.type === "tool" && part.state.status === "running")
  const summary = s.v2.session.summarize({ sessionID, providerID: "mock", modelID: "large" })
  await s.world.happened("message.part.updated", ({ part }) => part.type === "compaction")
  s.world.folder.write({ "project/go": "" })
  expect(await dataOf(summary)).toBe(true)
  expect((await dataOf(answer)).parts).toContainEqual(expect.objectContaining({ type: "text", text: "done" }))
  expect(s.world.model.requests).toHaveLength(3)
})

test("a prompt without reply answers with itself and asks no model", async () => {
  await using s = await served()
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const prompt = { sessionID, noReply: true, parts: [{ type: "text" as const, text: "note this" }] }
  const answer = await dataOf(s.v2.session.prompt(prompt))
  expect(answer.info).toMatchObject({ role: "user", sessionID })
  expect(s.world.model.requests).toHaveLength(0)
})

test("an asynchronous prompt answers 204 at once and its turn is told by events", async () => {
  await using s = await served({ model: script(calls("bash", { command: "echo hi" }), says("Done.")) })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const events: Event[] = []
  const { stream } = await s.v2.event.subscribe()
  const first = await stream.next()
  expect(first.value).toMatchObject({ type: "server.connected", properties: { resumed: false } })

  const sent = await s.v2.session.promptAsync({ sessionID, parts: [{ type: "text", text: "go" }] })
  expect(sent.response.status).toBe(204)
  for await (const event of stream) {
    events.push(event as Event)
    if (event.type === "session.idle") break
  }
  const kinds = events.map((event) =>
    event.type !== "message.part.updated"
      ? event.type
      : event.properties.part.type === "tool"
        ? `tool ${event.properties.part.state.status}`
        : event.properties.part.type,
  )
  expect(kinds.filter((kind) => kind.startsWith("tool"))).toEqual(
    expect.arrayContaining(["tool pending", "tool running", "tool completed"]),
  )
  expect(kinds.slice(-2)).toEqual(["session.status", "session.idle"])
  const text = events.map((event) => (event.type === "message.part.delta" ? event.properties.delta : "")).join("")
  expect(text).toBe("Done.")
})

test("a prompt in a running turn can be aborted, and the abort of a quiet session is no error", async () => {
  await using s = await served({ model: script(stalls(streams(3), 3)) })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const running = s.v2.session.prompt({ sessionID, parts: [{ type: "text", text: "go" }] })
  await s.world.happened("message.part.delta")
  expect(await dataOf(s.v2.session.status())).toEqual({ [sessionID]: { type: "busy" } })

  expect(await dataOf(s.v2.session.abort({ sessionID }))).toBe(true)
  expect((await dataOf(running)).info).toMatchObject({ error: { name: "MessageAbortedError" } })
  expect(await dataOf(s.v2.session.status())).toEqual({})
  expect(await dataOf(s.v2.session.abort({ sessionID }))).toBe(true)
})

test("a turn goes on when the client that asked for it goes away", async () => {
  await using s = await served({ model: script(says("Still here.", { delayMs: 30, chunkSize: 2 })) })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const gone = new AbortController()
  const request = s.v2.session.prompt({ sessionID, parts: [{ type: "text", text: "go" }] }, { signal: gone.signal })
  await s.world.happened("message.part.delta")
  gone.abort()
  await request.catch(() => undefined) // the client's own abort
  await s.world.happened("session.idle")
  const messages = await dataOf(s.v2.session.messages({ sessionID }))
  expect(messages.at(-1)?.parts).toContainEqual(expect.objectContaining({ type: "text", text: "Still here." }))
})

const SPELLINGS: [name: string, body: object, ran: boolean][] = [
  ["reply", { reply: "once" }, true],
  ["response", { response: "once", remember: false }, true],
  ["allow", { allow: true }, true],
  ["reply reject", { reply: "reject" }, false],
  ["allow false", { allow: false }, false],
]

test.each(SPELLINGS)("a question is answered on both routes with %s", async (_, body, ran) => {
  await using s = await served({
    permission: { bash: "ask" },
    model: script(calls("bash", { command: "touch one" }), calls("bash", { command: "touch two" }), says("ok")),
  })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const turn = s.v2.session.prompt({ sessionID, parts: [{ type: "text", text: "go" }] })
  const question = await s.world.asked("bash")
  expect((await dataOf(s.v2.permission.list())).map(({ id }) => id)).toEqual([question.id])
  expect(await (await s.post(`/permission/${question.id}/reply`, body)).json()).toBe(true)
  if (ran) {
    const next = await s.world.asked("bash")
    expect(await (await s.post(`/session/${sessionID}/permissions/${next.id}`, body)).json()).toBe(true)
  }
  await turn
  expect(s.world.files()).toEqual(ran ? ["one", "two"] : [])
  expect(await dataOf(s.v2.permission.list())).toEqual([])
})

test("everything that describes the folder answers both versions of the SDK", async () => {
  await using s = await served({ git: true })
  const paths = await dataOf(s.v2.path.get())
  expect(paths).toMatchObject({ directory: s.world.project, worktree: s.world.project })
  expect(await dataOf(s.v1.project.current())).toMatchObject({ vcs: "git", worktree: s.world.project })
  expect((await dataOf(s.v1.app.agents())).map(({ name }) => name)).toEqual(expect.arrayContaining(["build", "plan"]))
  expect(await dataOf(s.v2.config.get())).toMatchObject({
    model: "mock/large",
    command: {},
    mode: {},
    plugin: [],
    agent: {},
  })
  const { providers, default: models } = await dataOf(s.v2.config.providers())
  expect(providers.map(({ id }) => id)).toEqual(["mock"])
  expect(models).toEqual({ mock: "large" })
  expect(JSON.stringify(providers)).not.toContain("mock-key")
  expect(await dataOf(s.v2.tool.ids())).toEqual(expect.arrayContaining(["bash", "read", "edit"]))
  expect(await dataOf(s.v2.global.health())).toEqual({ healthy: true, version: "1.20.0" })
  expect(await dataOf(s.v1.app.log({ body: { service: "test", level: "info", message: "hello" } }))).toBe(true)
})

test("the published SDKs read what a session still has to do", async () => {
  const todos = [{ content: "look", status: "pending", priority: "high" }]
  await using s = await served({ model: script(calls("todowrite", { todos }), says("Done.")) })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  expect(await dataOf(s.v2.session.todo({ sessionID }))).toEqual([])
  await dataOf(s.v2.session.prompt({ sessionID, parts: [{ type: "text", text: "go" }] }))
  expect(await dataOf(s.v2.session.todo({ sessionID }))).toEqual(todos)
  expect(await dataOf(s.v1.session.todo({ path: { id: sessionID } }))).toEqual(todos)
  expect((await s.v2.session.todo({ sessionID: "ses_none" })).error).toMatchObject({ name: "NotFoundError" })
})
