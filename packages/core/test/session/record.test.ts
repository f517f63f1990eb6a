import { readFileSync } from "node:fs"
import { setImmediate as nextRound } from "node:timers/promises"
import type { EventProperties, EventType } from "@opencode/protocol/event.ts"
import type { AssistantMessage } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import { says, streams } from "@opencode/testing/script.ts"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { world } from "@opencode/testing/world.ts"
import fc from "fast-check"
import { expect, test, vi } from "vitest"
import { createHost } from "../../src/lib/host.ts"
import { createOpenRecords } from "../../src/session/open-records.ts"
import { openRecord, type StepRecord } from "../../src/session/record.ts"
import { openStore, type Store } from "../../src/store/store.ts"

const SESSION = "ses_1"

interface Desk {
  store: Store
  /** Another connection to the same data, as another process has it. */
  elsewhere: Store
  /** Milliseconds, for the record's limits. */
  clock: { now: number; step: number }
  told: { type: EventType; properties: unknown }[]
  open(id: string): Promise<StepRecord>
  [Symbol.asyncDispose](): Promise<void>
}

async function desk({ isRealTime = false } = {}): Promise<Desk> {
  const folder = tempFolder()
  const host = createHost()
  const store = await openStore({ folder: folder.join("data"), host })
  const elsewhere = await openStore({ folder: folder.join("data"), host })
  const clock = { now: 0, step: 0 }
  const told: Desk["told"] = []
  const lease = await store.write((tx) => {
    store.sessions.insert(tx, {
      id: SESSION,
      slug: "s",
      projectID: "p",
      directory: "/",
      title: "t",
      version: "1",
      time: { created: 1, updated: 1 },
    })
    return store.leases.take(tx, { sessionID: SESSION, owner: { pid: process.pid }, now: 1 })
  })
  if ("heldBy" in lease) throw new Error("The lease of a new session is held.")
  const monotonic = isRealTime ? host.monotonic : () => (clock.now += clock.step)
  return {
    store,
    elsewhere,
    clock,
    told,
    async open(id) {
      const publish = <Type extends EventType>(type: Type, properties: EventProperties<Type>) =>
        void told.push({ type, properties })
      const record = await openRecord(messageOf(id), lease, { store, publish, host: { now: () => 1, monotonic } })
      if (!record) throw new Error("The record was not opened.")
      return record
    },
    async [Symbol.asyncDispose]() {
      await store.close()
      await elsewhere.close()
      folder[Symbol.dispose]()
    },
  }
}

const messageOf = (id: string): AssistantMessage => ({
  id,
  sessionID: SESSION,
  role: "assistant",
  parentID: "msg_0",
  time: { created: 1 },
  modelID: "m",
  providerID: "p",
  mode: "build",
  agent: "build",
  path: { cwd: "/", root: "/" },
  cost: 0,
  tokens: noTokens(),
})

const open = (messageID: string, id: string, type: "text" | "reasoning" = "text"): Part => ({
  id,
  sessionID: SESSION,
  messageID,
  type,
  text: "",
  time: { start: 1 },
})

/** What a client knows that follows the events and reads nothing. */
function follow(told: Desk["told"]): Record<string, string> {
  const texts = new Map<string, string>()
  for (const { type, properties } of told) {
    if (type === "message.part.updated") {
      const { part } = properties as EventProperties<"message.part.updated">
      if ("text" in part) texts.set(part.id, part.text)
    }
    if (type === "message.part.delta") {
      const { partID, delta } = properties as EventProperties<"message.part.delta">
      texts.set(partID, texts.get(partID) + delta)
    }
    if (type === "message.part.removed") texts.delete((properties as EventProperties<"message.part.removed">).partID)
  }
  return Object.fromEntries(texts)
}

const textsOf = (record: StepRecord): Record<string, string> =>
  Object.fromEntries(record.parts.flatMap((part) => ("text" in part ? [[part.id, part.text]] : [])))

type Move = { part: number; delta: string } | { end: number } | "commit" | "commit beside" | "discard" | "wait"
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ part: fc.nat(2), delta: fc.string({ maxLength: 6, unit: "binary" }) }) },
  fc.record({ end: fc.nat(2) }),
  fc.constantFrom("commit" as const, "commit beside" as const, "discard" as const, "wait" as const),
)

test("whatever the pieces and whatever happens between them, deltas add up to the text, for clients and in the store", async () => {
  await using d = await desk()
  let number = 0
  await fc.assert(
    fc.asyncProperty(fc.array(move, { maxLength: 60 }), fc.constantFrom(1, 40, 600), async (moves, step) => {
      const id = `msg_${++number}`
      d.clock.step = step
      d.told.length = 0
      const record = await d.open(id)
      const beside: Promise<void>[] = []
      let attempt = 0
      const idOf = (part: number): string => `prt_${number}_${attempt}_${part}`
      for (const now of moves) {
        if (now === "commit") await record.commit(() => {})
        else if (now === "commit beside") beside.push(record.commit(() => {}))
        else if (now === "wait") await nextRound()
        else if (now === "discard") {
          record.discard(0)
          attempt++
        } else if ("end" in now) {
          const part = record.parts.find((candidate) => candidate.id === idOf(now.end))
          if (part?.type === "text") record.put({ ...part, time: { start: 1, end: 2 } })
        } else {
          const partID = idOf(now.part)
          if (!record.parts.some((part) => part.id === partID)) record.put(open(id, partID))
          record.append(partID, now.delta)
        }
      }
      await record.complete({ time: { created: 1, completed: 2 } })
      await Promise.all(beside)
      expect(follow(d.told)).toEqual(textsOf(record))
      // SQLite keeps text as UTF-8: half a character does not survive, and nothing else is lost.
      const stored = d.elsewhere.messages.getWithParts(id)?.parts ?? []
      expect(stored.map((part) => part.id)).toEqual(record.parts.map((part) => part.id))
      expect(stored).toEqual(JSON.parse(JSON.stringify(record.parts)))
    }),
    { numRuns: 150 },
  )
})

test("clients hear of a stream about sixty times a second, however fast it comes", async () => {
  await using d = await desk({ isRealTime: true })
  const record = await d.open("msg_1")
  record.put(open("msg_1", "prt_1"))
  const begin = performance.now()
  for (let n = 0; performance.now() - begin < 500; n++) {
    record.append("prt_1", `${n} `)
    await nextRound()
  }
  const seconds = (performance.now() - begin) / 1_000
  await record.complete({})
  const deltas = d.told.filter(({ type }) => type === "message.part.delta")
  expect(deltas.length).toBeLessThanOrEqual(Math.ceil(63 * seconds) + 2)
  expect(deltas.length).toBeGreaterThan(5)
  expect(follow(d.told)).toEqual(textsOf(record))
})

test("the last piece before a pause is told without another one coming", async () => {
  await using d = await desk({ isRealTime: true })
  const record = await d.open("msg_1")
  record.put(open("msg_1", "prt_1"))
  record.append("prt_1", "one ")
  record.append("prt_1", "two")
  await expect.poll(() => follow(d.told)).toEqual({ prt_1: "one two" })
})

test("an answer under way is on disk half a second behind, and reads here show all of it", async () => {
  const text = "a word and ".repeat(600)
  await using w = await world({ model: () => says(text, { chunkSize: 30, delayMs: 10 }) })
  const elsewhere = await openStore({ folder: w.home.folders.data, host: createHost() })
  const { id } = await w.session()
  const turn = w.prompt("go")
  const answerIn = (store: Store): Part | undefined =>
    store.messages.list(id)[1]?.parts.find((part) => part.type === "text")

  await vi.waitFor(() => expect(answerIn(elsewhere)).toMatchObject({ text: expect.stringMatching(/^a word/) }), 2_000)
  const stored = answerIn(elsewhere)
  const [, answer] = await w.transcript()
  const shown = answer?.parts.find((part) => part.type === "text")
  const opened = w.engine.sessions.openParts()
  if (stored?.type !== "text" || shown?.type !== "text") throw new Error("There is no text.")
  expect(text.startsWith(shown.text)).toBe(true)
  expect(shown.text.startsWith(stored.text)).toBe(true)
  expect(opened).toEqual([shown])
  expect(await w.engine.sessions.message(id, answer?.info.id ?? "")).toEqual(answer)

  // It goes on growing on disk while it streams.
  await vi.waitFor(() => {
    const later = answerIn(elsewhere)
    expect(later?.type === "text" && later.text.length).toBeGreaterThan(stored.text.length)
  }, 2_000)
  const end = await turn
  expect(w.engine.sessions.openParts()).toEqual([])
  expect(answerIn(elsewhere)).toEqual(end.parts.find((part) => part.type === "text"))
  expect(answerIn(elsewhere)).toMatchObject({ text })
  await elsewhere.close()
})

test("reads lay the open record over the stored one, and over no other session's", async () => {
  await using d = await desk()
  const records = createOpenRecords()
  const record = await d.open("msg_1")
  records.add(record)
  record.put(open("msg_1", "prt_1"))
  record.append("prt_1", "so far")
  const stored = d.store.messages.list(SESSION)
  expect(stored[0]?.parts).toEqual([])
  expect(stored.map(records.shown)[0]?.parts).toMatchObject([{ text: "so far" }])
  const elsewhere = stored.map(({ info, parts }) => ({ info: { ...info, sessionID: "ses_2" }, parts }))
  expect(elsewhere.map(records.shown)).toEqual(elsewhere)
  expect(records.openParts()).toMatchObject([{ id: "prt_1", text: "so far" }])
  records.remove(record)
  expect(stored.map(records.shown)).toEqual(stored)
  expect(records.openParts()).toEqual([])
})

/** Bytes this process has given to write calls; undefined where the system does not tell. */
function written(): number | undefined {
  try {
    return Number(/^wchar: (\d+)/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1])
  } catch {
    return undefined
  }
}

test.runIf(written() !== undefined).each([
  ["1 MB in ten seconds", 1_000_000, 20],
  ["1 MB at once", 1_000_000, 1],
  ["30 KB in half a minute", 30_000, 60],
])("storing a stream of %s writes less than three times as much and 64 KB", async (_, size, checkpoints) => {
  await using d = await desk()
  const record = await d.open("msg_1")
  record.put(open("msg_1", "prt_1"))
  const before = written() ?? 0
  for (let n = 0; n < checkpoints; n++) {
    d.clock.now += 501
    record.append("prt_1", "x".repeat(size / checkpoints))
    await d.store.write(() => {}, { durability: "process" })
  }
  record.put({ ...(record.parts[0] as Part & { type: "text" }), time: { start: 1, end: 2 } })
  await record.complete({ time: { created: 1, completed: 2 } })
  const bytes = (written() ?? 0) - before
  expect(d.elsewhere.parts.get("prt_1")).toMatchObject({ text: "x".repeat(size) })
  expect(bytes).toBeLessThan(3 * size + 64 * 1024)
})

test("five thousand deltas reach the record without being stored one by one", async () => {
  const before = { commits: 0 }
  await using w = await world({ model: () => streams(5_000), beforeCommit: () => void before.commits++ })
  await w.session()
  before.commits = 0
  const answer = await w.prompt("go")
  expect(answer.parts.find((part) => part.type === "text")).toMatchObject({ text: "word ".repeat(5_000) })
  // The lease, the prompt, the answer's row, its end, the end of the turn; and two checkpoints a second.
  expect(before.commits).toBeLessThan(15)
})
