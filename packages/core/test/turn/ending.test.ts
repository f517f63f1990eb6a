import { EndReason } from "@opencode/protocol/end-reason.ts"
import {
  calls,
  callsMany,
  emptyStream,
  fails,
  overflows,
  overloaded,
  rateLimited,
  says,
  stalls,
  unauthorized,
  type Reply,
} from "@opencode/testing/script.ts"
import { world, type World, type WorldOptions } from "@opencode/testing/world.ts"
import { expect, test, vi } from "vitest"
import { cast, firstRun, starts, task } from "./cast.ts"

const bash = (command: string): Reply => calls("bash", { command })
const again = (make: (n: number) => Reply) => {
  const count = { n: 0 }
  return (): Reply => make(count.n++)
}

interface Row extends WorldOptions {
  error?: string
  /** What a person does meanwhile. */
  meanwhile?: (w: World) => Promise<unknown>
}

/** Every reason that a turn can end with here. */
const ENDS: [EndReason, string, Row][] = [
  ["stop", "an answer", { model: [says("done")] }],
  [
    "aborted",
    "an abort",
    {
      model: [stalls(says("for ever"), 1)],
      error: "MessageAbortedError",
      meanwhile: async (w) => {
        await w.happened("message.part.delta")
        await w.engine.sessions.abort((await w.session()).id)
      },
    },
  ],
  [
    "rejected",
    "a bare no",
    { permission: { bash: "ask" }, model: [bash("ls")], meanwhile: async (w) => (await w.asked("bash")).reject() },
  ],
  [
    "steps",
    "the agent's own limit",
    { config: { agent: { build: { steps: 2 } } }, model: [bash("ls"), says("so far")] },
  ],
  ["steps", "the limit of the tree", { limits: { steps: 3 }, model: [bash("ls"), bash("pwd"), says("so far")] }],
  [
    "tokens",
    "all tokens used",
    { limits: { tokens: 150 }, model: [bash("ls"), bash("touch made")], error: "UnknownError" },
  ],
  [
    "cost",
    "all money spent",
    { limits: { cost: 0.0002 }, model: [bash("ls"), bash("touch made")], error: "UnknownError" },
  ],
  [
    "time",
    "the time is over",
    { limits: { timeMs: 300 }, model: [stalls(says("for ever"), 1)], error: "UnknownError" },
  ],
  ["retries", "a provider that stays overloaded", { model: () => rateLimited({ retryAfterMs: 1 }), error: "APIError" }],
  ["authentication", "a refused key", { model: [unauthorized()], error: "APIError" }],
  ["provider", "a request that is refused", { model: [fails(400, { message: "no" })], error: "APIError" }],
  [
    "provider",
    "a host that does not exist",
    {
      env: { OPENCODE_CONFIG_CONTENT: '{"provider":{"mock":{"options":{"baseURL":"http://nowhere.invalid/v1"}}}}' },
      error: "APIError",
    },
  ],
  ["context", "a conversation that does not fit", { model: [overflows()], error: "ContextOverflowError" }],
  [
    "repetition",
    "two calls in turn, with the same results, although they are allowed",
    {
      permission: { doom_loop: "allow" },
      model: again((n) => calls("glob", { pattern: n % 2 ? "a" : "b" })),
      error: "UnknownError",
    },
  ],
  [
    "repetition",
    "a text that goes in circles",
    { model: [says("round and round. ".repeat(4_000), { chunkSize: 500 })], error: "UnknownError" },
  ],
  [
    "output-length",
    "an answer that is cut",
    { model: [says("half", { finish: "length" })], error: "MessageOutputLengthError" },
  ],
  ["content-filter", "a filter", { model: [says("no", { finish: "content-filter" })], error: "ContentFilterError" }],
]

test.each(ENDS)("a turn ends with the reason %s: %s", async (reason, _, { error, meanwhile, ...options }) => {
  await using w = await world(options)
  const turn = w.prompt("go")
  await meanwhile?.(w)
  const { info } = await turn

  expect(info).toMatchObject({ endReason: reason, ...(error === undefined ? {} : { error: { name: error } }) })
  if (error === undefined) expect(info).not.toHaveProperty("error")
  const idle = await w.happened("session.status", ({ status }) => status.type === "idle")
  expect(idle.status).toEqual({ type: "idle", reason })
  const reasons = (await w.transcript()).flatMap(({ info }) => (info.role === "assistant" && info.endReason) || [])
  expect(reasons, "the last message alone has a reason").toEqual([reason])
  expect(w.files()).toEqual([])
})

test("every reason is reached here, but for those that have tests of their own", () => {
  const elsewhere = ["interrupted", "compaction", "structured-output", "error"]
  expect(new Set([...ENDS.map(([reason]) => reason), ...elsewhere])).toEqual(new Set(EndReason().options))
})

test("a turn that a dead process left is interrupted, and one that cannot be stored ended with an error", async () => {
  const broken = { isOn: false }
  await using w = await world({
    model: () => {
      broken.isOn = true
      return says("this cannot be stored")
    },
    beforeCommit: () => {
      if (broken.isOn) throw Object.assign(new Error("disk full"), { code: "ENOSPC" })
    },
  })
  await w.prompt("go").catch((error: unknown) => error)
  expect((await w.happened("session.status", ({ status }) => status.type === "idle")).status).toEqual({
    type: "idle",
    reason: "error",
  })
  broken.isOn = false
  expect((await w.transcript()).at(-1)?.info).toMatchObject({ endReason: "interrupted" })
})

test("what a subagent uses counts for the whole tree: its tokens end the turn that started it", async () => {
  await using w = await world({
    limits: { tokens: 300 },
    model: cast([starts(task("work")), says("never asked")], {
      work: [bash("ls"), bash("touch made"), says("never asked")],
    }),
  })
  const { info } = await w.prompt("go")
  // 120 of the parent and 120 of the child, then 120 more: the child is stopped, and so is its parent.
  expect(info).toMatchObject({
    endReason: "tokens",
    error: { data: { message: expect.stringContaining("360 were used") } },
  })
  expect(await firstRun(w)).toMatchObject({ state: "limit" })
  expect(w.files()).toEqual([])
  expect(w.model.requests).toHaveLength(3)
})

test("subagents leave one step over, in which the turn that the user sees says how far it came", async () => {
  const parts = ["one", "two", "three"]
  await using w = await world({
    limits: { steps: 6 },
    model: (request) => {
      const first = request.messages.find(({ role }) => role === "user")?.text
      if (first !== "go") return request.tools.length ? bash(`echo ${request.number}`) : says("part of it")
      return request.messages.length > 1 ? says("this is how far I came") : starts(...parts.map((name) => task(name)))
    },
  })
  const { info, parts: said } = await w.prompt("go")
  expect(info).toMatchObject({ endReason: "steps" })
  expect(said).toContainEqual(expect.objectContaining({ type: "text", text: "this is how far I came" }))
  expect(w.model.requests).toHaveLength(6)
})

test("the time of the tree ends its subagents too", async () => {
  await using w = await world({
    limits: { timeMs: 400 },
    model: cast([starts(task("work"))], { work: [stalls(says("for ever"), 1)] }),
  })
  expect((await w.prompt("go")).info).toMatchObject({ endReason: "time" })
  expect(w.engine.sessions.status()).toEqual({})
  await expect.poll(() => w.model.openConnections()).toBe(0)
})

test("each turn has a budget of its own", async () => {
  await using w = await world({ limits: { tokens: 150 }, model: () => says("short") })
  for (let n = 0; n < 3; n++) expect((await w.prompt("go")).info).toMatchObject({ endReason: "stop" })
})

test("a call that was cut off with its answer does not run, and the model may make it again", async () => {
  const half = (raw: string): Reply => callsMany([{ name: "bash", raw }], { finish: "length" })
  await using w = await world({
    model: [half('{"command":"touch made'), half(""), bash("touch whole"), says("done")],
  })
  expect((await w.prompt("go")).info).toMatchObject({ endReason: "stop" })
  expect((await w.calls()).map(({ state }) => state.status)).toEqual(["error", "error", "completed"])
  expect((await w.calls())[0]?.state).toMatchObject({ error: expect.stringContaining("before this call was complete") })
  expect(w.files()).toEqual(["whole"])
})

test("four answers in a row of which nothing is of use are enough", async () => {
  await using w = await world({
    model: again((n) => callsMany([{ name: "bash", raw: `{"command":"touch ${n}` }], { finish: "length" })),
  })
  expect((await w.prompt("go")).info).toMatchObject({ endReason: "output-length" })
  expect(w.model.requests).toHaveLength(4)
  expect(w.files()).toEqual([])
})

test("a whole call of an answer that was cut runs", async () => {
  await using w = await world({
    model: [callsMany([{ name: "bash", input: { command: "touch made" } }], { finish: "length" }), says("ok")],
  })
  await w.prompt("go")
  expect(w.files()).toEqual(["made"])
})

test("a quota whose reset is known is waited for until then", async () => {
  const headers = { "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "30ms" }
  await using w = await world({ model: [fails(429, { headers }), says("at last")] })
  expect((await w.prompt("go")).info).toMatchObject({ endReason: "stop" })
  const { status } = await w.happened("session.status", ({ status }) => status.type === "retry")
  expect(status).toMatchObject({ attempt: 1, next: expect.any(Number) })
})

test.each([
  ["overload", () => overloaded({ headers: { "retry-after-ms": "1" } }), 6],
  ["an empty answer", () => emptyStream(), 4],
] as const)(
  "%s is tried so often and no more",
  async (_, reply, requests) => {
    await using w = await world({ model: reply })
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"], shouldAdvanceTime: true, advanceTimeDelta: 20 })
    try {
      const turn = w.prompt("go")
      const pump = setInterval(() => vi.advanceTimersByTime(1_000), 5)
      const answer = await turn
      clearInterval(pump)
      expect(answer.info).toMatchObject({ endReason: "retries" })
      expect(w.model.requests).toHaveLength(requests)
    } finally {
      vi.useRealTimers()
    }
  },
  20_000,
)
