import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs"
import path from "node:path"
import { Part } from "@opencode/protocol/part.ts"
import type { Part as PartType } from "@opencode/protocol/part.ts"
import { expect, test } from "vitest"
import { MISSING_BODY } from "../../src/store/part-body.ts"
import type { Store } from "../../src/store/store.ts"
import { assistantMessage, session, temporaryFolder, textPart, toolPart, userMessage, type Folder } from "./world.ts"

const question = userMessage("q", "ses_a")

async function withQuestion(folder: Folder): Promise<Store> {
  const store = await folder.open()
  await store.write((tx) => {
    store.sessions.insert(tx, session("a"))
    store.sessions.insert(tx, session("b"))
    store.messages.put(tx, question)
  })
  return store
}

const bodies = (folder: Folder) =>
  readdirSync(path.join(folder.path, "data", "blobs"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))

test("messages and parts keep the order in which they came, whatever their ids and times", async () => {
  await using folder = await temporaryFolder()
  const { write, messages, parts } = await withQuestion(folder)
  const ids = ["z", "m", "a"]
  await write((tx) => {
    for (const id of ids) {
      const message = assistantMessage(id, "ses_a", question.id)
      messages.put(tx, message)
      for (const part of ["9", "5", "1"]) parts.put(tx, textPart(`${id}${part}`, message, part))
    }
  })
  await write((tx) => messages.put(tx, { ...assistantMessage("z", "ses_a", question.id), finish: "stop" }))
  await write((tx) => parts.put(tx, textPart("z9", { id: "msg_z", sessionID: "ses_a" }, "changed")))

  const list = messages.list("ses_a")
  expect(list.map((one) => one.info.id)).toEqual(["msg_q", "msg_z", "msg_m", "msg_a"])
  expect(list[1]?.info).toMatchObject({ finish: "stop" })
  expect(list[1]?.parts.map((part) => part.id)).toEqual(["prt_z9", "prt_z5", "prt_z1"])
  expect(list[1]?.parts[0]).toMatchObject({ text: "changed" })
  expect(messages.getWithParts("msg_z")).toEqual(list[1])
})

test("a part goes where the caller says", async () => {
  await using folder = await temporaryFolder()
  const { write, parts } = await withQuestion(folder)
  await write((tx) => {
    parts.put(tx, textPart("second", question, ""), 1)
    parts.put(tx, textPart("first", question, ""), 0)
    parts.put(tx, textPart("third", question, ""))
  })
  expect(parts.list(question.id).map((part) => part.id)).toEqual(["prt_first", "prt_second", "prt_third"])
})

test("pages are the newest messages before a given one, oldest first", async () => {
  await using folder = await temporaryFolder()
  const { write, messages } = await withQuestion(folder)
  await write((tx) => {
    for (const n of [1, 2, 3, 4, 5]) {
      messages.put(tx, userMessage(`a${n}`, "ses_a"))
      messages.put(tx, userMessage(`b${n}`, "ses_b"))
    }
  })
  const ids = (page?: Parameters<typeof messages.list>[1]) =>
    messages.list("ses_a", page).map((one) => one.info.id.slice(4))
  expect(ids()).toEqual(["q", "a1", "a2", "a3", "a4", "a5"])
  expect(ids({ limit: 2 })).toEqual(["a4", "a5"])
  expect(ids({ limit: 2, before: "msg_a4" })).toEqual(["a2", "a3"])
  expect(ids({ before: "msg_q" })).toEqual([])
  expect(() => ids({ before: "msg_b1" })).toThrow("no message")
})

test("an id of another session or message is not taken over", async () => {
  await using folder = await temporaryFolder()
  const { write, messages, parts } = await withQuestion(folder)
  const other = userMessage("other", "ses_b")
  await write((tx) => {
    messages.put(tx, other)
    parts.put(tx, textPart("one", question, "mine"))
  })
  await expect(write((tx) => messages.put(tx, { ...question, sessionID: "ses_b" }))).rejects.toMatchObject({
    code: "conflict",
  })
  await expect(write((tx) => parts.put(tx, textPart("one", other, "yours")))).rejects.toMatchObject({
    code: "conflict",
  })
  expect(messages.list("ses_a")).toMatchObject([{ info: question, parts: [{ text: "mine" }] }])
})

test("a part and a message of unknown kind are kept and returned as they are", async () => {
  await using folder = await temporaryFolder()
  const { write, messages, parts } = await withQuestion(folder)
  const message = { ...userMessage("new", "ses_a"), role: "narrator" } as unknown as typeof question
  const part = {
    id: "prt_new",
    sessionID: "ses_a",
    messageID: message.id,
    type: "hologram",
    beam: [1, 2],
  } as unknown as PartType
  await write((tx) => {
    messages.put(tx, message)
    parts.put(tx, part)
  })
  expect(messages.list("ses_a")[1]).toEqual({ info: message, parts: [part] })
})

test("a read folds the tails onto the stored text, and the final part replaces them", async () => {
  await using folder = await temporaryFolder()
  const store = await withQuestion(folder)
  const { write, parts } = store
  await write((tx) => parts.put(tx, textPart("open", question, "one")))
  for (const text of [" two", " three", " four"]) await write((tx) => parts.appendTail(tx, "prt_open", text))
  await store.close()

  const again = await folder.open()
  expect(again.parts.get("prt_open")).toMatchObject({ text: "one two three four" })
  expect(again.messages.list("ses_a")[0]?.parts).toMatchObject([{ text: "one two three four" }])
  await again.write((tx) => again.parts.put(tx, textPart("open", question, "final")))
  expect(again.parts.get("prt_open")).toMatchObject({ text: "final" })
  await expect(again.write((tx) => again.parts.appendTail(tx, "prt_none", "x"))).rejects.toThrow()
})

test("a large body goes to a private file, comes back whole, and goes away with its part", async () => {
  await using folder = await temporaryFolder()
  const { write, parts, messages, sessions } = await withQuestion(folder)
  const large = toolPart("large", question, `start ${"ü".repeat(200_000)} end`)
  await write((tx) => parts.put(tx, large))
  expect(messages.list("ses_a")[0]?.parts).toEqual([large])

  const [file] = bodies(folder)
  expect((statSync(file!).mode & 0o777).toString(8)).toBe("600")
  expect((statSync(path.dirname(file!)).mode & 0o777).toString(8)).toBe("700")
  expect(JSON.parse(readFileSync(file!, "utf8"))).toEqual(large)

  const changed = toolPart("large", question, "y".repeat(100_000))
  await write((tx) => parts.put(tx, changed))
  await write((tx) => parts.put(tx, changed))
  expect(bodies(folder)).toHaveLength(1)
  expect(parts.get(large.id)).toEqual(changed)

  await write((tx) => parts.put(tx, toolPart("large", question, "small")))
  expect(bodies(folder)).toEqual([])

  for (const remove of [
    (tx: Parameters<typeof parts.remove>[0]) => void parts.remove(tx, large.id),
    (tx: Parameters<typeof parts.remove>[0]) => void messages.remove(tx, question.id),
    (tx: Parameters<typeof parts.remove>[0]) => void sessions.remove(tx, "ses_a"),
  ]) {
    if (messages.get(question.id) === undefined) await write((tx) => messages.put(tx, question))
    await write((tx) => parts.put(tx, large))
    expect(bodies(folder)).toHaveLength(1)
    await write(remove)
    expect(bodies(folder)).toEqual([])
  }
})

test("a write that fails keeps the body that is still named", async () => {
  await using folder = await temporaryFolder()
  const { write, parts } = await withQuestion(folder)
  const large = textPart("large", question, "x".repeat(100_000))
  await write((tx) => parts.put(tx, large))
  const failing = write((tx) => {
    parts.put(tx, textPart("large", question, "z".repeat(100_000)))
    throw new Error("no")
  })
  await expect(failing).rejects.toThrow("no")
  expect(parts.get(large.id)).toEqual(large)
  // Changed there and back within one write: the first file is named again at the commit.
  await write((tx) => {
    parts.put(tx, textPart("large", question, "z".repeat(100_000)))
    parts.put(tx, large)
  })
  expect(parts.get(large.id)).toEqual(large)
})

test.each([
  ["missing", (file: string) => rmSync(file)],
  ["cut off", (file: string) => writeFileSync(file, readFileSync(file).subarray(0, 1000))],
  ["not a file", (file: string) => (rmSync(file), mkdirSync(file))],
])("a body that is %s becomes a note in a part that is valid", async (_, harm) => {
  await using folder = await temporaryFolder()
  const { write, parts } = await withQuestion(folder)
  const large = "x".repeat(100_000)
  const stored: PartType[] = [
    { ...textPart("text", question, large), metadata: { signature: large } },
    toolPart("tool", question, large),
    {
      id: "prt_file",
      sessionID: "ses_a",
      messageID: question.id,
      type: "file",
      mime: "image/png",
      url: `data:image/png;base64,${large}`,
    },
    {
      id: "prt_think",
      sessionID: "ses_a",
      messageID: question.id,
      type: "reasoning",
      text: large,
      metadata: { a: 1 },
      time: { start: 1 },
    },
    {
      id: "prt_patch",
      sessionID: "ses_a",
      messageID: question.id,
      type: "patch",
      hash: "h",
      files: Array(10_000).fill("/a/file"),
    },
  ]
  await write((tx) => stored.forEach((part) => parts.put(tx, part)))
  bodies(folder).forEach(harm)

  const read = parts.list(question.id)
  expect(read.map((part) => part.type)).toEqual(["text", "tool", "file", "reasoning", "patch"])
  for (const part of read) expect(() => Part().parse(part)).not.toThrow()
  expect(read[0]).toEqual(textPart("text", question, MISSING_BODY))
  expect(read[1]).toEqual(toolPart("tool", question, MISSING_BODY))
})

test("files that crashes left behind are collected when they are old, and no others", async () => {
  await using folder = await temporaryFolder()
  const store = await withQuestion(folder)
  expect(await store.collect()).toBe(0)
  await store.write((tx) => store.parts.put(tx, textPart("large", question, "x".repeat(100_000))))
  const [named] = bodies(folder)
  const old = path.join(path.dirname(named!), "old")
  const young = path.join(path.dirname(named!), "young")
  for (const file of [old, young]) writeFileSync(file, "")
  for (const file of [old, named!]) utimesSync(file, 1, 1)

  expect(await store.collect()).toBe(1)
  expect(bodies(folder).sort()).toEqual([named, young].sort())
})
