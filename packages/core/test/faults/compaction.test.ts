import { lines, says } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { afterAll, beforeAll, expect, test } from "vitest"
import { isFault } from "../../src/lib/fault.ts"
import { sinceCompaction } from "../../src/turn/since-compaction.ts"
import { turnProgram, type TurnProgram } from "./turn-process.ts"

let program: TurnProgram
beforeAll(async () => void (program = await turnProgram()), 60_000)
afterAll(() => program[Symbol.asyncDispose]())

const NOTES = "what was said, in short, ".repeat(8)

/** A conversation that is due to be compacted: the next prompt does it. */
async function fullWorld(beforeCommit?: (n: number) => void, delayMs = 0): Promise<World> {
  const w = await world({
    ...(beforeCommit ? { beforeCommit } : {}),
    model: ({ messages, number }) => {
      if (messages[0]?.text.startsWith("Here is the conversation")) return says(NOTES, { delayMs })
      const input = number === 1 ? 99_000 : 500
      return says(lines(1_500), { usage: { input, output: 20 }, chunkSize: 50_000 })
    },
  })
  await w.prompt("first")
  return w
}

/** Whatever happened: everything can be read, nothing is open, and the next prompt finds either the history or its notes. */
async function expectUsable(w: World): Promise<void> {
  const { id } = await w.session()
  const { sessions } = w.engine
  await sessions.messages(id)
  await expect.poll(() => sessions.status(), { timeout: 30_000 }).toEqual({})
  const before = await sessions.messages(id)
  for (const { info } of before) if (info.role === "assistant") expect(info.time.completed).toBeDefined()
  expect(sessions.get(id).time).not.toHaveProperty("compacting")
  const isCompacted = before.some(({ info }) => info.role === "assistant" && info.summary && !info.error)
  expect(
    sinceCompaction(before).some(({ parts }) => parts.some((part) => "text" in part && part.text === "first")),
  ).toBe(!isCompacted)
  const { answer } = await sessions.prompt(id, { parts: [{ type: "text", text: "and now?" }] })
  expect((await answer)?.info).toMatchObject({ finish: "stop", agent: "build" })
  expect(w.model.heard()).toContain("and now?")
  const after = await sessions.messages(id)
  const finished = after.filter(({ info }) => info.role === "assistant" && info.summary && !info.error)
  expect(finished).toHaveLength(1)
  expect(w.home.store.inbox.unanswered(id)).toEqual([])
  expect(w.home.store.messages.list(id)).toEqual(after)
  expect(w.home.store.integrityCheck()).toEqual([])
  expect(w.model.unexpected).toEqual([])
}

// Lease and admission come before; the settling after is the same as without a compaction.
test.each([
  ["the notes are begun", 3],
  ["the notes are finished", 5],
])("kill -9 before %s leaves the history or its notes, and the next prompt works", async (_, dieBefore) => {
  await using w = await fullWorld()
  const { id } = await w.session()
  const died = program.start(w, id, { text: "go", dieBefore })
  await died.ended
  expect(died.errors()).toBe("")
  expect(died.said).toEqual(["ready", "admitted"])
  await expectUsable(w)
})

test("kill -9 while the notes are written leaves the history", async () => {
  await using w = await fullWorld(undefined, 100)
  const { id } = await w.session()
  const died = program.start(w, id, { text: "go" })
  await w.model.received(2)
  await died.kill()
  await expectUsable(w)
})

test("whichever write of a compaction fails, the history or its notes are left, and the next prompt works", async () => {
  for (let n = 1, wentWell = false; !wentWell; n++) {
    let tried = 0
    let failing = 0
    await using w = await fullWorld(() => {
      if (++tried === failing) throw Object.assign(new Error("database or disk is full"), { errcode: 13 })
    })
    tried = 0
    failing = n
    await w.prompt("go").catch((error: unknown) => {
      if (!isFault(error)) throw error
    })
    await w.home.store.write(() => {}).catch(() => {})
    wentWell = tried <= n
    failing = 0
    await expectUsable(w).catch((error: Error) => {
      throw new Error(`write ${n}: ${error.message}`, { cause: error })
    })
  }
}, 60_000)
