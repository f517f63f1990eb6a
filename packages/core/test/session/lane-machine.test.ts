import type { AssistantMessage, MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import { isLong } from "@opencode/testing/effort.ts"
import { world, type World } from "@opencode/testing/world.ts"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { deferred, type Deferred } from "../../src/lib/deadline.ts"
import { silentLog } from "../../src/lib/log.ts"
import type { TurnSeat } from "../../src/session/lane.ts"
import { createLanes, type Lanes } from "../../src/session/lanes.ts"
import { createRecovery } from "../../src/session/recover.ts"

/**
 * A lane under random orders. The turns are ours: each waits for the word to go on, to end or to break, and writes its
 * answer as real ones do.
 */
const disk = { fails: 0 }
let w: World
beforeAll(async () => {
  w = await world({
    beforeCommit() {
      if (disk.fails > 0 && disk.fails-- > 0) throw Object.assign(new Error("disk full"), { errcode: 13 })
    },
  })
})
afterAll(() => w[Symbol.asyncDispose]())

type Command =
  | "admit"
  | "note"
  | "abort"
  | "look"
  | "end"
  | "break"
  | "exclusive"
  | "full"
  | "tick"
  | "close"
  | "remove"

const commands = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom<Command>("admit", "end", "tick", "look") },
    { weight: 2, arbitrary: fc.constantFrom<Command>("note", "abort", "exclusive", "break") },
    { weight: 1, arbitrary: fc.constantFrom<Command>("full") },
  ),
  { minLength: 3, maxLength: 25 },
)
const ending = fc.constantFrom<Command>("tick", "tick", "tick", "close", "remove")

interface Run {
  sessionID: string
  lanes: Lanes
  /** The running turn, and what it is told next. */
  turn: { seat: TurnSeat; told: Deferred<"end" | "break"> } | undefined
  /** Turns end by themselves from now on. */
  draining: boolean
  statuses: string[]
  prompts: { id: string; end?: string; admitted: boolean }[]
  /** Prompts of each turn that ended by itself. */
  covered: string[][]
  running: Promise<unknown>[]
  sawFullDisk: boolean
}

async function machine(): Promise<Run> {
  const { store, owner, peers, host } = w.home
  const { id: sessionID } = await w.engine.sessions.create({})
  const run: Run = {
    sessionID,
    lanes: undefined as unknown as Lanes,
    turn: undefined,
    draining: false,
    statuses: [],
    prompts: [],
    covered: [],
    running: [],
    sawFullDisk: false,
  }
  run.lanes = createLanes({
    store,
    owner,
    peers,
    now: host.now,
    log: silentLog,
    publish: (type, properties) => {
      if (type === "session.status") run.statuses.push((properties as { status: { type: string } }).status.type)
      if (type === "session.idle") run.statuses.push("IDLE")
    },
    makeFinal: () => () => {},
    async runTurn(seat) {
      const told = deferred<"end" | "break">()
      run.turn = { seat, told }
      show(seat)
      if (run.draining || seat.signal.aborted) told.resolve("end")
      seat.signal.addEventListener("abort", () => told.resolve("end"))
      const word = await told.promise
      run.turn = undefined
      if (word === "break") throw new Error("broken")
      const answer = answerTo([...seat.covered].at(-1) ?? "", sessionID)
      await store.turnWrite(seat.lease, (tx) => store.messages.put(tx, answer))
      // One that was aborted may have been shown what came after the abort, which is for the next.
      if (!seat.signal.aborted) run.covered.push([...seat.covered])
      return { info: answer, parts: [] }
    },
  })
  return run
}

/** What a step does with the prompts that are there. */
function show(seat: TurnSeat): void {
  for (const { messageID } of w.home.store.inbox.unanswered(seat.sessionID)) seat.covered.add(messageID)
}

function admit(run: Run, wantsAnswer: boolean): Promise<unknown> {
  const { store, host } = w.home
  const { sessionID } = run
  const message = prompt(sessionID)
  const entry: Run["prompts"][number] = { id: message.info.id, admitted: false }
  return run.lanes
    .admit(sessionID, {
      wantsAnswer,
      write(tx) {
        store.messages.put(tx, message.info)
        if (wantsAnswer) store.inbox.admit(tx, { sessionID, messageID: entry.id, options: null, admitted: host.now() })
        return message
      },
      announce: () => {
        entry.admitted = true
        if (wantsAnswer) run.prompts.push(entry)
      },
    })
    .then(({ answer }) =>
      answer?.then(
        ({ info }) => (entry.end = info.id),
        (error: Error) => (entry.end = error.message),
      ),
    )
    .catch((error: unknown) => error)
}

async function obey(run: Run, command: Command): Promise<void> {
  const { lanes, sessionID } = run
  if (command === "admit" || command === "note") run.running.push(admit(run, command === "admit"))
  if (command === "abort") run.running.push(lanes.abort(sessionID))
  if (command === "look" && run.turn) show(run.turn.seat)
  if (command === "end" || command === "break") run.turn?.told.resolve(command)
  if (command === "full") {
    disk.fails = 1
    run.sawFullDisk = true
  }
  if (command === "exclusive") {
    const alone = lanes.exclusive(sessionID, async () => expect(run.turn).toBeUndefined())
    run.running.push(alone.catch((error: unknown) => expect(error).toHaveProperty("code")))
  }
  if (command === "close") run.running.push(lanes.close())
  if (command === "remove") {
    const { store } = w.home
    run.running.push(lanes.abort(sessionID).then(() => store.write((tx) => store.sessions.remove(tx, sessionID))))
  }
  if (command === "tick") await new Promise(setImmediate)
}

/** Until nothing is under way any more. */
async function drain(run: Run): Promise<void> {
  run.draining = true
  run.turn?.told.resolve("end")
  await Promise.all(run.running)
  await expect.poll(() => run.lanes.status()[run.sessionID]).toBeUndefined()
  await w.home.store.write(() => {})
}

test("whatever comes in whatever order, each prompt is answered once, and the session ends idle and free", async () => {
  const { store } = w.home
  await fc.assert(
    fc.asyncProperty(commands, ending, async (orders, last) => {
      const run = await machine()
      for (const order of orders) await obey(run, order)
      await obey(run, last)
      disk.fails = 0
      await drain(run)

      const { sessionID, lanes, statuses } = run
      for (const entry of run.prompts) expect(entry.end, `the end of ${entry.id}`).toBeDefined()
      // One busy, one idle, in turns, and idle at the end; a session that is named idle is so for whoever asks.
      const quiet = statuses
        .join(" ")
        .replaceAll("idle IDLE", ".")
        .replaceAll(/busy( busy)*/g, "b")
        .replaceAll(" ", "")
      expect(quiet).toMatch(/^(b\.)*$/)
      expect(lanes.isBusy(sessionID)).toBe(false)
      if (last === "remove") {
        expect(store.sessions.get(sessionID)).toBeUndefined()
        return
      }

      if (!run.sawFullDisk) {
        const shown = run.covered.flat()
        expect(new Set(shown).size).toBe(shown.length)
        expect(store.inbox.unanswered(sessionID)).toEqual([])
        if (last !== "close") expect(store.leases.get(sessionID)).toBeUndefined()
        return
      }
      // Whatever could not be written is made good by whoever opens the session next.
      const { host, owner } = w.home
      const sweep = async (): Promise<void> => {}
      await createRecovery({ store, host, owner, lanes, publish: () => {}, sweep, isUnsafe: () => true })(sessionID)
      await drain(run)
      if (last === "close") return
      expect(store.inbox.unanswered(sessionID)).toEqual([])
      expect(store.leases.get(sessionID)).toBeUndefined()
    }),
    { numRuns: isLong ? 3_000 : 150 },
  )
}, 300_000)

test("what a hook of a running turn says to its own session waits for its turn, and nothing waits for ever", async () => {
  const run = await machine()
  const first = admit(run, true)
  await expect.poll(() => run.turn).toBeDefined()
  // Inside the turn, as a hook would: the admission does not wait for the turn.
  await new Promise<void>((resolve) => {
    const inside = admit(run, true)
    run.running.push(inside)
    void expect
      .poll(() => run.prompts.length)
      .toBe(2)
      .then(resolve)
  })
  run.turn?.told.resolve("end")
  await first
  await drain(run)
  expect(run.covered.map((prompts) => prompts.length)).toEqual([1, 1])
  expect(run.prompts.every(({ end }) => end?.startsWith("msg_"))).toBe(true)
})

test("a prompt that comes while somebody has the session for himself waits for him", async () => {
  const run = await machine()
  const held = deferred<void>()
  const order: string[] = []
  const alone = run.lanes.exclusive(run.sessionID, async () => {
    await held.promise
    order.push("alone")
  })
  const next = run.lanes.exclusive(run.sessionID, async () => void order.push("next"))
  const prompted = admit(run, true).then(() => order.push("answered"))
  await expect(run.lanes.exclusive(run.sessionID, async () => {})).rejects.toMatchObject({ code: "busy" })
  run.draining = true
  held.resolve()
  await Promise.all([alone, next, prompted])
  expect(order).toEqual(["alone", "next", "answered"])
  await drain(run)
})

test("an abort that waits for an admission ends that prompt, and not one that comes during the wait", async () => {
  const run = await machine()
  const before = admit(run, true)
  const aborting = run.lanes.abort(run.sessionID)
  const during = admit(run, true)
  await Promise.all([before, aborting])
  await expect.poll(() => run.turn).toBeDefined()
  expect(run.turn?.seat.signal.aborted).toBe(false)
  expect(run.prompts.map(({ end }) => end !== undefined)).toEqual([true, false])
  run.turn?.told.resolve("end")
  await during
  expect(run.prompts.at(-1)?.end).not.toBe(run.prompts[0]?.end)
  await drain(run)
})

const prompt = (sessionID: string): MessageWithParts => {
  const info: UserMessage = {
    id: w.home.host.id("msg"),
    sessionID,
    role: "user",
    time: { created: 0 },
    agent: "build",
    model: { providerID: "mock", modelID: "large" },
  }
  return { info, parts: [] }
}

const answerTo = (parentID: string, sessionID: string): AssistantMessage => ({
  id: w.home.host.id("msg"),
  sessionID,
  role: "assistant",
  parentID,
  mode: "build",
  agent: "build",
  path: { cwd: "/", root: "/" },
  cost: 0,
  tokens: noTokens(),
  modelID: "large",
  providerID: "mock",
  time: { created: 0, completed: 0 },
})
