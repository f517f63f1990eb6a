import type { Frame } from "@opencode/core/bus/bus.ts"
import { createBus } from "@opencode/core/bus/bus.ts"
import { createHost } from "@opencode/core/lib/host.ts"
import type { Event } from "@opencode/protocol/event.ts"
import type { UserMessage } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import { createFollower } from "@opencode/testing/follower.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { createFrameQueue } from "../src/queue.ts"

const SCOPE = { directory: "/here", projectID: "p" }
const owned = (id: number) => ({ id: `prt_${id}`, sessionID: "ses_1", messageID: "msg_1" })
const textPart = (id: number, text: string): Part => ({ ...owned(id), type: "text", text, time: { start: 1 } })
const toolPart = (id: number, output: string): Part => ({
  ...owned(id),
  type: "tool",
  callID: `call_${id}`,
  tool: "bash",
  state: { status: "running", input: {}, time: { start: 1 }, metadata: { output } },
})
const updated = (part: Part): Event => ({
  type: "message.part.updated",
  properties: { sessionID: "ses_1", part, time: 1 },
})
const session = (id: string, title: string): Event => ({
  type: "session.updated",
  properties: {
    sessionID: id,
    info: {
      id,
      slug: id,
      projectID: "p",
      directory: "/here",
      title,
      version: "1",
      time: { created: 1, updated: 1 },
    },
  },
})

const prompted: UserMessage = {
  id: "msg_1",
  sessionID: "ses_1",
  role: "user",
  time: { created: 1 },
  agent: "build",
  model: { providerID: "p", modelID: "m" },
}

/** Frames as the bus makes them, and what a queue makes of them. */
function queued() {
  const bus = createBus(createHost())
  const sent: { number?: string; type: string; properties: unknown }[] = []
  const queue = createFrameQueue((_, json, number) => {
    sent.push({ ...(number === undefined ? {} : { number }), ...JSON.parse(json) })
    return json
  })
  const frames: Frame[] = []
  bus.subscribe({}, (frame) => void frames.push(frame))
  return {
    sent,
    frames,
    push(event: Event): boolean {
      bus.publish(SCOPE, event)
      return queue.push(frames.at(-1)!)
    },
    /** @returns the characters that were waiting */
    drain(): number {
      let characters = 0
      for (let text = queue.take(); text; text = queue.take()) characters += text.length
      return characters
    },
    take: queue.take,
  }
}

const happening = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant("delta" as const), id: fc.nat(2) }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constantFrom("text" as const, "tool" as const), id: fc.nat(2) }) },
  {
    weight: 3,
    arbitrary: fc.record({ what: fc.constantFrom("session", "busy", "todo", "take", "take") as never, id: fc.nat(1) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constantFrom("idle", "removed", "ask", "deleted", "many") as never,
      id: fc.nat(2),
    }),
  },
) as fc.Arbitrary<{ what: string; id: number }>

/** Enough to be under pressure at once. */
const LARGE = "x".repeat(70_000)

test("a client that reads late knows at every end what one knows that heard everything", () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), (happenings) => {
      const { push, take, sent, frames, drain } = queued()
      const texts = ["", "", ""]
      push(session("ses_1", "here"))
      push({ type: "message.updated", properties: { sessionID: "ses_1", info: prompted } })
      push({ type: "file.edited", properties: { file: LARGE } })
      for (const [n, { what, id }] of happenings.entries()) {
        if (what === "take") take()
        if (what === "delta") {
          texts[id] += `${n} `
          const { id: partID, ...of } = owned(id)
          push({ type: "message.part.delta", properties: { ...of, partID, field: "text", delta: `${n} ` } })
        }
        if (what === "text") push(updated(textPart(id, texts[id]!)))
        if (what === "tool") push(updated(toolPart(id + 10, String(n))))
        if (what === "session") push(session(`ses_${id}`, String(n)))
        if (what === "busy")
          push({ type: "session.status", properties: { sessionID: `ses_${id}`, status: { type: "busy" } } })
        if (what === "idle") push({ type: "session.idle", properties: { sessionID: `ses_${id}` } })
        if (what === "todo") {
          const todos = [{ content: String(n), status: "pending" as const, priority: "low" as const }]
          push({ type: "todo.updated", properties: { sessionID: `ses_${id}`, todos } })
        }
        if (what === "removed")
          push({
            type: "message.part.removed",
            properties: { sessionID: "ses_1", messageID: "msg_1", partID: `prt_${id}` },
          })
        if (what === "deleted") push({ ...session("ses_0", ""), type: "session.deleted" } as Event)
        if (what === "ask")
          push({
            type: "permission.asked",
            properties: { id: `per_${n}`, sessionID: "ses_1", permission: "x", patterns: [], metadata: {}, always: [] },
          })
        if (what === "many") push({ type: "file.edited", properties: { file: LARGE } })
      }
      drain()

      const [prompt, late] = [createFollower(), createFollower()]
      for (const frame of frames) prompt.hear(frame)
      for (const frame of sent) late.hear(frame)
      expect(prompt.known().messages.ses_1).toHaveLength(1)
      expect(late.known()).toEqual(prompt.known())
      const never = ["session.idle", "permission.asked", "message.part.removed", "session.deleted", "file.edited"]
      const kept = (list: { type: string; properties: unknown }[]) =>
        list.filter(({ type }) => never.includes(type)).map(({ type, properties }) => ({ type, properties }))
      expect(kept(sent)).toEqual(kept(frames))
    }),
    { numRuns: 400 },
  )
})

test("numbers only grow, so that a client that loses its connection anywhere asks for all that it has not seen", () => {
  const { push, sent, drain } = queued()
  push({ type: "file.edited", properties: { file: LARGE } })
  push(updated(toolPart(1, "old")))
  push(session("ses_1", "between"))
  push(updated(toolPart(1, "new")))
  push({ type: "session.idle", properties: { sessionID: "ses_1" } })
  drain()
  const numbers = sent.map(({ number }) => Number(number?.split("-")[1]))
  expect(numbers).toEqual([1, 2, 3, 5])
  expect(JSON.stringify(sent[1])).toContain("new")
})

test("two gigabytes of output that nobody reads wait as their last state", () => {
  const { push, drain } = queued()
  const output = "o".repeat(100_000)
  for (let n = 0; n < 20_000; n++) expect(push(updated(toolPart(n % 3, output)))).toBe(true)
  expect(drain()).toBeLessThan(500_000)
})

test("a frame larger than all that may wait does not cut off a client that had no time to take it", () => {
  const { push, drain } = queued()
  const huge = updated(textPart(1, "h".repeat(6_000_000)))
  expect(push(huge)).toBe(true)
  expect(push(session("ses_1", "a"))).toBe(true)
  expect(push(updated(textPart(2, "h".repeat(6_000_000))))).toBe(true)
  expect(push(session("ses_2", "b"))).toBe(false)
  drain()
  expect(push(huge)).toBe(true)
})

test("a long answer that nobody reads waits once", () => {
  const { push, drain, sent } = queued()
  push({ type: "file.edited", properties: { file: LARGE } })
  const { id: partID, ...of } = owned(1)
  let text = ""
  for (let n = 0; n < 1_000; n++) {
    const delta = `${n} `.repeat(200)
    text += delta
    push({ type: "message.part.delta", properties: { ...of, partID, field: "text", delta } })
    push(updated(textPart(2, String(n))))
  }
  push(updated(textPart(1, text)))
  expect(drain()).toBeLessThan(LARGE.length + 2 * text.length + 10_000)
  expect(sent.filter(({ type }) => type === "message.part.delta")).toHaveLength(1)
})
