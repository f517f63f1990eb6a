import { readdirSync } from "node:fs"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import { calls, says, script } from "@opencode/testing/script.ts"
import { createFollower } from "@opencode/testing/follower.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { forkTitle } from "../../src/session/fork.ts"
import { answer, call, prompt, store, text } from "./stored.ts"

const words = (messages: MessageWithParts[]): string[] =>
  messages.flatMap(({ parts }) => parts.flatMap((part) => (part.type === "text" ? [part.text] : [])))

const blobs = (w: World): string[] =>
  readdirSync(w.folder.join("data/opencode/blobs"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)

test.each([
  ["Talk", "Talk (fork #1)"],
  ["Talk (fork #1)", "Talk (fork #2)"],
  ["Talk (fork #9)", "Talk (fork #10)"],
  ["Talk (fork #1) of old", "Talk (fork #1) of old (fork #1)"],
  ["", " (fork #1)"],
])("a fork of %j is called %j", (title, forked) => {
  expect(forkTitle(title)).toBe(forked)
})

test("a fork of 2,000 messages names the same files of large bodies, copies no content, and outlives the original", async () => {
  await using w = await world()
  const session = await w.session()
  const large = "large body ".repeat(10_000)
  const messages = Array.from({ length: 1_000 }, (_, n) => [
    prompt(text(`prompt ${n}`)),
    answer(text(`answer ${n}`), call("read", {}, n % 400 === 0 ? `${n} ${large}` : "small")),
  ]).flat()
  const original = await store(w, session, messages)
  const files = blobs(w)
  expect(files).toHaveLength(3)

  const before = process.cpuUsage()
  const forked = await w.engine.fork(session.id)
  const { user, system } = process.cpuUsage(before)
  // About 150 ms, and as much to tell the clients; a search through the messages for each of them costs a second.
  expect((user + system) / 1_000).toBeLessThan(600)
  expect(blobs(w)).toEqual(files)

  await w.engine.sessions.remove(session.id)
  expect(blobs(w)).toEqual(files)
  const copied = await w.engine.sessions.messages(forked.id)
  expect(copied).toHaveLength(2_000)
  expect(words(copied)).toEqual(words(original))
  const body = copied[1]?.parts[1]
  expect(body).toMatchObject({ sessionID: forked.id, messageID: copied[1]?.info.id })
  expect(JSON.stringify(body)).toContain(`0 ${large.slice(0, 100)}`)

  await w.engine.sessions.remove(forked.id)
  expect(blobs(w)).toEqual([])
})

test("a fork has the whole of an answer that was stored in pieces, and outlives the original", async () => {
  const said = "a long answer, ".repeat(1_500)
  await using w = await world({ model: () => says(said, { chunkSize: 1_000, delayMs: 40 }) })
  await w.prompt("Say much.")
  const { id } = await w.session()
  const forked = await w.engine.fork(id)
  await w.engine.sessions.remove(id)
  expect(words(await w.engine.sessions.messages(forked.id))).toEqual(["Say much.", said])
})

test("what names a message names its copy: parents, the tail of a compaction, the owner of an attachment", async () => {
  await using w = await world()
  const session = await w.session()
  const url = `data:image/png;base64,${"A".repeat(90_000)}`
  const { id, sessionID, messageID } = text("")
  const pixel = { id, sessionID, messageID, type: "file" as const, mime: "image/png", url }
  const read = call("read", {}, "seen")
  if (read.type !== "tool" || read.state.status !== "completed") throw new Error("not a finished call")
  const stored = await store(w, session, [
    prompt(text("one")),
    answer({ ...read, state: { ...read.state, attachments: [pixel] } }),
    prompt(text("two")),
  ])
  const [first] = stored
  await store(w, session, [
    prompt({ ...text(""), type: "compaction", auto: false, tail_start_id: first?.info.id ?? "" }),
  ])
  const forked = await w.engine.fork(session.id)
  const copied = await w.engine.sessions.messages(forked.id)
  expect(copied[1]?.info).toMatchObject({ parentID: copied[0]?.info.id })
  expect(copied[1]?.parts[0]).toMatchObject({
    state: { attachments: [{ url: pixel.url, sessionID: forked.id, messageID: copied[1]?.info.id }] },
  })
  expect(copied[3]?.parts[0]).toMatchObject({ type: "compaction", tail_start_id: copied[0]?.info.id })
})

test("a part of a kind that only a newer program knows is copied as it is", async () => {
  await using w = await world()
  const session = await w.session()
  const { id, sessionID, messageID } = text("")
  const unheard = { id, sessionID, messageID, type: "hologram", shape: { sides: [1, 2], of: "ses_elsewhere" } }
  await store(w, session, [prompt(text("one")), answer(text("two"), unheard as unknown as Part)])
  const forked = await w.engine.fork(session.id)
  const [, copy] = await w.engine.sessions.messages(forked.id)
  expect(copy?.parts[1]).toEqual({
    ...unheard,
    id: expect.stringMatching(/^prt_/),
    sessionID: forked.id,
    messageID: copy?.info.id,
  })
  expect([...w.engine.exportSession(forked.id).messages][1]?.parts).toEqual(copy?.parts)
})

test("a reverted session is forked up to its point of return, to the part", async () => {
  await using w = await world()
  const session = await w.session()
  const messages = await store(w, session, [
    prompt(text("one")),
    answer(text("kept"), text("taken back")),
    prompt(text("gone")),
  ])
  const revertTo = async (messageID = "", partID?: string) =>
    w.home.store.write((tx) =>
      w.home.store.sessions.replace(tx, {
        ...session,
        revert: { messageID, ...(partID === undefined ? {} : { partID }) },
      }),
    )
  const forkedWords = async (messageID?: string) => {
    const forked = await w.engine.fork(session.id, { messageID })
    expect(forked).not.toHaveProperty("revert")
    return words(await w.engine.sessions.messages(forked.id))
  }
  await revertTo(messages[2]?.info.id)
  expect(await forkedWords()).toEqual(["one", "kept", "taken back"])
  await revertTo(messages[1]?.info.id, messages[1]?.parts[1]?.id)
  expect(await forkedWords()).toEqual(["one", "kept"])
  expect(await forkedWords(messages[2]?.info.id)).toEqual(["one", "kept"])
  expect(await forkedWords(messages[1]?.info.id)).toEqual(["one"])
  expect(await forkedWords(messages[0]?.info.id)).toEqual([])
})

test("an answer that is being given is left out of the copy, and so is what came after it", async () => {
  await using w = await world()
  const session = await w.session()
  const unfinished = answer(text("half"))
  await store(w, session, [
    prompt(text("one")),
    { ...unfinished, info: { ...unfinished.info, time: { created: 1 } } as typeof unfinished.info },
    prompt(text("meanwhile")),
  ])
  const forked = await w.engine.fork(session.id)
  expect(words(await w.engine.sessions.messages(forked.id))).toEqual(["one"])
  expect(w.engine.sessions.status()).toEqual({})
})

test("a fork has what was to be done at its point, and the agent, model and rules of the original", async () => {
  const todo = (content: string) => ({ content, status: "pending", priority: "high" })
  await using w = await world({
    model: script(
      calls("todowrite", { todos: [todo("early")] }),
      says("one"),
      calls("todowrite", { todos: [todo("late")] }),
      says("two"),
    ),
  })
  const { id } = await w.session()
  await w.engine.sessions.update(id, { permission: [{ permission: "bash", pattern: "*", action: "deny" }] })
  await w.prompt("first")
  await w.prompt("second")
  const second = (await w.transcript()).findLast(({ info }) => info.role === "user")
  const early = await w.engine.fork(id, { messageID: second?.info.id })
  const late = await w.engine.fork(id)
  expect(w.engine.sessions.todos(early.id)).toEqual([todo("early")])
  expect(w.engine.sessions.todos(late.id)).toEqual([todo("late")])
  const { agent, model, permission } = w.engine.sessions.get(id)
  expect(late).toMatchObject({ agent, model, permission })
})

test("a fork that cannot be written leaves nothing", async () => {
  let fails = false
  await using w = await world({
    beforeCommit: () => {
      if (fails) throw new Error("the disk is gone")
    },
  })
  const session = await w.session()
  await store(w, session, [prompt(text("one"))])
  fails = true
  await expect(w.engine.fork(session.id)).rejects.toThrow("the disk is gone")
  fails = false
  expect(JSON.parse(w.engine.sessions.listText({}))).toHaveLength(1)
})

test.each(["fork", "import"] as const)(
  "who only follows the events knows what is in a session that came by %s",
  async (how) => {
    const todos = [{ content: "this", status: "pending", priority: "low" }]
    await using w = await world({ model: script(calls("todowrite", { todos }), says("done")) })
    await w.prompt("go")
    const { id } = await w.session()
    const before = w.events.length
    const { info, messages } = await w.engine.exportSession(id)
    const made =
      how === "fork" ? await w.engine.fork(id) : await w.engine.importSession({ info, messages: [...messages] })
    const follower = createFollower()
    for (const event of w.events.slice(before)) follower.hear(event)
    const there = await w.engine.sessions.messages(made.id)
    expect(there.length).toBeGreaterThan(2)
    expect(follower.known().messages[made.id]).toEqual(
      there.map(({ info, parts }) => ({ info, parts: parts.sort((a, b) => (a.id < b.id ? -1 : 1)) })),
    )
    expect(follower.known().todos[made.id]).toEqual(w.engine.sessions.todos(made.id))
  },
)
