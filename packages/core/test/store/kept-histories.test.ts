import type { MessageWithParts } from "@opencode/protocol/message.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import type { Store } from "../../src/store/store.ts"
import { assistantMessage, session, temporaryFolder, textPart, toolPart, userMessage } from "./world.ts"

/** Long enough to be kept. */
const MESSAGES = 70

async function fill(store: Store, sessionID: string, count = MESSAGES): Promise<void> {
  await store.write((tx) => {
    for (let n = 0; n < count; n++) {
      const message = assistantMessage(`${sessionID}_${n}`, sessionID, "msg_q")
      store.messages.put(tx, message)
      store.parts.put(tx, textPart(`${sessionID}_${n}`, message, `text ${n}`))
    }
  })
}

/** What the rows say: the pages of a history are never kept. */
function read(store: Store, sessionID: string): MessageWithParts[] {
  return store.messages.list(sessionID, { limit: Number.MAX_SAFE_INTEGER })
}

const same = (message: MessageWithParts): MessageWithParts => message

const json = (store: Store, sessionID: string, shown = same): unknown =>
  JSON.parse(Buffer.from(store.messages.listJson(sessionID, shown)).toString())

const act = fc.record({
  what: fc.constantFrom("message", "change", "part", "tail", "drop part", "drop message", "all", "fail", "elsewhere"),
  at: fc.nat(MESSAGES - 1),
  text: fc.string(),
})

test("whatever is written, by whom, and in a write that fails: a long history reads as its rows are", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  const other = await folder.open()
  let made = 0
  await fc.assert(
    fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 25 }), async (acts) => {
      const id = `ses_${++made}`
      await store.write((tx) => store.sessions.insert(tx, session(String(made))))
      await fill(store, id)
      expect(store.messages.list(id)).toEqual(read(store, id))
      for (const [index, { what, at, text }] of acts.entries()) {
        const writer = what === "elsewhere" ? other : store
        const message = assistantMessage(`${id}_${at}`, id, "msg_q")
        const part = `prt_${id}_${at}`
        const isThere = writer.parts.get(part) !== undefined
        const write = writer.write((tx) => {
          const { messages, parts } = writer
          if (what === "message") messages.put(tx, userMessage(`${id}_new_${index}`, id))
          if (what === "drop message") messages.remove(tx, message.id)
          if (what === "drop part") parts.remove(tx, part)
          if (what === "tail" && isThere) parts.appendTail(tx, part, text)
          if (messages.get(message.id)) {
            if (what === "change" || what === "fail") messages.put(tx, { ...message, cost: index })
            if (what === "part" || what === "elsewhere")
              parts.put(tx, toolPart(`${id}_${at}_${index % 3}`, message, text))
          }
          if (what === "all") for (const { info } of read(writer, id).slice(at)) messages.remove(tx, info.id)
          // A read inside a write sees what may be rolled back; nobody else ever does.
          if (what === "fail" && messages.list(id).length >= 0) throw new Error("failed")
        })
        await (what === "fail" ? expect(write).rejects.toThrow("failed") : write)
        if (index % 3 !== 0) expect(store.messages.list(id)).toEqual(read(store, id))
        // Some of the messages are being written at that moment, and are shown as they will be.
        if (index % 2 !== 0) {
          const shown = (one: MessageWithParts) => (one.info.id.endsWith(String(at)) ? { ...one, parts: [] } : one)
          expect(json(store, id, shown)).toEqual(read(store, id).map(shown))
        }
        if (index % 5 !== 0) expect(json(store, id)).toEqual(read(store, id))
      }
      expect(store.messages.list(id)).toEqual(read(store, id))
      expect(json(store, id)).toEqual(read(store, id))
    }),
    { numRuns: 30 },
  )
})

test("a long history is parsed once, and after a change only what changed", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  await store.write((tx) => store.sessions.insert(tx, session("a")))
  await fill(store, "ses_a")
  const first = store.messages.list("ses_a")
  await store.write((tx) => store.messages.put(tx, userMessage("new", "ses_a")))
  const second = store.messages.list("ses_a")
  expect(second).toHaveLength(MESSAGES + 1)
  expect(second.filter((message, index) => message === first[index])).toHaveLength(MESSAGES)
})

test("a short history is not kept, and of long ones only as many as there is room for", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  const names = ["short", "a", "b", "c"]
  await store.write((tx) => names.forEach((name) => store.sessions.insert(tx, session(name))))
  await fill(store, "ses_short", 10)
  expect(store.messages.list("ses_short")[0]).not.toBe(store.messages.list("ses_short")[0])

  for (const name of ["a", "b", "c"]) {
    await fill(store, `ses_${name}`)
    // Half of what is kept in all.
    const message = assistantMessage(`ses_${name}_0`, `ses_${name}`, "msg_q")
    await store.write((tx) => store.parts.put(tx, textPart(`${name}_large`, message, "x".repeat(5_500_000))))
  }
  const [a] = store.messages.list("ses_a")
  const [b] = store.messages.list("ses_b")
  expect(store.messages.list("ses_a")[0]).toBe(a)
  const [c] = store.messages.list("ses_c")
  expect(store.messages.list("ses_a")[0]).toBe(a)
  expect(store.messages.list("ses_c")[0]).toBe(c)
  expect(store.messages.list("ses_b")[0]).not.toBe(b)
})

test("the JSON of a long history is the same bytes until something changes", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  await store.write((tx) => store.sessions.insert(tx, session("a")))
  await fill(store, "ses_a")
  const first = store.messages.listJson("ses_a", same)
  expect(store.messages.listJson("ses_a", same)).toBe(first)
  const [message] = store.messages.list("ses_a")
  const written = store.messages.listJson("ses_a", (one) => (one === message ? { ...one, parts: [] } : one))
  expect(JSON.parse(Buffer.from(written).toString())).toMatchObject([{ parts: [] }, ...read(store, "ses_a").slice(1)])
  expect(store.messages.listJson("ses_a", same)).toBe(first)
  await store.write((tx) => store.messages.put(tx, userMessage("new", "ses_a")))
  expect(json(store, "ses_a")).toEqual(read(store, "ses_a"))
})

test("the JSON that is kept takes the place of histories that nobody asked for since", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  for (const name of ["a", "b"]) {
    await store.write((tx) => store.sessions.insert(tx, session(name)))
    await fill(store, `ses_${name}`)
    const message = assistantMessage(`ses_${name}_0`, `ses_${name}`, "msg_q")
    await store.write((tx) => store.parts.put(tx, textPart(`${name}_large`, message, "x".repeat(4_000_000))))
  }
  const [a] = store.messages.list("ses_a")
  const [b] = store.messages.list("ses_b")
  expect(store.messages.list("ses_a")[0]).toBe(a)
  store.messages.listJson("ses_b", same)
  expect(store.messages.list("ses_b")[0]).toBe(b)
  expect(store.messages.list("ses_a")[0]).not.toBe(a)
})

test("a history that has room only without its JSON stays, and its JSON is true", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  await store.write((tx) => store.sessions.insert(tx, session("a")))
  await fill(store, "ses_a")
  await store.write((tx) => {
    for (const name of ["one", "two"]) {
      const message = assistantMessage(`ses_a_${name}`, "ses_a", "msg_q")
      store.messages.put(tx, message)
      store.parts.put(tx, textPart(name, message, "x".repeat(4_000_000)))
    }
  })
  const [first] = store.messages.list("ses_a")
  for (let round = 0; round < 3; round++) {
    expect(json(store, "ses_a")).toEqual(read(store, "ses_a"))
    expect(store.messages.list("ses_a")[0]).toBe(first)
  }
  // Without the large ones there is room for all of it.
  await store.write((tx) => store.messages.remove(tx, "msg_ses_a_two"))
  expect(json(store, "ses_a")).toEqual(read(store, "ses_a"))
  expect(store.messages.listJson("ses_a", same)).toBe(store.messages.listJson("ses_a", same))
})

test("bytes that are given out no more count as long as they are there", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  /** A history that was given out with a large message in it, and then read without. */
  const shrunk = async (name: string) => {
    await store.write((tx) => store.sessions.insert(tx, session(name)))
    await fill(store, `ses_${name}`)
    const large = assistantMessage(`ses_${name}_large`, `ses_${name}`, "msg_q")
    await store.write((tx) => {
      store.messages.put(tx, large)
      store.parts.put(tx, textPart(`${name}_large`, large, "x".repeat(4_200_000)))
    })
    store.messages.listJson(`ses_${name}`, same)
    await store.write((tx) => store.messages.remove(tx, large.id))
    return store.messages.list(`ses_${name}`)[0]
  }
  const a = await shrunk("a")
  expect(store.messages.list("ses_a")[0]).toBe(a)
  await shrunk("b")
  expect(store.messages.list("ses_a")[0]).not.toBe(a)
  const c = await shrunk("c")
  // Now it is made anew, and the large bytes are gone.
  expect(json(store, "ses_c")).toEqual(read(store, "ses_c"))
  await shrunk("d")
  expect(store.messages.list("ses_c")[0]).toBe(c)
})
