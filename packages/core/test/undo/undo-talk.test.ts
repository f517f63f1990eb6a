import { join } from "node:path"
import { callsMany, says, script } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { open, bash, write, prompt, revert, unrevert, told } from "./undone.ts"

test("the point can be a part of an answer, and moves in both directions", async () => {
  await using w = await open({
    model: script(
      callsMany([
        { name: "write", input: { filePath: "1", content: "1" } },
        { name: "write", input: { filePath: "2", content: "2" } },
        { name: "bash", input: { command: "echo 3 > 3" } },
      ]),
      says("done"),
    ),
  })
  const messageID = await prompt(w)
  const [, answer] = await w.transcript()
  const parts = (await w.calls()).map(({ id }) => id)
  await revert(w, answer!.info.id, parts[2])
  expect(w.files()).toEqual(["1", "2"])
  await revert(w, answer!.info.id, parts[1])
  expect(w.files()).toEqual(["1"])
  await revert(w, messageID)
  expect(w.files()).toEqual([])
  const session = await revert(w, answer!.info.id, parts[2])
  expect(session.revert).toMatchObject({ messageID: answer!.info.id, partID: parts[2] })
  expect(w.files()).toEqual(["1", "2"])
  await revert(w, answer!.info.id, parts[0])
  expect((await w.session()).revert).not.toHaveProperty("partID")
  await unrevert(w)
  expect(w.files()).toEqual(["1", "2", "3"])
})

test("the next prompt makes an undoing final: the messages go, and the model never hears of them", async () => {
  await using w = await open({ model: script(write("x", "secret word"), says("first"), says("second"), says("third")) })
  const first = await prompt(w, "do the first thing")
  await revert(w, first)
  expect((await w.transcript()).length).toBe(3)
  await prompt(w, "something else")
  const transcript = await w.transcript()
  expect(transcript.map(({ info }) => info.role)).toEqual(["user", "assistant"])
  const asked = JSON.stringify(w.model.requests.at(-1))
  expect(asked).toContain("something else")
  expect(asked).not.toContain("first thing")
  const removed = w.events.filter(({ type }) => type === "message.removed")
  expect(removed).toHaveLength(3)
  const session = await w.session()
  expect(session).not.toHaveProperty("revert")
  expect(session).not.toHaveProperty("undo")
  expect(await w.engine.undo.diff(session.id)).toEqual([])
  await unrevert(w)
  expect(w.files()).toEqual([])
})

test("an answer that goes back to one of its calls names the files of the calls that stay, and no others", async () => {
  await using w = await open({
    model: script(
      callsMany(["1", "2", "3"].map((name) => ({ name: "write", input: { filePath: name, content: name } }))),
      says("done"),
      says("more"),
    ),
  })
  await prompt(w)
  const [, answer] = await w.transcript()
  const { id: partID } = (await w.calls())[2]!
  await revert(w, answer!.info.id, partID)
  await prompt(w, "go on")
  const patches = (await w.transcript())[1]!.parts.filter(({ type }) => type === "patch")
  expect(patches).toMatchObject([{ files: ["1", "2"].map((name) => join(w.project, name)) }])
  expect(w.events.findLast(({ properties }) => "part" in properties && properties.part.type === "patch")).toMatchObject(
    {
      properties: { part: patches[0] },
    },
  )
  // What is named is this session's own to take back.
  const session = await revert(w, answer!.info.id)
  expect([session.undo?.unseen, w.files()]).toEqual([undefined, []])
})

test("a session says what it changed: by prompt, as a whole, in its summary and in events", async () => {
  await using w = await open({
    files: { "a.txt": "1\n2\n3\n" },
    model: script(
      write("b.txt", "b\n"),
      bash("sed -i s/2/two/ a.txt; head -c 300 /dev/zero > data.bin"),
      says("ok"),
      bash("rm b.txt"),
      says("ok"),
      says("nothing"),
    ),
  })
  const first = await prompt(w)
  const second = await prompt(w)
  const { id } = await w.session()
  const diff = await w.engine.undo.diff(id, first)
  expect(diff.map(({ file, status, additions, deletions }) => [file, status, additions, deletions])).toEqual([
    ["a.txt", "modified", 1, 1],
    ["b.txt", "added", 1, 0],
    ["data.bin", "added", 0, 0],
  ])
  expect(diff[0]?.patch).toBe(
    `Index: a.txt\n${"=".repeat(67)}\n--- a.txt\n+++ a.txt\n@@ -1,3 +1,3 @@\n 1\n-2\n+two\n 3\n`,
  )
  expect(diff[2]).not.toHaveProperty("patch")
  expect((await w.engine.undo.diff(id, second)).map(({ file, status }) => [file, status])).toEqual([
    ["b.txt", "deleted"],
  ])
  expect((await w.engine.undo.diff(id)).map(({ file }) => file)).toEqual(["a.txt", "data.bin"])
  expect((await w.session()).summary).toEqual({ additions: 1, deletions: 1, files: 2 })
  await expect(w.engine.undo.diff(id, "msg_none")).rejects.toMatchObject({ code: "message_not_found" })

  const events = () => w.events.filter(({ type }) => type === "session.diff").length
  expect(events()).toBe(3)
  const [asked, ...answers] = await w.transcript()
  expect(asked?.info).toMatchObject({ summary: { diffs: diff } })
  const patches = answers.flatMap(({ parts }) => parts.filter((part) => part.type === "patch"))
  expect(patches.map(({ files }) => files.map((file) => file.replace(`${w.project}/`, "")))).toEqual([
    ["b.txt"],
    ["a.txt", "data.bin"],
    ["b.txt"],
  ])
  await prompt(w)
  expect(events()).toBe(3)
})

test("a session that is busy, or has a busy child, is not reverted; a prompt waits for a revert that is under way", async () => {
  await using w = await open({
    model: script(
      write("a", "a"),
      says("ok"),
      bash("sleep 0.3"),
      says("ok"),
      bash("sleep 0.4"),
      says("ok"),
      says("last"),
    ),
  })
  const messageID = await prompt(w)
  const running = w.prompt("again")
  await w.model.received(3)
  await expect(revert(w, messageID)).rejects.toMatchObject({ code: "busy" })
  await running

  const { id: parentID } = await w.session()
  const child = await w.engine.sessions.create({ parentID })
  const { answer: childs } = await w.engine.sessions.prompt(child.id, { parts: [{ type: "text", text: "go" }] })
  await w.model.received(5)
  await expect(revert(w, messageID)).rejects.toMatchObject({ code: "busy", data: { sessionID: child.id } })
  await childs

  const [reverted, answer] = await Promise.all([revert(w, messageID), w.prompt("at the same time")])
  expect(reverted.revert?.messageID).toBe(messageID)
  expect(answer.info).toMatchObject({ finish: "stop" })
  expect((await w.transcript()).length).toBe(2)
  expect(w.files()).toEqual([])
})

test("what a deleted message did keeps its place: a later point leaves it, an earlier one takes it back", async () => {
  await using w = await open({
    model: script(write("a", "a"), says("1"), write("b", "b"), says("2"), write("c", "c"), says("3")),
  })
  const first = await prompt(w)
  const second = await prompt(w)
  const third = await prompt(w)
  const { id } = await w.session()
  const answers = (await w.transcript()).filter(({ parts }) => parts.some((part) => part.type === "tool"))
  await w.engine.editHistory.removeMessage(id, answers[0]!.info.id)
  await w.engine.editHistory.removeMessage(id, answers[1]!.info.id)

  expect(told(w, (await revert(w, third)).undo)).toEqual({ c: "restored" })
  expect(w.files()).toEqual(["a", "b"])
  await revert(w, second)
  expect(w.files()).toEqual(["a"])
  await revert(w, first)
  expect(w.files()).toEqual([])
  await unrevert(w)
  expect(w.files()).toEqual(["a", "b", "c"])
})

test("a fork says that what was changed before it belongs to the original, which takes it back", async () => {
  await using w = await open({
    model: script(write("a", "a"), says("1"), write("b", "b"), says("2"), write("c", "c"), says("in the fork")),
  })
  const first = await prompt(w)
  await prompt(w)
  const { id } = await w.session()
  const fork = await w.engine.fork(id)
  const { answer } = await w.engine.sessions.prompt(fork.id, { parts: [{ type: "text", text: "go" }] })
  await answer
  const [start] = await w.engine.sessions.messages(fork.id)

  const { undo } = await w.engine.undo.revert(fork.id, { messageID: start!.info.id })
  expect(told(w, undo)).toEqual({ c: "restored" })
  expect(undo?.unseen).toEqual([
    "What 2 answers changed was changed by another session, of which this one is a copy: it is not taken back here.",
  ])
  const original = await revert(w, first)
  expect(told(w, original.undo)).toEqual({ a: "restored", b: "restored" })
  expect(original.undo).not.toHaveProperty("unseen")
})

test("the point of a revert is not deleted from under it; what stands after it may be", async () => {
  await using w = await open({ model: script(write("a", "a"), says("1"), write("b", "b"), says("2"), says("3")) })
  const first = await prompt(w)
  const second = await prompt(w)
  const { id } = await w.session()
  const edit = w.engine.editHistory
  const [, answer] = await w.transcript()
  await revert(w, first)
  await expect(edit.removeMessage(id, first)).rejects.toMatchObject({ code: "bad_request" })
  await edit.removeMessage(id, second)
  await unrevert(w)
  expect(w.files()).toEqual(["a", "b"])

  await revert(w, answer!.info.id)
  await expect(edit.removeMessage(id, answer!.info.id)).rejects.toMatchObject({ code: "bad_request" })
  await prompt(w)
  expect(w.files()).toEqual([])
})

test("a wish to compact a session that was taken back to its beginning leaves it as it is", async () => {
  await using w = await open({ model: script(write("a", "a"), says("1")) })
  const first = await prompt(w)
  const { id } = await w.session()
  await revert(w, first)
  const before = await w.transcript()
  expect(await w.engine.compaction.summarize(id, { providerID: "mock", modelID: "large" })).toBe(false)
  expect(await w.transcript()).toEqual(before)
  await unrevert(w)
  expect(w.files()).toEqual(["a"])
})

test("the prompt of a typed command shows what the command changed", async () => {
  await using w = await open({ model: script() })
  const { id } = await w.session()
  const { info } = await w.engine.runShell(id, { agent: "build", command: "echo hi > s.txt" })
  const [typed] = await w.transcript()
  expect(typed!.info.summary).toMatchObject({ diffs: [{ file: "s.txt", status: "added" }] })
  const { undo } = await revert(w, typed!.info.id)
  expect([info.role, told(w, undo)]).toEqual(["assistant", { "s.txt": "restored" }])
})

test("every command that a crash cut short is counted among those of which nobody knows what they changed", async () => {
  await using w = await open({ model: script(says("1"), says("2")) })
  const first = await prompt(w)
  await prompt(w)
  const { id: sessionID } = await w.session()
  for (const { info } of await w.transcript()) {
    if (info.role === "user") continue
    const call = { messageID: info.id, callID: "cut" }
    await w.home.store.write((tx) => {
      w.home.store.intents.open(tx, { ...call, sessionID, tool: "bash", effect: "unsafe", input: {}, started: 1 })
      w.home.store.intents.finish(tx, call, { finished: 2, outcome: "interrupted" })
    })
  }
  expect((await revert(w, first)).undo?.unseen).toEqual([
    "What 2 commands changed is not known: the program ended meanwhile.",
  ])
})
