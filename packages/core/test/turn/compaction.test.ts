import type { Config } from "@opencode/protocol/config.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { HeardRequest } from "@opencode/testing/model-server.ts"
import { calls, fails, lines, overflows, says, stalls, type Reply } from "@opencode/testing/script.ts"
import { world, type World, type WorldOptions } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

const NOTES = "## Goal\nFind out what happens.\n## Next\nGo on."
/** About 3,000 tokens. */
const LONG = "a long line of an answer that fills the window\n".repeat(256)

/** Tokens as a provider would count them: a quarter of the body. */
const counted = ({ bytes }: HeardRequest) => ({ input: Math.ceil(bytes / 4), output: 50 })
const isForNotes = ({ messages }: HeardRequest): boolean =>
  messages.some(({ text }) => text.startsWith("Here is the conversation so far:"))
const forNotes = (w: World): HeardRequest[] => w.model.requests.filter(isForNotes)

interface Small {
  context?: number
  notes?: Reply | (() => Reply)
  answer?: (request: HeardRequest, prompts: number) => Reply
  compaction?: Config["compaction"]
}

/** A model with a small window, which answers at length. The prompts and tools alone take about 6,000 tokens. */
function smallWorld(small: Small = {}, more: WorldOptions = {}): Promise<World> {
  const { context = 24_000, notes = says(NOTES), compaction } = small
  const answer = small.answer ?? ((request) => says(LONG, { usage: counted(request), chunkSize: 4_000 }))
  return world({
    permission: "allow",
    ...more,
    models: { large: { limit: { context, output: 4_000 } } },
    config: { ...more.config, ...(compaction ? { compaction } : {}) },
    model: (request) =>
      isForNotes(request) ? (typeof notes === "function" ? notes() : notes) : answer(request, request.number),
  })
}

const kinds = (messages: MessageWithParts[]): string[] =>
  messages.map(({ info, parts }) =>
    info.role === "user"
      ? parts.some(({ type }) => type === "compaction")
        ? "compaction"
        : "prompt"
      : info.summary
        ? info.error
          ? "failed notes"
          : "notes"
        : info.error
          ? info.error.name
          : "answer",
  )

const textOf = (message: MessageWithParts | undefined): string =>
  message?.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join("") ?? ""

/** Prompts until notes were asked for, at most so often. */
async function untilCompacted(w: World, most = 12): Promise<MessageWithParts> {
  for (let n = 1; n <= most; n++) {
    const answer = await w.prompt(`question ${n}`)
    if (forNotes(w).length) return answer
  }
  throw new Error("Nothing was compacted.")
}

test("a conversation that nears the window is compacted before the provider refuses it, and the prompt is answered", async () => {
  await using w = await smallWorld()
  const answer = await untilCompacted(w)
  expect(answer.info).toMatchObject({ finish: "stop", agent: "build" })

  const messages = await w.transcript()
  expect(kinds(messages).slice(-4)).toEqual(["prompt", "compaction", "notes", "answer"])
  const [prompt, question, notes, last] = messages.slice(-4)
  expect(question?.parts).toMatchObject([{ type: "compaction", auto: true, tail_start_id: expect.any(String) }])
  expect(notes?.info).toMatchObject({ agent: "compaction", mode: "compaction", summary: true, finish: "stop" })
  expect(notes?.info).toMatchObject({ parentID: question?.info.id, cost: expect.any(Number) })
  expect(textOf(notes)).toBe(NOTES)
  expect(last?.info).toMatchObject({ parentID: prompt?.info.id })
  await w.happened("session.compacted")

  const [asked] = forNotes(w)
  expect(asked?.tools).toEqual([])
  expect(asked?.messages).toHaveLength(1)
  expect(asked?.messages[0]?.text).toContain("question 1")
  const next = w.model.requests.at(-1)
  expect(next?.messages[0]?.text).toContain(NOTES)
  expect(next?.messages.at(-1)?.text).toBe(textOf(prompt))
  expect(next?.messages.some(({ text }) => text === "question 1")).toBe(false)
  // All of it is still there to be read.
  expect(messages.filter(({ parts }) => parts.some((part) => part.type === "text" && part.text === LONG)).length).toBe(
    w.model.requests.length - 1,
  )
})

test("the session says that it is being compacted as long as it is", async () => {
  await using w = await smallWorld()
  await untilCompacted(w)
  const { id } = await w.session()
  const told = w.events.flatMap(({ type, properties }) =>
    type === "session.updated"
      ? [(properties as { info: { time: { compacting?: number } } }).info.time.compacting]
      : [],
  )
  expect(told.some((compacting) => compacting !== undefined)).toBe(true)
  expect(told.at(-1)).toBeUndefined()
  expect(w.engine.sessions.get(id).time).not.toHaveProperty("compacting")
})

test("a request that the provider refuses for its length is compacted and sent again, as if it had not been", async () => {
  let hasRefused = false
  await using w = await smallWorld({
    context: 0,
    answer(request) {
      if (hasRefused || request.messages.length < 5) return says(LONG, { chunkSize: 4_000 })
      hasRefused = true
      return overflows()
    },
  })
  await w.prompt("one")
  await w.prompt("two")
  expect((await w.prompt("three")).info).toMatchObject({ finish: "stop" })
  const messages = await w.transcript()
  expect(kinds(messages)).toEqual(["prompt", "answer", "prompt", "answer", "prompt", "compaction", "notes", "answer"])
  expect(messages[5]?.parts).toMatchObject([{ type: "compaction", auto: true, overflow: true }])
  expect(w.model.requests.at(-1)?.messages.at(-1)?.text).toBe("three")
  expect(w.events.map(({ type }) => type)).not.toContain("session.error")
  expect(w.engine.sessions.openParts()).toEqual([])
})

test("a provider that refuses the compacted conversation too ends the turn with a named error", async () => {
  await using w = await smallWorld({
    context: 0,
    answer: ({ messages }) =>
      messages.length < 5 && !messages[0]?.text.includes(NOTES) ? says(LONG, { chunkSize: 4_000 }) : overflows(),
  })
  await w.prompt("one")
  await w.prompt("two")
  const answer = await w.prompt("three")
  expect(answer.info).toMatchObject({
    error: {
      name: "ContextOverflowError",
      data: { message: expect.stringContaining("compacted in this turn already") },
    },
  })
  expect(forNotes(w)).toHaveLength(1)
  expect(kinds(await w.transcript()).slice(-4)).toEqual(["prompt", "compaction", "notes", "ContextOverflowError"])
})

test.each([
  ["the setting", { compaction: { auto: false } }, {}],
  ["the variable", {}, { OPENCODE_DISABLE_AUTOCOMPACT: "1" }],
] as [string, Small, Record<string, string>][])(
  "%s that switches compaction off does so for a refusal too",
  async (_, small, env) => {
    await using w = await smallWorld(
      {
        ...small,
        answer: (request) =>
          request.number < 7 ? says(LONG, { usage: counted(request), chunkSize: 4_000 }) : overflows(),
      },
      { env },
    )
    for (let n = 1; n < 7; n++) await w.prompt(`question ${n}`)
    expect((await w.prompt("once more")).info).toMatchObject({
      error: { name: "ContextOverflowError", data: { message: expect.stringContaining("switched off") } },
    })
    expect(w.model.requests).toHaveLength(7)
    expect(forNotes(w)).toEqual([])
  },
)

test("notes that do not make the conversation shorter end the turn with a named error and do not count", async () => {
  await using w = await smallWorld({ notes: says(lines(3_200), { chunkSize: 20_000 }) })
  const answer = await untilCompacted(w)
  expect(answer.info).toMatchObject({
    summary: true,
    error: { name: "ContextOverflowError", data: { message: expect.stringContaining("did not help") } },
  })
  expect(forNotes(w)).toHaveLength(1)
  expect(kinds(await w.transcript()).slice(-3)).toEqual(["prompt", "compaction", "failed notes"])
  expect(w.engine.sessions.status()).toEqual({})
})

test("instructions that are longer than the window alone never lead to a compaction, in fifty prompts", async () => {
  await using w = await smallWorld({ context: 6_000, answer: () => overflows() })
  for (let n = 1; n <= 50; n++) {
    expect((await w.prompt(`question ${n}`)).info).toMatchObject({
      error: {
        name: "ContextOverflowError",
        data: { message: expect.stringContaining("nothing left in it to compact") },
      },
    })
  }
  expect(w.model.requests).toHaveLength(50)
  expect(forNotes(w)).toEqual([])
}, 60_000)

test("a session that is always near the window asks for notes at most once in a turn, and less often than that", async () => {
  await using w = await smallWorld()
  for (let n = 1; n <= 20; n++) {
    const before = forNotes(w).length
    expect((await w.prompt(`question ${n}`)).info).toMatchObject({ finish: "stop" })
    expect(forNotes(w).length - before).toBeLessThanOrEqual(1)
  }
  expect(forNotes(w).length).toBeGreaterThan(2)
  expect(forNotes(w).length).toBeLessThan(14)
}, 60_000)

test("a final answer is never followed by a compaction: what is due is done for the next prompt", async () => {
  await using w = await smallWorld({
    context: 100_000,
    answer: (request) => says("that was much", { usage: { input: request.number === 2 ? 99_000 : 1_000, output: 10 } }),
  })
  await w.prompt(LONG.repeat(4))
  await w.prompt("two")
  expect(forNotes(w)).toEqual([])
  expect(kinds(await w.transcript())).toEqual(["prompt", "answer", "prompt", "answer"])
  await w.prompt("three")
  expect(kinds(await w.transcript()).slice(4)).toEqual(["prompt", "compaction", "notes", "answer"])
})

test("work in the middle goes on after a compaction with the prompt word for word", async () => {
  await using w = await smallWorld(
    {
      answer(request) {
        const seen = request.messages.flatMap(({ toolResults }) => toolResults).length
        const isCompacted = request.messages[0]?.text.includes(NOTES)
        const usage = counted(request)
        return isCompacted && seen >= 1
          ? says("done", { usage })
          : calls("bash", { command: `echo ${request.number}; seq 1 1500` }, { usage })
      },
    },
    {},
  )
  const answer = await w.prompt("count until it is done")
  expect(answer.info).toMatchObject({ finish: "stop" })
  expect(textOf(answer)).toBe("done")
  expect(forNotes(w)).toHaveLength(1)
  const next = w.model.requests[w.model.requests.findIndex(isForNotes) + 1]
  expect(next?.messages[0]?.text).toContain(NOTES)
  expect(next?.messages.map(({ text }) => text)).toContain("count until it is done")
  const [first] = await w.transcript()
  for (const { info } of await w.transcript())
    if (info.role === "assistant" && !info.summary) expect(info.parentID).toBe(first?.info.id)
})

test("an abort during a compaction leaves the history as it was, and the next prompt makes it anew", async () => {
  const replies = [stalls(says(NOTES), 1), says(NOTES)]
  await using w = await smallWorld({ notes: () => replies.shift() ?? says(NOTES) })
  const { id } = await w.session()
  const turn = untilCompacted(w)
  await w.happened("message.part.delta", ({ delta }) => delta.startsWith("## Goal"))
  expect(w.engine.sessions.get(id).time.compacting).toBeDefined()
  await w.engine.sessions.abort(id)
  expect((await turn).info).toMatchObject({ summary: true, error: { name: "MessageAbortedError" } })
  expect(w.engine.sessions.status()).toEqual({})
  expect(w.engine.sessions.get(id).time).not.toHaveProperty("compacting")
  expect(w.events.map(({ type }) => type)).not.toContain("session.compacted")

  const answered = w.model.requests.length
  expect((await w.prompt("and now?")).info).toMatchObject({ finish: "stop" })
  expect(w.model.requests.slice(answered).map(isForNotes)).toEqual([true, false])
  expect(forNotes(w)[1]?.messages[0]?.text).toContain("question 1")
})

test.each([
  ["fails", fails(400, { message: "no" }), "APIError"],
  ["overflows", overflows(), "ContextOverflowError"],
  ["says nothing but calls", calls("bash", { command: "touch made" }), "ContextOverflowError"],
])("a request for notes that %s ends the turn and leaves the history as it was", async (_, notes, name) => {
  await using w = await smallWorld({ notes })
  const answer = await untilCompacted(w)
  expect(answer.info).toMatchObject({ summary: true, error: { name } })
  expect(forNotes(w)).toHaveLength(1)
  expect(w.files()).toEqual([])
  for (const { parts } of await w.transcript())
    for (const part of parts) if (part.type === "tool") expect(part.state.status).toBe("error")
  expect(w.engine.sessions.openParts()).toEqual([])
  expect(w.engine.sessions.status()).toEqual({})
})

test("a model whose window nobody knows is never compacted by estimate", async () => {
  await using w = await smallWorld({ context: 0 })
  for (let n = 1; n <= 10; n++) await w.prompt(LONG)
  expect(forNotes(w)).toEqual([])
})

test("a prompt that comes during a compaction is answered after it", async () => {
  await using w = await smallWorld({ notes: says(NOTES, { delayMs: 100 }) })
  const { id } = await w.session()
  const first = untilCompacted(w)
  await w.happened("session.updated", ({ info }) => info.time.compacting !== undefined)
  const { answer } = await w.engine.sessions.prompt(id, { parts: [{ type: "text", text: "and this?" }] })
  expect((await answer)?.info).toMatchObject({ finish: "stop" })
  await first
  expect(w.model.heard()).toContain("and this?")
  expect(forNotes(w)).toHaveLength(1)
})

test("a compaction that was asked for and never begun is made when the session is opened after a crash", async () => {
  await using w = await smallWorld()
  await w.prompt("one")
  const { id: sessionID } = await w.session()
  const [prompt] = await w.transcript()
  if (prompt?.info.role !== "user") throw new Error("There is no prompt.")
  const info = { ...prompt.info, id: "msg_zzz" }
  const { store } = w.home
  await store.write((tx) => {
    store.messages.put(tx, info)
    store.parts.put(tx, { id: "prt_zzz", sessionID, messageID: info.id, type: "compaction", auto: false })
    store.inbox.admit(tx, { sessionID, messageID: info.id, options: null, admitted: 1 })
    store.leases.take(tx, { sessionID, owner: { pid: 2 ** 22 + 1 }, now: 1 })
  })
  await w.transcript()
  await w.happened("session.compacted")
  await expect.poll(() => w.engine.sessions.status()).toEqual({})
  expect(kinds(await w.transcript())).toEqual(["prompt", "answer", "compaction", "notes"])
  expect(store.inbox.unanswered(sessionID)).toEqual([])
})

test("a model that is configured for notes and is gone does not keep a session from being compacted", async () => {
  await using w = await smallWorld({}, { config: { agent: { compaction: { model: "mock/gone" } } } })
  expect((await untilCompacted(w)).info).toMatchObject({ finish: "stop" })
})

test("an agent for notes that is switched off is a switch for compaction", async () => {
  await using w = await smallWorld(
    { context: 0, answer: ({ number }) => (number < 3 ? says(LONG, { chunkSize: 4_000 }) : overflows()) },
    { config: { agent: { compaction: { disable: true } } } },
  )
  await w.prompt("one")
  await w.prompt("two")
  expect((await w.prompt("three")).info).toMatchObject({
    error: { name: "ContextOverflowError", data: { message: expect.stringContaining("switched off") } },
  })
  const { id } = await w.session()
  const asked = w.engine.compaction.summarize(id, { providerID: "mock", modelID: "large" })
  await expect(asked).rejects.toMatchObject({ code: "agent_not_found" })
})

test("pruning removes old output of tools from requests, keeps it for readers, and spares the notes", async () => {
  await using w = await smallWorld({
    compaction: { prune: true },
    answer: (request) =>
      request.messages.at(-1)?.role === "tool"
        ? says("seen", { usage: counted(request) })
        : calls("bash", { command: `echo ${request.number}; seq 1 2000` }, { usage: counted(request) }),
  })
  for (let n = 1; n <= 6; n++) expect((await w.prompt(`look ${n}`)).info).toMatchObject({ finish: "stop" })
  const pruned = (await w.calls()).filter(({ state }) => state.status === "completed" && state.time.compacted)
  expect(pruned.length).toBeGreaterThan(0)
  for (const { state } of pruned) expect(state).toMatchObject({ output: expect.stringContaining("1999") })
  expect(w.model.heard()).toContain("[Old output removed to save room.]")
  expect(forNotes(w)).toEqual([])
  const { id } = await w.session()
  expect(w.home.store.ledger.list(id).map(({ epoch }) => epoch)).toContain("pruning")
})
