import type { Message } from "@opencode/protocol/message.ts"
import type { Part, ToolPart } from "@opencode/protocol/part.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import { expect, test } from "vitest"
import { createProjection } from "../src/projection.ts"
import type { SessionUpdate } from "../src/wire.ts"

const owned = { sessionID: "ses_1", messageID: "msg_1" }

function shown() {
  const updates: SessionUpdate[] = []
  const projection = createProjection({ cwd: "/work", send: (update) => void updates.push(update), onStep: () => {} })
  const texts = () =>
    updates.flatMap((update) => ("content" in update ? [(update.content as { text: string }).text] : []))
  return { updates, projection, texts }
}

const assistant = (more: object = {}): Message =>
  ({ id: "msg_1", sessionID: "ses_1", role: "assistant", time: { created: 1 }, tokens: noTokens(), ...more }) as Message

const text = (said: string, end?: number): Part => ({
  ...owned,
  id: "prt_1",
  type: "text",
  text: said,
  time: { start: 1, ...(end === undefined ? {} : { end }) },
})

const delta = (piece: string) => ({ ...owned, partID: "prt_1", delta: piece })

test("each character of an answer is told once, however its pieces and wholes come", () => {
  const { projection, texts } = shown()
  projection.message(assistant())
  projection.part(text(""))
  projection.delta(delta("one "))
  projection.part(text("one two "))
  projection.part(text("one two "))
  projection.delta(delta("three"))
  projection.part(text("one two three four", 9))
  projection.part(text("one two three four", 9))
  expect(texts()).toEqual(["one ", "two ", "three", " four"])
})

test("half of a character is held back until its other half is there", () => {
  const { projection, texts } = shown()
  projection.message(assistant())
  projection.part(text(""))
  projection.delta(delta("a\ud83d"))
  projection.delta(delta("\ude42b"))
  projection.delta(delta("\ud83d"))
  projection.part(text("a🙂b🙂", 9))
  expect(texts().join("")).toBe("a🙂b🙂")
  expect(texts().every((piece) => piece.isWellFormed())).toBe(true)
})

test("the notes of a compaction are thoughts, and what a person wrote is told only with the history", async () => {
  const { projection, updates } = shown()
  projection.message(assistant({ summary: true }))
  projection.part(text("notes", 9))
  const info = { id: "msg_2", role: "user" } as Message
  projection.message(info)
  const own: Part = { id: "prt_2", sessionID: "ses_1", messageID: "msg_2", type: "text", text: "hello" }
  projection.part(own)
  const parts: Part[] = [own, { ...own, id: "prt_3", text: "for the model", synthetic: true }]
  await projection.retell(async () => ({ messages: [{ info, parts }], todos: [] }), {
    isAgain: false,
    isFollowed: true,
  })
  expect(updates).toEqual([
    { sessionUpdate: "agent_thought_chunk", messageId: "prt_1", content: { type: "text", text: "notes" } },
    { sessionUpdate: "user_message_chunk", messageId: "msg_2", content: { type: "text", text: "hello" } },
  ])
})

test("what is being written while all is told again is told once, however far it was read", async () => {
  const { projection, texts } = shown()
  projection.message(assistant())
  projection.part(text(""))
  projection.delta(delta("one "))
  const read = { messages: [{ info: assistant(), parts: [text("one two three ")] }], todos: [] }
  const retold = projection.retell(
    async () => {
      projection.delta(delta("two "))
      return read
    },
    { isAgain: true, isFollowed: true },
  )
  projection.delta(delta("three "))
  await retold
  projection.delta(delta("four"))
  expect(texts().slice(1).join("")).toBe("one two three four")
  projection.part(text("one two three four", 9))
  expect(texts()[0]).toBe("one ")
})

test("of an answer that was being written before it was followed, pieces that came after a gap are not told", async () => {
  const { projection, texts } = shown()
  const read = { messages: [{ info: assistant(), parts: [text("one ")] }], todos: [] }
  await projection.retell(async () => read, { isAgain: false, isFollowed: false })
  projection.delta(delta("three "))
  projection.part(text("one two three "))
  projection.delta(delta("four"))
  projection.part(text("one two three four", 9))
  expect(texts()).toEqual(["one ", "two three ", "four"])
})

test("a call begins once, goes on when it has something new, and ends once", () => {
  const { projection, updates } = shown()
  const call = (state: ToolPart["state"]): ToolPart => ({
    ...owned,
    id: "prt_9",
    type: "tool",
    callID: "call_1",
    tool: "bash",
    state,
  })
  const input = { command: "make" }
  const running = (output: string) => call({ status: "running", input, metadata: { output }, time: { start: 1 } })
  projection.message(assistant())
  projection.part(call({ status: "pending", input: {}, raw: "" }))
  projection.part(running(""))
  projection.part(running(""))
  projection.part(running("x".repeat(20_000)))
  const end = call({
    status: "completed",
    input,
    output: "all",
    title: "make",
    metadata: {},
    time: { start: 1, end: 2 },
  })
  projection.part(end)
  projection.part(running("late"))
  projection.part(end)
  expect(updates.map((update) => ("status" in update ? update.status : ""))).toEqual([
    "pending",
    "in_progress",
    "in_progress",
    "completed",
  ])
  // Of a command that is still running only what a person follows.
  expect(JSON.stringify(updates[2]).length).toBeLessThan(10_000)
})

test("who waits for a message is told when it is complete, also when it was before", async () => {
  const { projection } = shown()
  const waiting = projection.completed("msg_1")
  projection.message(assistant())
  projection.message(assistant({ time: { created: 1, completed: 2 } }))
  await waiting
  await projection.completed("msg_1")
})
