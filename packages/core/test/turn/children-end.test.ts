import { calls, neverAnswers, rateLimited, says, stalls, unauthorized } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test, vi } from "vitest"
import { watchChild } from "../../src/turn/child-watch.ts"
import { cast, childrenOf, firstRun, starts, task } from "./cast.ts"

test("a subagent that nothing is heard of is ended by its deadline, and the parent can go on with it", async () => {
  await using w = await world({
    limits: { childQuietMs: 400 },
    model: cast([starts(task("think")), says("too slow")], { think: [stalls(says("I am thinking about"), 1)] }),
  })
  const answer = await w.prompt("go")
  const [child] = await childrenOf(w)
  const [call] = await w.calls()

  expect(answer.info).toMatchObject({ endReason: "stop" })
  expect(call?.state).toMatchObject({ status: "error", error: expect.stringContaining("Nothing was heard of it") })
  expect(call?.state).toMatchObject({ error: expect.stringContaining(`task_id "${child?.id}"`) })
  expect(await firstRun(w)).toMatchObject({ state: "deadline", error: expect.stringContaining("Nothing was heard") })
  const last = (await w.engine.sessions.messages(child?.id ?? "")).at(-1)?.info
  expect(last).toMatchObject({ endReason: "time", error: { data: { message: expect.stringContaining("Nothing") } } })
  expect(w.engine.sessions.status()).toEqual({})
  await expect.poll(() => w.model.openConnections()).toBe(0)
})

test("a subagent that is always at work is ended when its time is over", async () => {
  let n = 0
  await using w = await world({
    limits: { childMs: 400 },
    model: ({ messages }) => {
      if (messages[0]?.text !== "go" && messages.find(({ role }) => role === "user")?.text === "busy")
        return calls("bash", { command: `sleep 0.05; echo ${n++}` })
      return messages.some(({ toolResults }) => toolResults.length > 0) ? says("enough") : starts(task("busy"))
    },
  })
  await w.prompt("go")
  expect((await w.calls())[0]?.state).toMatchObject({
    status: "error",
    error: expect.stringContaining("longer than 0.4 s"),
  })
  expect(await firstRun(w)).toMatchObject({ state: "deadline" })
})

test("silence is that of a child and of all who work for it; other sessions do not count", () => {
  vi.useFakeTimers()
  try {
    const now = { ms: 0 }
    const heard: ((sessionID: string | undefined) => void)[] = []
    const waiting = new Set<string>()
    const deadline = new AbortController()
    const parents: Record<string, string> = { inner: "child", child: "root", stranger: "other" }
    const end = watchChild("child", { childMs: 10_000, childQuietMs: 100 }, deadline, {
      listen: (hear) => (heard.push(hear), () => void heard.pop()),
      parentOf: (sessionID) => parents[sessionID],
      isWaiting: (sessionID) => waiting.has(sessionID),
      monotonic: () => now.ms,
    })
    const pass = (ms: number): void => {
      now.ms += ms
      vi.advanceTimersByTime(ms)
    }
    pass(90)
    heard[0]?.("inner")
    pass(90)
    expect(deadline.signal.aborted).toBe(false)
    waiting.add("inner")
    pass(500)
    waiting.clear()
    expect(deadline.signal.aborted).toBe(false)
    for (const other of ["stranger", "root", undefined]) heard[0]?.(other)
    pass(110)
    expect(deadline.signal.aborted).toBe(true)
    expect(end()).toContain("Nothing was heard")
    expect([heard, vi.getTimerCount()]).toEqual([[], 0])
  } finally {
    vi.useRealTimers()
  }
})

test("an abort of a subagent ends it alone, and the parent hears of it and goes on", async () => {
  await using w = await world({
    model: cast([starts(task("long"), task("short")), says("then without it")], {
      long: [stalls(says("for ever"), 1)],
      short: [says("done")],
    }),
  })
  const turn = w.prompt("go")
  await w.happened("message.part.delta")
  await expect.poll(async () => (await w.calls())[1]?.state.status).toBe("completed")
  const [child] = await childrenOf(w)
  await w.engine.sessions.abort(child?.id ?? "")

  expect((await turn).info).toMatchObject({ endReason: "stop" })
  const [long, short] = await w.calls()
  expect(long?.state).toMatchObject({ status: "error", error: expect.stringContaining("The user stopped it") })
  expect(short?.state).toMatchObject({ status: "completed" })
  expect(await firstRun(w)).toMatchObject({ state: "aborted" })
})

test("deleting a session ends its subagents and removes them; deleting a subagent ends its call", async () => {
  await using w = await world({
    model: cast([starts(task("one")), says("it is gone"), starts(task("two"))], {
      one: [neverAnswers() as never],
      two: [neverAnswers() as never],
    }),
  })
  const first = w.prompt("go")
  await w.model.received(2)
  const [one] = await childrenOf(w)
  await w.engine.sessions.remove(one?.id ?? "")
  expect((await first).info).toMatchObject({ endReason: "stop" })
  expect((await w.calls())[0]?.state).toMatchObject({ status: "error", error: expect.stringContaining("no end") })

  const second = w.prompt("again").catch((error: unknown) => error)
  await w.model.received(5)
  const root = await w.session()
  await w.engine.sessions.remove(root.id)
  await second
  expect(w.engine.sessions.status()).toEqual({})
  expect(JSON.parse(w.engine.sessions.listText({}))).toEqual([])
  await expect.poll(() => w.model.openConnections()).toBe(0)
})

test.each([
  ["whose provider refuses", [unauthorized()], "failed", /401|key|auth/i],
  [
    "that reached its own limit of steps",
    [calls("bash", { command: "ls" }), says("Half of it is done.")],
    "limit",
    /Half of it/,
  ],
] as const)("a subagent %s is told of as it is", async (_, replies, state, words) => {
  await using w = await world({
    config: { agent: { general: { steps: 2 } } },
    model: cast([starts(task("work")), says("I see")], { work: [...replies] }),
  })
  expect((await w.prompt("go")).info).toMatchObject({ endReason: "stop" })
  expect(w.model.heard()).toMatch(words)
  expect(await firstRun(w)).toMatchObject({ state })
})

test("a program that ends while subagents work closes them, and they go on by their id", async () => {
  await using w = await world({ model: cast([starts(task("long"))], { long: [stalls(says("for ever"), 1)] }) })
  const turn = w.prompt("go").catch((error: unknown) => error)
  await w.happened("message.part.delta")
  await w.restart()
  await turn
  const [child] = await childrenOf(w)
  expect((await w.calls())[0]?.state).toMatchObject({
    status: "error",
    error: expect.stringContaining(child?.id ?? "?"),
  })
  w.model.add(starts(task("go on", { task_id: child?.id })), says("now it is done"), says("good"))
  await w.prompt("again")
  expect((await w.calls())[1]?.state).toMatchObject({ status: "completed" })
})

test("a subagent that waits for a person, or for a quota, is not late", async () => {
  await using w = await world({
    // Nobody is heard of for this long while it waits; what it does before takes as long as the machine is slow.
    limits: { childQuietMs: 1_500 },
    permission: { bash: "ask" },
    model: cast([starts(task("ask"), task("wait"))], {
      ask: [calls("bash", { command: "ls" })],
      wait: [rateLimited({ retryAfter: 3_600 })],
    }),
  })
  const turn = w.prompt("go")
  await w.asked("bash")
  await w.happened("session.status", ({ status }) => status.type === "retry")
  const since = performance.now()
  await vi.waitFor(() => expect(performance.now() - since).toBeGreaterThan(2_000), { timeout: 20_000 })
  expect((await childrenOf(w)).map(({ id }) => w.home.store.children.latest(id)?.state)).toEqual(["running", "running"])
  await w.engine.sessions.abort((await w.session()).id)
  expect((await turn).info).toMatchObject({ endReason: "aborted" })
})
