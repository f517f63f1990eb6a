import type { Event } from "@opencode/protocol/event.ts"
import type { Part } from "@opencode/protocol/part.ts"
import { expect, test } from "vitest"
import { createBus, type Bus, type Frame } from "../../src/bus/bus.ts"
import { createHost } from "../../src/lib/host.ts"

const HERE = { directory: "/here", projectID: "p" }
const THERE = { directory: "/there", projectID: "q" }

const idle = (sessionID: string): Event => ({ type: "session.idle", properties: { sessionID } })
const delta = (text: string): Event => ({
  type: "message.part.delta",
  properties: { sessionID: "ses_1", messageID: "msg_1", partID: "prt_1", field: "text", delta: text },
})
const partUpdated = (part: Partial<Part> & { type: Part["type"] }): Event =>
  ({
    type: "message.part.updated",
    properties: {
      sessionID: "ses_1",
      time: 1,
      part: { id: "prt_1", sessionID: "ses_1", messageID: "msg_1", ...part } as Part,
    },
  }) as Event

const nameOf = (frame: Frame): string => (frame.properties as { sessionID: string }).sessionID

function listen(bus: Bus, filter: Parameters<Bus["subscribe"]>[0] = {}) {
  const frames: Frame[] = []
  const subscription = bus.subscribe(filter, (frame) => void frames.push(frame))
  return { frames, ...subscription, names: () => frames.map(nameOf) }
}

test("numbered frames count up by one within an epoch, whatever the workspace; flow frames have no number", () => {
  const bus = createBus(createHost())
  const all = listen(bus)
  bus.publish(HERE, idle("a"))
  bus.publish(HERE, delta("x"))
  bus.publish(THERE, idle("b"))
  bus.publish(undefined, idle("c"))
  expect(all.frames.map((frame) => frame.number)).toEqual([
    `${bus.epoch}-1`,
    undefined,
    `${bus.epoch}-2`,
    `${bus.epoch}-3`,
  ])
  expect(new Set(all.frames.map((frame) => frame.id)).size).toBe(4)
})

test("an epoch is of one start: its numbers mean nothing in another", () => {
  const old = createBus(createHost())
  const bus = createBus(createHost())
  expect(old.epoch).not.toBe(bus.epoch)
  bus.publish(HERE, idle("a"))
  const again = listen(bus, { after: `${old.epoch}-0` })
  expect(again.resumed).toBe(false)
  expect(again.frames).toEqual([])
})

test.each(["", "7", "-", "-1", "nonsense-", "x-1", "-0", "%s-x", "%s-1.5", "%s--1", "%s-1e999"])(
  "a client that says %j is told to read everything again",
  (after) => {
    const bus = createBus(createHost())
    bus.publish(HERE, idle("a"))
    expect(listen(bus, { after: after.replace("%s", bus.epoch) })).toMatchObject({ resumed: false, frames: [] })
  },
)

test("a number that was never given cannot be resumed", () => {
  const bus = createBus(createHost())
  bus.publish(HERE, idle("a"))
  expect(listen(bus, { after: `${bus.epoch}-2` }).resumed).toBe(false)
  expect(listen(bus, { after: `${bus.epoch}-` }).resumed).toBe(false)
})

test("a client that comes back gets what it missed, in order, once, and then what follows", () => {
  const bus = createBus(createHost())
  for (const name of ["a", "b", "c", "d"]) bus.publish(name === "c" ? THERE : HERE, idle(name))
  bus.publish(HERE, delta("not kept"))

  const everything = listen(bus, { after: `${bus.epoch}-1` })
  const here = listen(bus, { after: `${bus.epoch}-1`, directory: HERE.directory })
  const latest = listen(bus, { after: `${bus.epoch}-4` })
  bus.publish(HERE, idle("e"))
  expect(everything).toMatchObject({ resumed: true })
  expect(everything.names()).toEqual(["b", "c", "d", "e"])
  expect(here.names()).toEqual(["b", "d", "e"])
  expect(latest).toMatchObject({ resumed: true })
  expect(latest.names()).toEqual(["e"])
})

test("a subscription gets its own workspace's frames", () => {
  const bus = createBus(createHost())
  const here = listen(bus, { directory: HERE.directory })
  bus.publish(HERE, idle("a"))
  bus.publish(THERE, idle("b"))
  bus.publish(undefined, idle("c"))
  expect(here.names()).toEqual(["a"])
  expect(here.resumed).toBe(false)
})

test("a ring keeps the newest thousand frames of each workspace by itself", () => {
  const bus = createBus(createHost())
  bus.publish(THERE, idle("kept"))
  for (let n = 2; n <= 1_001; n++) bus.publish(HERE, idle(`s${n}`))
  expect(listen(bus, { after: `${bus.epoch}-1`, directory: HERE.directory }).resumed).toBe(true)

  bus.publish(HERE, idle("s1002"))
  const lost = listen(bus, { after: `${bus.epoch}-1`, directory: HERE.directory })
  expect(lost).toMatchObject({ resumed: false, frames: [] })
  expect(listen(bus, { after: `${bus.epoch}-2`, directory: HERE.directory }).frames).toHaveLength(1_000)
  expect(listen(bus, { after: `${bus.epoch}-0`, directory: THERE.directory }).names()).toEqual(["kept"])
  expect(listen(bus, { after: `${bus.epoch}-1` }).resumed).toBe(false)
})

const LARGE = "x".repeat(300_000)
const file = {
  type: "file" as const,
  mime: "image/png",
  url: LARGE,
  id: "prt_f",
  sessionID: "ses_1",
  messageID: "msg_1",
}

test.each([
  ["text", { type: "text", text: LARGE }],
  ["a file", file],
  [
    "output",
    {
      type: "tool",
      state: { status: "completed", input: {}, output: LARGE, title: "", metadata: {}, time: { start: 1, end: 2 } },
    },
  ],
  [
    "attachments",
    {
      type: "tool",
      state: {
        status: "completed",
        input: {},
        output: "",
        title: "",
        metadata: {},
        time: { start: 1, end: 2 },
        attachments: [file],
      },
    },
  ],
  [
    "what a running call shows",
    { type: "tool", state: { status: "running", input: {}, metadata: { output: LARGE }, time: { start: 1 } } },
  ],
  [
    "what a call was given",
    { type: "tool", state: { status: "running", input: { content: LARGE }, time: { start: 1 } } },
  ],
  ["an error", { type: "tool", state: { status: "error", input: {}, error: LARGE, time: { start: 1, end: 2 } } }],
] as [string, Partial<Part> & { type: Part["type"] }][])("a ring does not fill the memory with %s", (_, part) => {
  const bus = createBus(createHost())
  for (let n = 1; n <= 20; n++) bus.publish(HERE, partUpdated(part))
  expect(listen(bus, { after: `${bus.epoch}-19` })).toMatchObject({ resumed: true })
  expect(listen(bus, { after: `${bus.epoch}-12` })).toMatchObject({ resumed: false, frames: [] })
})

test("a closed subscription gets nothing, even when it closes while a frame goes round", () => {
  const bus = createBus(createHost())
  const got: string[] = []
  const first = bus.subscribe({}, () => {
    got.push("first")
    second.close()
    first.close()
  })
  const second = bus.subscribe({}, () => void got.push("second"))
  bus.publish(HERE, idle("a"))
  bus.publish(HERE, idle("b"))
  expect(got).toEqual(["first"])
  expect(bus.subscribers()).toBe(0)
  first.close()
  expect(bus.subscribers()).toBe(0)
})

test("who subscribes while a frame goes round gets each frame once", () => {
  const bus = createBus(createHost())
  const late: string[] = []
  const early = bus.subscribe({}, (frame) => {
    early.close()
    bus.subscribe({ after: `${bus.epoch}-0` }, (replayed) => void late.push(nameOf(replayed)))
    expect(nameOf(frame)).toBe("a")
  })
  bus.publish(HERE, idle("a"))
  bus.publish(HERE, idle("b"))
  expect(late).toEqual(["a", "b"])
})

test("a frame's JSON is made once and says what was published", () => {
  const bus = createBus(createHost())
  const { frames } = listen(bus)
  bus.publish(HERE, idle("a"))
  const [frame] = frames
  expect(JSON.parse(frame?.json() ?? "")).toEqual({
    id: frame?.id,
    type: "session.idle",
    properties: { sessionID: "a" },
  })
  expect(frame?.json()).toBe(frame?.json())
})

test("a workspace that is forgotten cannot be resumed, and others can", () => {
  const bus = createBus(createHost())
  bus.publish(HERE, idle("a"))
  bus.publish(THERE, idle("b"))
  bus.forget(HERE.directory)
  expect(listen(bus, { after: `${bus.epoch}-0`, directory: HERE.directory }).resumed).toBe(false)
  expect(listen(bus, { after: `${bus.epoch}-0`, directory: THERE.directory }).resumed).toBe(true)
  bus.publish(HERE, idle("c"))
  expect(listen(bus, { after: `${bus.epoch}-2`, directory: HERE.directory }).names()).toEqual(["c"])
})
