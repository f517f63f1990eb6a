import { processesWith } from "@opencode/testing/processes.ts"
import {
  calls,
  cuts,
  emptyStream,
  fails,
  lines,
  neverAnswers,
  overflows,
  rateLimited,
  says,
  script,
  stalls,
  unauthorized,
  type Reply,
} from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test, vi } from "vitest"

const isIdle = (w: World): void => {
  expect(w.engine.sessions.status()).toEqual({})
}

test("an abort keeps the text so far, ends the provider's connection and leaves the session idle", async () => {
  await using w = await world({
    model: script(stalls(says("this much is said, and then nothing more"), 2), says("again")),
  })
  const turn = w.prompt("go")
  await w.happened("message.part.delta")
  expect(await w.engine.sessions.abort((await w.session()).id)).toBe(true)
  const answer = await turn

  expect(answer.info).toMatchObject({ error: { name: "MessageAbortedError" } })
  expect(answer.parts.find((part) => part.type === "text")).toMatchObject({ text: expect.stringMatching(/^this/) })
  isIdle(w)
  await expect.poll(() => w.model.openConnections()).toBe(0)
  expect((await w.prompt("and now?")).info).toMatchObject({ finish: "stop" })
})

/** Of an answer that is sent without a pause: reading it to its end takes 80 rounds and a second of CPU. */
const LINES = 20_000
/** One is enough on a quiet machine. */
const MOST_ROUNDS = 20
/** What a person is promised, as CPU time, which does not count waiting for other programs. 10 ms is usual. */
const MOST_CPU_MS = 200

test("an abort is done after a few rounds of the event loop, while it and other sessions stream at full speed", async () => {
  const long = says(lines(LINES))
  await using w = await world({ model: () => long })
  const { sessions } = w.engine
  const begin = async () => {
    const { id } = await sessions.create({})
    const { answer } = await sessions.prompt(id, { parts: [{ type: "text", text: "go" }] })
    await w.happened("message.part.delta", ({ sessionID }) => sessionID === id)
    return { id, answer }
  }
  // All at once: the first must not be done when the last begins.
  const [{ id, answer }, ...others] = await Promise.all([begin(), begin(), begin()])
  expect(Object.keys(sessions.status())).toHaveLength(3)

  const before = process.cpuUsage()
  let isOver = false
  const aborting = sessions.abort(id).then(() => (isOver = true))
  let rounds = 0
  for (; !isOver; rounds++) await new Promise(setImmediate)
  const { user, system } = process.cpuUsage(before)
  expect(rounds).toBeLessThan(MOST_ROUNDS)
  expect((user + system) / 1_000).toBeLessThan(MOST_CPU_MS)
  await aborting
  expect((await answer)?.info).toMatchObject({ error: { name: "MessageAbortedError" } })
  expect(Object.keys(sessions.status()).sort()).toEqual(others.map((other) => other.id).sort())
  await Promise.all(others.map((other) => sessions.abort(other.id)))
})

test("an abort before the provider answers at all ends the wait", async () => {
  await using w = await world({ model: script(neverAnswers()) })
  const turn = w.prompt("go")
  await w.model.received(1)
  await w.engine.sessions.abort((await w.session()).id)
  expect((await turn).info).toMatchObject({ error: { name: "MessageAbortedError" } })
  isIdle(w)
})

test("an abort directly after an accepted prompt ends it", async () => {
  await using w = await world({ model: script(stalls(says("late"), 0)) })
  const { id } = await w.session()
  const { answer } = await w.engine.sessions.prompt(id, { parts: [{ type: "text", text: "go" }] })
  await w.engine.sessions.abort(id)
  expect((await answer)?.info).toMatchObject({ error: { name: "MessageAbortedError" } })
  isIdle(w)
})

test("an abort ends a running command with everything it started, and keeps what it printed", async () => {
  await using w = await world({
    model: script(calls("bash", { command: "echo begun; sleep 61.25 & sleep 61.25; touch made" })),
  })
  const turn = w.prompt("go")
  await w.happened("message.part.updated", ({ part }) => {
    return (
      part.type === "tool" && part.state.status === "running" && String(part.state.metadata?.output).includes("begun")
    )
  })
  await w.engine.sessions.abort((await w.session()).id)
  const answer = await turn

  expect(answer.info).toMatchObject({ error: { name: "MessageAbortedError" } })
  const [call] = await w.calls()
  expect(call?.state).toMatchObject({
    status: "completed",
    output: expect.stringContaining("User aborted the command"),
  })
  await expect.poll(() => processesWith("sleep 61.25")).toEqual([])
  expect(w.files()).not.toContain("made")
})

/** Where a turn may be when somebody presses stop, and how a test knows that it is there. */
const PLACES: Record<string, { model: Reply; reached: (w: World) => Promise<unknown> }> = {
  "right after the prompt was accepted": { model: neverAnswers(), reached: async () => {} },
  "before the provider said anything": { model: neverAnswers(), reached: (w) => w.model.received(1) },
  "in the middle of the answer": {
    model: stalls(says("this much and then nothing"), 2),
    reached: (w) => w.happened("message.part.delta"),
  },
  "while it waits to try again": {
    model: rateLimited({ retryAfter: 3_600 }),
    reached: (w) => w.happened("session.status", ({ status }) => status.type === "retry"),
  },
  "while it asks a person": {
    model: calls("write", { filePath: "made", content: "" }),
    reached: (w) => w.asked("edit"),
  },
  "while a command runs, with one that left its group": {
    model: calls("bash", { command: "setsid nohup sleep 69.125 >/dev/null 2>&1 & sleep 69.125 & touch begun; wait" }),
    reached: (w) => vi.waitFor(() => expect(w.files()).toContain("begun"), 10_000),
  },
}

test.each(Object.keys(PLACES))(
  "an abort %s ends all that was accepted and leaves no process, connection, question or lease",
  async (place) => {
    const { model, reached } = PLACES[place]!
    await using w = await world({
      permission: place.includes("asks") ? { edit: "ask" } : "allow",
      model: ({ messages }) => (messages.at(-1)?.text === "and now?" ? says("fine") : model),
    })
    const { id } = await w.session()
    const first = await w.engine.sessions.prompt(id, { parts: [{ type: "text", text: "go" }] })
    await reached(w)
    const behind = await w.engine.sessions.prompt(id, { parts: [{ type: "text", text: "and this" }] })
    expect(await w.engine.sessions.abort(id)).toBe(true)

    // All of it is over by now, not soon.
    expect(w.engine.sessions.status()).toEqual({})
    expect(w.engine.gate.list()).toEqual([])
    expect(w.engine.sessions.openParts()).toEqual([])
    expect(w.home.store.inbox.unanswered(id)).toEqual([])
    expect(w.home.store.intents.unfinished(id)).toEqual([])
    expect(w.home.store.leases.get(id)).toBeUndefined()
    expect(processesWith("sleep 69.125")).toEqual([])
    const aborted = { error: { name: "MessageAbortedError" }, time: { completed: expect.any(Number) } }
    for (const { answer } of [first, behind]) expect((await answer)?.info).toMatchObject(aborted)
    expect(w.events.filter(({ type }) => type === "session.idle")).toHaveLength(1)
    await expect.poll(() => w.model.openConnections()).toBe(0)

    expect((await w.prompt("and now?")).info).toMatchObject({ finish: "stop" })
    expect(w.model.unexpected).toEqual([])
  },
)

test("an abort answers a pending question with no", async () => {
  await using w = await world({ permission: { bash: "ask" }, model: script(calls("bash", { command: "touch made" })) })
  const turn = w.prompt("go")
  await w.asked("bash")
  await w.engine.sessions.abort((await w.session()).id)
  await turn
  expect(w.engine.gate.list()).toEqual([])
  expect(await w.happened("permission.replied")).toMatchObject({ reply: "reject" })
  expect(w.files()).toEqual([])
})

test("a rate limit is waited for as long as the provider says, and clients see it", async () => {
  await using w = await world({ model: script(rateLimited({ retryAfterMs: 20 }), says("at last")) })
  const answer = await w.prompt("go")
  expect(answer.parts.find((part) => part.type === "text")).toMatchObject({ text: "at last" })
  const retry = await w.happened("session.status", ({ status }) => status.type === "retry")
  expect(retry.status).toMatchObject({ attempt: 1, next: expect.any(Number) })
})

test("an abort ends a wait for a rate limit at once", async () => {
  await using w = await world({ model: script(rateLimited({ retryAfter: 3_600 })) })
  const turn = w.prompt("go")
  await w.happened("session.status", ({ status }) => status.type === "retry")
  await w.engine.sessions.abort((await w.session()).id)
  expect((await turn).info).toMatchObject({ error: { name: "MessageAbortedError" } })
})

test("a refused key is not tried again, and the message says why", async () => {
  await using w = await world({ model: script(unauthorized()) })
  const answer = await w.prompt("go")
  expect(answer.info).toMatchObject({ error: { name: "APIError", data: { statusCode: 401, isRetryable: false } } })
  expect(await w.happened("session.error")).toMatchObject({ error: { name: "APIError" } })
  expect(w.model.requests).toHaveLength(1)
  isIdle(w)
})

test("a request that is too long for the model ends with that error", async () => {
  await using w = await world({ model: script(overflows()) })
  expect((await w.prompt("go")).info).toMatchObject({ error: { name: "ContextOverflowError" } })
})

test("an answer that was cut is asked for again, and nothing of the cut one stays", async () => {
  await using w = await world({ model: script(cuts(says("first half of the first try"), 2), says("second try")) })
  const answer = await w.prompt("go")
  expect(answer.parts.map((part) => part.type)).toEqual(["step-start", "text", "step-finish"])
  expect(answer.parts[1]).toMatchObject({ text: "second try" })
  expect(await w.transcript()).toHaveLength(2)
})

test("a call that was cut in the middle does not run", async () => {
  await using w = await world({
    model: script(cuts(calls("bash", { command: "touch made && echo a long enough command" }), 2), says("never mind")),
  })
  await w.prompt("go")
  expect(w.files()).toEqual([])
})

test("answers without content are given up after a few tries", async () => {
  await using w = await world({ model: () => emptyStream() })
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true, advanceTimeDelta: 20 })
  try {
    const turn = w.prompt("go")
    const pump = setInterval(() => vi.advanceTimersByTime(1_000), 5)
    const answer = await turn
    clearInterval(pump)
    expect(answer.info).toHaveProperty("error")
    expect(w.model.requests).toHaveLength(4)
  } finally {
    vi.useRealTimers()
  }
})

test("a key that a provider repeats in its error is neither stored nor shown", async () => {
  const message = "Incorrect API key provided: mock-key-1234567890"
  await using w = await world({
    env: { OPENCODE_CONFIG_CONTENT: '{"provider":{"mock":{"options":{"apiKey":"mock-key-1234567890"}}}}' },
    model: script(fails(401, { message, headers: { "x-echo": "mock-key-1234567890" } })),
  })
  const answer = await w.prompt("go")
  expect(answer.info).toMatchObject({ error: { data: { message: expect.stringContaining("[secret]") } } })
  expect(JSON.stringify([answer, w.events.map((frame) => frame.json())])).not.toContain("mock-key-1234567890")
})
