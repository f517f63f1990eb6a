import { calls, says, script, stalls, streams } from "@opencode/testing/script.ts"
import type { Part } from "published-sdk/v2"
import { expect, test } from "vitest"
import { dataOf, served, type Served } from "./served.ts"

const said = (text: string) => ({ parts: [{ type: "text" as const, text }] })
const textsOf = (messages: { parts: Part[] }[]) =>
  messages.map(({ parts }) => parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join())

async function talk(s: Served, prompts: string[], title = "My talk"): Promise<string> {
  const { id: sessionID } = await dataOf(s.v2.session.create({ title }))
  for (const prompt of prompts) await dataOf(s.v2.session.prompt({ sessionID, ...said(prompt) }))
  return sessionID
}

test("a fork copies what came before a message, under new ids, and goes its own way", async () => {
  await using s = await served({ model: script(says("one"), says("two"), says("three")) })
  const sessionID = await talk(s, ["first", "second"])
  const messages = await dataOf(s.v2.session.messages({ sessionID }))
  const forked = await dataOf(s.v2.session.fork({ sessionID, messageID: messages[2]!.info.id }))
  expect(forked).toMatchObject({ title: "My talk (fork #1)", directory: s.world.project, cost: 0 })
  expect(forked).not.toHaveProperty("parentID")

  const copied = await dataOf(s.v2.session.messages({ sessionID: forked.id }))
  expect(textsOf(copied)).toEqual(["first", "one"])
  const ids = (all: typeof messages) => all.flatMap(({ info, parts }) => [info.id, ...parts.map(({ id }) => id)])
  expect(ids(messages).filter((id) => ids(copied).includes(id))).toEqual([])
  expect(copied.flatMap(({ info, parts }) => [info.sessionID, ...parts.map((part) => part.sessionID)])).toEqual(
    Array.from({ length: 2 + copied.flatMap(({ parts }) => parts).length }, () => forked.id),
  )
  expect(copied[1]!.info).toMatchObject({ parentID: copied[0]!.info.id })

  await dataOf(s.v2.session.prompt({ sessionID: forked.id, ...said("elsewhere") }))
  expect(s.world.model.heard()).not.toContain("second")
  expect(await dataOf(s.v2.session.messages({ sessionID }))).toEqual(messages)
})

test("a fork of the whole has all of it, and a fork of a fork counts on", async () => {
  await using s = await served({ model: script(says("one")) })
  const sessionID = await talk(s, ["first"])
  const first = await dataOf(s.v2.session.fork({ sessionID }))
  const second = await dataOf(s.v1.session.fork({ path: { id: first.id }, body: {} }))
  expect([first.title, second.title]).toEqual(["My talk (fork #1)", "My talk (fork #2)"])
  expect(textsOf(await dataOf(s.v2.session.messages({ sessionID: second.id })))).toEqual(["first", "one"])
})

test("a fork at a message that is not there is refused and makes nothing", async () => {
  await using s = await served()
  const { id: sessionID } = await dataOf(s.v2.session.create())
  expect((await s.v2.session.fork({ sessionID, messageID: "msg_nope" })).error).toEqual({
    name: "NotFoundError",
    data: { message: "Message not found: msg_nope" },
  })
  expect(await dataOf(s.v2.session.list())).toHaveLength(1)
})

test("a command that a person typed runs unasked, streams its output, and the next prompt shows it to the model", async () => {
  await using s = await served({ permission: { bash: "deny" }, model: script(says("I see.")) })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const answer = await dataOf(s.v2.session.shell({ sessionID, agent: "plan", command: "echo typed > made; cat made" }))
  expect(s.world.read("made")).toBe("typed\n")
  expect(answer.info).toMatchObject({
    role: "assistant",
    agent: "plan",
    cost: 0,
    time: { completed: expect.any(Number) },
  })
  expect(answer.parts).toEqual([
    expect.objectContaining({
      type: "tool",
      tool: "bash",
      state: expect.objectContaining({
        status: "completed",
        input: { command: "echo typed > made; cat made" },
        output: "typed\n",
        metadata: expect.objectContaining({ exit: 0 }),
      }),
    }),
    expect.objectContaining({ type: "patch", files: [`${s.world.project}/made`] }),
  ])
  const [prompt, stored] = await dataOf(s.v2.session.messages({ sessionID }))
  expect(prompt!.parts).toEqual([
    expect.objectContaining({ text: "The following tool was executed by the user", synthetic: true }),
  ])
  expect(stored).toEqual(answer)
  const kinds = s.world.events.map(({ type }) => type)
  expect(kinds.slice(kinds.indexOf("session.status"))).toEqual(expect.arrayContaining(["session.idle"]))
  expect(s.world.events.some(({ type }) => type === "permission.asked")).toBe(false)

  await dataOf(s.v2.session.prompt({ sessionID, ...said("what did I do?") }))
  expect(s.world.model.heard()).toContain("typed")
})

test("a session is busy while a typed command runs: prompts wait for it, and an abort ends it", async () => {
  await using s = await served({ model: script(says("after it")) })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const running = s.v2.session.shell({ sessionID, agent: "build", command: "echo begun; sleep 60; echo done" })
  await s.world.happened("message.part.updated", ({ part }) => JSON.stringify(part).includes("begun\\n"))
  expect(await dataOf(s.v2.session.status())).toEqual({ [sessionID]: { type: "busy" } })
  const second = await s.v2.session.shell({ sessionID, agent: "build", command: "touch second" })
  expect(second.response.status).toBe(409)
  expect(second.error).toMatchObject({ _tag: "SessionBusyError", sessionID })

  expect(await dataOf(s.v2.session.abort({ sessionID }))).toBe(true)
  const { parts } = await dataOf(running)
  expect(parts[0]).toMatchObject({ state: { status: "completed", metadata: { exit: null } } })
  expect(JSON.stringify(parts[0])).toContain("User aborted the command")
  expect(await dataOf(s.v2.session.status())).toEqual({})

  const slow = s.v2.session.shell({ sessionID, agent: "build", command: "until [ -e go ]; do sleep 0.05; done" })
  await s.world.happened("session.status", ({ status }) => status.type === "busy")
  await expect.poll(async () => Object.keys(await dataOf(s.v2.session.status()))).toEqual([sessionID])
  const prompt = s.v2.session.prompt({ sessionID, ...said("go on") })
  await s.world.happened("message.updated", ({ info }) => info.role === "user" && info.agent === "build")
  expect(s.world.model.requests).toHaveLength(0)
  s.world.folder.write({ "project/go": "" })
  await dataOf(slow)
  expect((await dataOf(prompt)).parts).toContainEqual(expect.objectContaining({ text: "after it" }))
})

test("messages and parts can be removed and worded anew, clients hear of it, and the next prompt works", async () => {
  await using s = await served({ model: script(calls("bash", { command: "echo hi" }), says("one"), says("two")) })
  const sessionID = await talk(s, ["first"])
  const [prompt, step, answer] = await dataOf(s.v2.session.messages({ sessionID }))
  const text = prompt!.parts[0]!
  if (text.type !== "text") throw new Error("The prompt has no text.")
  const address = { sessionID, messageID: prompt!.info.id, partID: text.id }

  const changed = await dataOf(s.v2.part.update({ ...address, part: { ...text, text: "worded anew" } }))
  expect(changed).toEqual({ ...text, text: "worded anew" })
  await s.world.happened("message.part.updated", ({ part }) => part.type === "text" && part.text === "worded anew")
  const call = step!.parts.find(({ type }) => type === "tool")!
  const part = { sessionID, messageID: step!.info.id, partID: call.id }
  expect(await dataOf(s.v2.part.delete(part))).toBe(true)
  await s.world.happened("message.part.removed", ({ partID }) => partID === call.id)
  expect((await s.v2.part.delete(part)).response.status).toBe(404)

  const message = { sessionID, messageID: answer!.info.id }
  expect(await dataOf(s.v2.session.deleteMessage(message))).toBe(true)
  await s.world.happened("message.removed", ({ messageID }) => messageID === answer!.info.id)
  await s.world.happened("message.deleted", ({ messageID }) => messageID === answer!.info.id)
  expect((await s.v2.session.deleteMessage(message)).response.status).toBe(404)
  const left = await dataOf(s.v2.session.messages({ sessionID }))
  expect(left.map(({ info }) => info.id)).toEqual([prompt!.info.id, step!.info.id])

  await dataOf(s.v2.session.prompt({ sessionID, ...said("second") }))
  expect(s.world.model.requests.at(-1)?.messages.map((sent) => sent.text)).toContain("worded anew")
})

test.each([
  ["other ids", (part: object) => ({ ...part, id: "prt_other" })],
  ["another type", ({ id, sessionID, messageID }: Part) => ({ id, sessionID, messageID, type: "step-start" })],
  ["no type", ({ id, sessionID, messageID }: Part) => ({ id, sessionID, messageID })],
  [
    "a call that would run for ever",
    (part: Part) => ({
      ...part,
      type: "tool",
      callID: "c",
      tool: "bash",
      state: { status: "pending", input: {}, raw: "" },
    }),
  ],
])("a part is not replaced by one with %s", async (_, change) => {
  await using s = await served({ model: script(says("one")) })
  const sessionID = await talk(s, ["first"])
  const [before] = await dataOf(s.v2.session.messages({ sessionID }))
  const part = before!.parts[0]!
  const answer = await s.fetch(`/session/${sessionID}/message/${part.messageID}/part/${part.id}`, {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(change(part)),
  })
  expect(answer.status).toBe(400)
  expect((await dataOf(s.v2.session.messages({ sessionID })))[0]).toEqual(before)
})

test("nothing is taken from under a running turn", async () => {
  await using s = await served({ model: script(stalls(streams(3), 3)) })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const turn = s.v2.session.prompt({ sessionID, ...said("go") })
  await s.world.happened("message.part.delta")
  const [prompt] = await dataOf(s.v2.session.messages({ sessionID }))
  const part = prompt!.parts[0]!
  const message = { sessionID, messageID: prompt!.info.id }
  const refused = [
    await s.v2.session.deleteMessage(message),
    await s.v2.part.delete({ ...message, partID: part.id }),
    await s.v2.part.update({ ...message, partID: part.id, part }),
  ]
  expect(refused.map(({ response }) => response.status)).toEqual([409, 409, 409])
  const forked = await dataOf(s.v2.session.fork({ sessionID }))
  expect(textsOf(await dataOf(s.v2.session.messages({ sessionID: forked.id })))).toEqual(["go"])
  await s.v2.session.abort({ sessionID })
  await turn
})

test("an archived session is left out of the list over all projects, and zero brings it back", async () => {
  await using s = await served()
  const { id: sessionID } = await dataOf(s.v2.session.create({ title: "put away" }))
  await dataOf(s.v2.session.create({ title: "in use" }))
  const archived = await dataOf(s.v2.session.update({ sessionID, time: { archived: 123 } }))
  expect(archived.time.archived).toBe(123)
  const titles = async (query: object) => {
    const answer = await s.fetch(`/experimental/session?${new URLSearchParams({ ...query })}`)
    return ((await answer.json()) as { title: string }[]).map(({ title }) => title)
  }
  expect(await titles({})).toEqual(["in use"])
  expect((await titles({ archived: "true" })).sort()).toEqual(["in use", "put away"])
  expect((await dataOf(s.v2.session.list())).map(({ id }) => id)).toContain(sessionID)
  const back = await dataOf(s.v2.session.update({ sessionID, time: { archived: 0 } }))
  expect(back.time).not.toHaveProperty("archived")
  expect((await titles({})).sort()).toEqual(["in use", "put away"])
})

test("the list over all projects comes in pages and names each project", async () => {
  await using s = await served({ git: true })
  for (const title of ["a", "b", "c"]) {
    const { time } = await dataOf(s.v2.session.create({ title }))
    // The page goes on from a moment, as in OpenCode.
    await expect.poll(() => Date.now()).toBeGreaterThan(time.updated)
  }
  const seen: string[] = []
  for (let cursor: string | null = ""; cursor !== null;) {
    const answer: Response = await s.fetch(`/experimental/session?limit=2&cursor=${cursor}`) // empty at first
    const page = (await answer.json()) as { title: string; project: { worktree: string } }[]
    seen.push(...page.map(({ title }) => title))
    expect(page.every(({ project }) => project.worktree === s.world.project)).toBe(true)
    cursor = answer.headers.get("x-next-cursor")
  }
  expect(seen).toEqual(["c", "b", "a"])
})

test("the system text and the tools that a prompt names hold for its turn and for no other", async () => {
  await using s = await served({ model: () => says("ok") })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  await dataOf(s.v2.session.prompt({ sessionID, system: "Answer in rhyme.", tools: { bash: false }, ...said("one") }))
  await dataOf(s.v2.session.prompt({ sessionID, ...said("two") }))
  const [first, second] = s.world.model.requests
  expect(first?.system).toContain("Answer in rhyme.")
  expect(second?.system).not.toContain("Answer in rhyme.")
  expect(first?.tools).not.toContain("bash")
  expect(second?.tools).toContain("bash")
  const [prompt] = await dataOf(s.v2.session.messages({ sessionID }))
  expect(prompt?.info).toMatchObject({ system: "Answer in rhyme.", tools: { bash: false } })
})

test("a session without a name is named by the model after its first prompt, without tools", async () => {
  await using s = await served({
    titles: true,
    model: ({ messages }) =>
      messages.some(({ text }) => text.startsWith("Generate a title")) ? says('"A fine name"') : says("ok"),
  })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  await dataOf(s.v2.session.prompt({ sessionID, ...said("hello there") }))
  await s.world.happened("session.updated", ({ info }) => info.title === "A fine name")
  const asked = s.world.model.requests.find(({ messages }) =>
    messages.some(({ text }) => text.startsWith("Generate a")),
  )
  expect(asked?.messages.map(({ role, text }) => [role, text])).toEqual([
    ["user", "Generate a title for this conversation:\n"],
    ["user", "hello there"],
  ])
  expect(asked?.tools).toEqual([])
})
