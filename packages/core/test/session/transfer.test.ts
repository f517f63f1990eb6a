import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { SessionImport } from "@opencode/protocol/transfer.ts"
import { world, type World } from "@opencode/testing/world.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { compile } from "../../src/turn/compile.ts"
import { jsonOf } from "../../src/session/export.ts"
import { anyHistory, modelOf } from "../turn/history.ts"
import { answer, call, prompt, store, text } from "./stored.ts"

const exported = async (w: World, sessionID: string, sanitize = false): Promise<SessionImport> =>
  SessionImport().parse(JSON.parse([...jsonOf(w.engine.exportSession(sessionID, { sanitize }))].join("")))

/** Ids as the order in which they appear: two conversations that differ in ids alone become equal. */
function withoutIDs(value: unknown): unknown {
  const known = new Map<string, string>()
  return JSON.parse(
    JSON.stringify(value).replaceAll(/"(?:ses|msg|prt)_[^"]*"/g, (id) => {
      if (!known.has(id)) known.set(id, `"id ${known.size}"`)
      return known.get(id) ?? id
    }),
  )
}

test("any history that was exported and imported is exported the same again", async () => {
  await using here = await world()
  await using there = await world()
  await fc.assert(
    fc.asyncProperty(anyHistory, async (history) => {
      const { id } = await here.engine.sessions.create({ title: "a talk" })
      await store(here, here.engine.sessions.get(id), history.map(withoutHuge))
      const first = await exported(here, id)

      const moved = await there.engine.importSession(first)
      expect(moved).toMatchObject({ id, title: "a talk", directory: there.project })
      const second = await exported(there, id)
      expect(second.messages).toEqual(first.messages.map(closed))

      const again = await there.engine.importSession(second)
      expect(again.id).not.toBe(id)
      const third = await exported(there, again.id)
      expect(withoutIDs(third.messages)).toEqual(withoutIDs(second.messages))
      compile({
        system: [],
        messages: third.messages as MessageWithParts[],
        tools: [],
        model: modelOf("@ai-sdk/anthropic"),
        params: { options: {}, headers: {} },
      })
    }),
    { numRuns: 25 },
  )
  expect(here.home.store.integrityCheck()).toEqual([])
}, 60_000)

/** Five megabytes of one letter, written to the disk six times, show nothing that a hundred kilobytes do not. */
const withoutHuge = (message: MessageWithParts): MessageWithParts =>
  JSON.parse(JSON.stringify(message).replaceAll(/A{1000000,}/g, "A".repeat(100_000)))

/** What an import makes of a message: the same, but that nothing in it is open. */
function closed({ info, parts }: SessionImport["messages"][number]): unknown {
  const isOpen = info.role === "assistant" && info.time.completed === undefined
  const end = { time: { ...info.time, completed: info.time.created } }
  return {
    info: isOpen ? { error: expect.anything(), ...info, ...end } : info,
    parts: parts.map((part) => {
      const { status, input } = (part.state ?? {}) as { status?: string; input?: unknown }
      const isRunning = status === "pending" || status === "running"
      if (part.type === "reasoning") return { ...part, time: { start: 1, end: 1 } }
      return isRunning ? { ...part, state: expect.objectContaining({ status: "error", input }) } : part
    }),
  }
}

test("ids that are taken here become new ones together, and what names them follows", async () => {
  await using w = await world()
  const session = await w.session()
  const [first] = await store(w, session, [prompt(text("one")), answer(text("two"))])
  await store(w, session, [
    prompt({ ...text(""), type: "compaction", auto: true, tail_start_id: first?.info.id ?? "" }),
  ])
  const imported = await w.engine.importSession(await exported(w, session.id))
  const messages = await w.engine.sessions.messages(imported.id)
  const own = new Set(messages.map(({ info }) => info.id))
  expect(own.has(first?.info.id ?? "")).toBe(false)
  expect(messages[1]?.info).toMatchObject({ parentID: messages[0]?.info.id })
  expect(messages[2]?.parts[0]).toMatchObject({ tail_start_id: messages[0]?.info.id })
  expect(await w.engine.sessions.messages(session.id)).toHaveLength(3)
})

test("an imported session grants nothing, names nobody here and keeps what denies", async () => {
  await using w = await world()
  const session = await w.session()
  const parent = await w.engine.sessions.create({ title: "another" })
  const given = await exported(w, session.id)
  const deny = { permission: "bash", pattern: "*", action: "deny" as const }
  const imported = await w.engine.importSession({
    ...given,
    info: {
      ...given.info,
      id: "ses_hostile",
      parentID: parent.id,
      directory: "/etc",
      projectID: "../../escape",
      path: "../..",
      share: { url: "file:///etc/passwd" },
      agent: "no such agent",
      model: { providerID: "no", id: "such" },
      workspaceID: "wrk_1",
      permission: [{ permission: "*", pattern: "*", action: "allow" }, deny],
      revert: { messageID: "msg_nowhere", snapshot: "deadbeef" },
      time: { ...given.info.time, compacting: 1 },
    },
  })
  expect(imported).toMatchObject({
    id: "ses_hostile",
    directory: w.project,
    projectID: w.engine.workspace.projectID,
    path: session.path,
    permission: [deny],
  })
  for (const name of ["parentID", "share", "agent", "model", "workspaceID", "revert"]) {
    expect(imported).not.toHaveProperty(name)
  }
  expect(imported.time).not.toHaveProperty("compacting")
})

const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) })
const HOSTILE: [name: string, change: (file: SessionImport) => unknown][] = [
  [
    "a time that is none",
    ({ info, ...file }) => ({ ...file, info: { ...info, time: { created: 9e15, updated: 9e15 } } }),
  ],
  ["ids twice", (file) => ({ ...file, messages: [...file.messages, ...file.messages] })],
  ["a message of another session", (file) => ({ ...file, info: { ...file.info, id: "ses_other" } })],
  [
    "a part of another message",
    ({ info, messages: [first, ...rest] }) => ({
      info,
      messages: [{ ...first, parts: first!.parts.map((part) => ({ ...part, messageID: "msg_other" })) }, ...rest],
    }),
  ],
  [
    "a known part that is not whole",
    ({ info, messages: [first, ...rest] }) => ({
      info,
      messages: [{ ...first, parts: first!.parts.map(({ text: _, ...part }) => part) }, ...rest],
    }),
  ],
  [
    "a structure without end",
    ({ info, messages: [first, ...rest] }) => ({
      info,
      messages: [
        { ...first, parts: first!.parts.map((part) => ({ ...part, type: "hologram", shape: deep(500) })) },
        ...rest,
      ],
    }),
  ],
]

test.each(HOSTILE)("a file with %s is refused as a whole", async (_, change) => {
  await using w = await world()
  const session = await w.session()
  await store(w, session, [prompt(text("one")), answer(text("two"))])
  const file = await exported(w, session.id)
  await w.engine.sessions.remove(session.id)
  const given = change(file) as SessionImport
  await expect(w.engine.importSession(given)).rejects.toMatchObject({ code: "bad_request" })
  expect(JSON.parse(w.engine.sessions.listText({}))).toEqual([])
})

test("an import that cannot be written leaves nothing", async () => {
  let fails = false
  await using w = await world({
    beforeCommit: () => {
      if (fails) throw new Error("the disk is full")
    },
  })
  const session = await w.session()
  await store(w, session, [prompt(text("one")), answer(call("read", {}, "x".repeat(100_000)))])
  const file = await exported(w, session.id)
  fails = true
  await expect(w.engine.importSession(file)).rejects.toThrow("the disk is full")
  fails = false
  expect(JSON.parse(w.engine.sessions.listText({}))).toHaveLength(1)
})

test("an export holds one message at a time, and goes on when one is removed meanwhile", async () => {
  await using w = await world()
  const session = await w.session()
  const messages = await store(w, session, [prompt(text("one")), answer(text("two")), prompt(text("three"))])
  const { messages: reading } = w.engine.exportSession(session.id)
  const iterator = reading[Symbol.iterator]()
  expect(iterator.next().value).toEqual(messages[0])
  await w.engine.editHistory.removeMessage(session.id, messages[1]?.info.id ?? "")
  expect(iterator.next().value).toEqual(messages[2])
  expect(iterator.next().done).toBe(true)
})

test("an export answers nobody: a prompt that a dead process left waiting still waits", async () => {
  await using w = await world()
  const session = await w.session()
  const [waiting] = await store(w, session, [prompt(text("never begun"))])
  const { store: rows, owner } = w.home
  await rows.write((tx) => {
    const { id: sessionID } = session
    rows.inbox.admit(tx, { sessionID, messageID: waiting?.info.id ?? "", options: null, admitted: 1 })
    rows.leases.take(tx, { sessionID, owner, now: 1 })
  })
  expect((await exported(w, session.id)).messages).toHaveLength(1)
  expect(w.model.requests).toHaveLength(0)
  expect(w.engine.sessions.status()).toEqual({})
  expect(rows.inbox.unanswered(session.id)).toHaveLength(1)
})
