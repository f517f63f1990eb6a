import { readFileSync } from "node:fs"
import { join } from "node:path"
import { calls, says, script } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { silentLog } from "../../src/lib/log.ts"
import { createJournal } from "../../src/session/journal.ts"
import { turnProgram, type TurnProcess, type TurnProgram } from "../faults/turn-process.ts"
import { filesBelow } from "./reference.ts"

let prompts: TurnProgram
let reverts: TurnProgram
beforeAll(async () => {
  prompts = await turnProgram()
  reverts = await turnProgram("(engine) => engine.undo.revert(sessionID, { messageID: text }).then(() => ({}))")
}, 60_000)
afterAll(async () => {
  await prompts[Symbol.asyncDispose]()
  await reverts[Symbol.asyncDispose]()
})

test("kill -9 at commits of a turn: undoing restores what is known, tells what is not, and can be undone", async () => {
  let died: TurnProcess
  let n = 1
  do {
    // Every other one: between two of them nothing else can be found.
    n += 2
    await using w = await world({
      permission: "allow",
      files: { "a.txt": "one\n", "b.txt": "b\n" },
      model: ({ messages }) =>
        [
          calls("edit", { filePath: "a.txt", oldString: "one", newString: "two" }),
          calls("bash", { command: "echo more >> b.txt" }),
        ][messages.flatMap((message) => message.toolResults).length] ?? says("ok"),
    })
    const { id } = await w.session()
    died = prompts.start(w, id, { text: "go", dieBefore: n })
    await died.ended
    expect(died.errors()).toBe("")
    const [prompt] = w.home.store.messages.list(id)
    if (!prompt) continue
    // The same as what opening the session does, and waiting for what it goes on with.
    await w.transcript()
    await expect.poll(() => w.engine.sessions.status(), { timeout: 30_000 }).toEqual({})

    const left = filesBelow(w.project)
    const { undo } = await w.engine.undo.revert(id, { messageID: prompt.info.id })
    expect(w.read("a.txt"), `before commit ${n}`).toBe("one\n")
    if (w.read("b.txt") !== "b\n")
      expect(undo?.unseen, `before commit ${n}`).toEqual([expect.stringContaining("ended")])
    await w.engine.undo.unrevert(id)
    expect(filesBelow(w.project)).toEqual(left)
  } while (!died.said.includes("answered"))
  expect(n).toBeGreaterThan(8)
}, 120_000)

/** A session that changed many files, and the prompt to go back to. */
async function changed(count: number): Promise<{ w: World; id: string; messageID: string }> {
  const names = Array.from({ length: count }, (_, index) => `f${index}`)
  const w = await world({
    permission: "allow",
    files: Object.fromEntries(names.map((name) => [name, "old"])),
    model: script(calls("bash", { command: "for f in f*; do echo new > $f; done; rm f0" }), says("ok"), says("ok")),
  })
  const { id } = await w.session()
  const answer = await w.prompt("go")
  return { w, id, messageID: answer.info.role === "assistant" ? answer.info.parentID : "" }
}

async function expectBothWays(w: World, id: string, messageID: string, made: ReturnType<typeof filesBelow>) {
  await w.engine.undo.unrevert(id)
  expect(filesBelow(w.project)).toEqual(made)
  const { undo } = await w.engine.undo.revert(id, { messageID })
  expect(undo?.files.map(({ status }) => status)).toEqual(undo?.files.map(() => "restored"))
  expect(new Set(filesBelow(w.project).values())).toEqual(new Set(["file 644 old", "file 644 "]))
}

test("kill -9 in the middle of a revert leaves files that were or are to be, and nothing is lost either way", async () => {
  const { w, id, messageID } = await changed(150)
  await using _ = w
  const made = filesBelow(w.project)
  const dying = reverts.start(w, id, { text: messageID })
  await vi.waitFor(() => expect([...filesBelow(w.project).values()]).toContain("file 644 old"), {
    timeout: 10_000,
    interval: 1,
  })
  await dying.kill()
  expect(dying.errors()).toBe("")
  // Beside them there may be the beginning of one that was being written.
  for (const [file, content] of filesBelow(w.project))
    if (made.has(file)) expect(["file 644 old", "file 644 new\n", "file 644 "]).toContain(content)
  await expectBothWays(w, id, messageID, made)
})

test("kill -9 before any commit of a revert loses nothing", async () => {
  let died: TurnProcess
  let n = 0
  do {
    n++
    const { w, id, messageID } = await changed(3)
    await using _ = w
    const made = filesBelow(w.project)
    died = reverts.start(w, id, { text: messageID, dieBefore: n })
    await died.ended
    expect(died.errors()).toBe("")
    await w.restart()
    await expectBothWays(w, id, messageID, made)
  } while (!died.said.includes("answered"))
  expect(n).toBeGreaterThan(3)
}, 60_000)

test("a failing disk while the point moves, or while a revert is taken back, loses nothing", async () => {
  let left = Infinity
  await using w = await world({
    permission: "allow",
    files: { a: "0" },
    beforeCommit() {
      if (--left < 0) throw new Error("no room")
    },
    model: script(
      calls("edit", { filePath: "a", oldString: "0", newString: "1" }),
      says("ok"),
      calls("edit", { filePath: "a", oldString: "1", newString: "2" }),
      says("ok"),
    ),
  })
  const { id } = await w.session()
  const points: string[] = []
  for (let at = 0; at < 2; at++) {
    const { info } = await w.prompt("go")
    points.push(info.role === "assistant" ? info.parentID : "")
  }
  const revert = (at: number) => w.engine.undo.revert(id, { messageID: points[at]! })
  const failing = async (commits: number, act: () => Promise<unknown>) => {
    left = commits
    await act().catch(() => undefined) // how far it came does not matter
    left = Infinity
  }
  for (let commits = 0; commits < 6; commits++) {
    await revert(1)
    await failing(commits, () => revert(0))
    expect(["0", "1"]).toContain(w.read("a"))
    await failing(commits, () => w.engine.undo.unrevert(id))
    await revert(0)
    expect(w.read("a"), `after ${commits} commits`).toBe("0")
    await w.engine.undo.unrevert(id)
    expect(w.read("a"), `after ${commits} commits`).toBe("2")
  }
})

test("an edit that fails half-way, and one that cannot be put on record, leave the journal true", async () => {
  let fail = false
  await using w = await world({
    permission: "allow",
    files: { a: "a" },
    beforeCommit() {
      if (fail) throw new Error("no room")
    },
  })
  const { id } = await w.session()
  const journal = createJournal({ store: w.home.store, log: silentLog, place: "test" })
  const key = { sessionID: id, messageID: "msg_x", callID: "call_x" }
  const file = join(w.project, "a")
  await expect(
    journal.of(key).changing([{ path: file, after: Buffer.from("b") }], () => Promise.reject(new Error("disk"))),
  ).rejects.toThrow("disk")
  expect(w.home.store.changes.list(id)).toEqual([])

  fail = true
  let done = false
  const act = async () => void (done = true)
  await expect(journal.of(key).changing([{ path: file, after: Buffer.from("b") }], act)).rejects.toThrow("no room")
  fail = false
  expect(done).toBe(false)
  expect(readFileSync(file, "utf8")).toBe("a")
})

test("the diff of a session whose revert a crash cut short is that of the finished revert, and so is its summary", async () => {
  const { w, id, messageID } = await changed(3)
  await using _ = w
  // After the commits that take the session and begin; the files are done, and that is not told.
  await reverts.start(w, id, { text: messageID, dieBefore: 3 }).ended
  await w.restart()
  const before = await w.session()
  expect([before.revert?.messageID, before.undo]).toEqual([messageID, undefined])
  expect(await w.engine.undo.diff(id)).toEqual([])
  expect(await w.session()).toMatchObject({ summary: { files: 0 }, undo: { action: "revert" } })
})

test("who reads only the session, or its messages, after a crash cut a revert short finds it finished", async () => {
  for (const read of ["session", "messages"] as const) {
    const { w, id, messageID } = await changed(3)
    await using _ = w
    await reverts.start(w, id, { text: messageID, dieBefore: 3 }).ended
    await w.restart()
    if (read === "messages") await w.engine.sessions.messages(id)
    const found = read === "session" ? await w.engine.sessions.read(id) : w.engine.sessions.get(id)
    expect(found, read).toMatchObject({ summary: { files: 0 }, undo: { action: "revert" } })
  }
})

test("a prompt after a revert that a crash cut short waits for its rest: what goes for good was taken back", async () => {
  const { w, id, messageID } = await changed(150)
  await using _ = w
  const dying = reverts.start(w, id, { text: messageID })
  await vi.waitFor(() => expect([...filesBelow(w.project).values()]).toContain("file 644 old"), {
    timeout: 10_000,
    interval: 1,
  })
  await dying.kill()
  await w.restart()
  await w.prompt("go on")
  expect(new Set(filesBelow(w.project).values())).toEqual(new Set(["file 644 old", "file 644 "]))
  expect(await w.session()).toMatchObject({ summary: { files: 0 } })
  expect(await w.engine.undo.diff(id)).toEqual([])
}, 30_000)
