import { isFault } from "@opencode/core/lib/fault.ts"
import type { Log } from "@opencode/core/lib/log.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { calls, says } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

/** What a person does at an unlucky moment. Each moment is a few steps of the program later than the one before. */
const MOMENTS = 50

const text = (content: string) => ({ parts: [{ type: "text" as const, text: content }] })

function complaints(): { log: Log; told: string[] } {
  const told: string[] = []
  const quiet = () => {}
  const tell = (message: string, facts?: Record<string, unknown>) =>
    void told.push(`${message} ${facts?.error instanceof Error ? facts.error.stack : ""}`)
  const log: Log = { debug: quiet, info: quiet, warn: quiet, error: tell, child: () => log }
  return { log, told }
}

/** Before it is on record, an abort refuses a prompt; from then on it ends its turn. */
async function unlessRefused(
  prompting: ReturnType<World["engine"]["sessions"]["prompt"]>,
): Promise<MessageWithParts | "refused" | undefined> {
  try {
    const { answer } = await prompting
    return await answer
  } catch (error) {
    if (isFault(error, "aborted")) return "refused"
    throw error
  }
}

async function pass(moment: number): Promise<void> {
  for (let n = 0; n < moment % 10; n++) await Promise.resolve()
  for (let n = 0; n < Math.floor(moment / 10) * 4; n++) await new Promise(setImmediate)
}

const busyWorld = (log: Log): Promise<World> =>
  world({
    log,
    permission: "allow",
    model: ({ messages }) =>
      messages.some((message) => message.toolResults.length)
        ? says("done, all of it")
        : calls("glob", { pattern: "*" }),
  })

test("an abort at any moment leaves the session idle, complete and usable", async () => {
  const { log, told } = complaints()
  await using w = await busyWorld(log)
  for (let moment = 0; moment < MOMENTS; moment++) {
    const { id } = await w.engine.sessions.create({})
    const prompting = w.engine.sessions.prompt(id, text("go"))
    await pass(moment)
    await w.engine.sessions.abort(id)
    const message = await unlessRefused(prompting)
    if (message === "refused") expect(await w.engine.sessions.messages(id), `moment ${moment}`).toEqual([])
    else
      expect(message?.info, `moment ${moment}`).toMatchObject({
        role: "assistant",
        time: { completed: expect.any(Number) },
      })
    await expect.poll(() => w.engine.sessions.status()).toEqual({})
    const { answer: next } = await w.engine.sessions.prompt(id, text("again"))
    expect((await next)?.info).toMatchObject({ finish: "stop" })
    for (const { info } of await w.engine.sessions.messages(id))
      if (info.role === "assistant") expect(info.time.completed).toBeDefined()
    expect(w.home.store.inbox.unanswered(id)).toEqual([])
  }
  expect(w.model.unexpected).toEqual([])
  expect(told).toEqual([])
}, 60_000)

test("a session that is deleted at any moment is gone, and whoever waits hears of it", async () => {
  const { log, told } = complaints()
  await using w = await busyWorld(log)
  for (let moment = 0; moment < MOMENTS; moment++) {
    const { id } = await w.engine.sessions.create({})
    const answered = w.engine.sessions.prompt(id, text("go")).then(({ answer }) => answer)
    const settled = answered.then(
      () => true,
      () => true,
    )
    await pass(moment)
    await w.engine.sessions.remove(id)
    expect(await settled).toBe(true)
    await expect.poll(() => w.engine.sessions.status()).toEqual({})
    expect(w.home.store.messages.list(id)).toEqual([])
    expect(() => w.engine.sessions.get(id)).toThrow("not found")
  }
  expect(told).toEqual([])
}, 60_000)

test("a program that ends at any moment answers who waits, and the session goes on with the next one", async () => {
  const { log, told } = complaints()
  for (let moment = 0; moment < MOMENTS; moment += 4) {
    await using w = await busyWorld(log)
    const { id } = await w.session()
    const settled = w.engine.sessions.prompt(id, text("go")).then(
      async ({ answer }) => (await answer)?.info.role,
      () => "refused",
    )
    await pass(moment)
    await w.restart()
    expect(["assistant", "refused"], `moment ${moment}`).toContain(await settled)
    await w.transcript()
    await expect.poll(() => w.engine.sessions.status()).toEqual({})
    expect((await w.prompt("again")).info).toMatchObject({ finish: "stop" })
    for (const { info } of await w.transcript())
      if (info.role === "assistant") expect(info.time.completed).toBeDefined()
    expect(w.home.store.inbox.unanswered(id)).toEqual([])
  }
  expect(told).toEqual([])
}, 60_000)

test("a prompt that comes while an aborted turn is still ending is answered, not swallowed", async () => {
  await using w = await world({
    permission: "allow",
    model: ({ messages }) =>
      messages.at(-1)?.text === "something else"
        ? says("another answer")
        : calls("bash", { command: "trap '' TERM; echo begun; while :; do sleep 0.1; done" }),
  })
  const { id } = await w.session()
  const first = w.prompt("go")
  const second = w.engine.sessions.prompt(id, text("stop this too"))
  await w.happened("message.part.updated", ({ part }) => part.type === "tool" && part.state.status === "running")
  const { answer: behind } = await second
  const aborting = w.engine.sessions.abort(id)
  await Promise.resolve()
  const { answer } = await w.engine.sessions.prompt(id, text("something else"))

  expect(await aborting).toBe(true)
  expect((await first).info).toMatchObject({ error: { name: "MessageAbortedError" } })
  expect((await behind)?.info).toMatchObject({ error: { name: "MessageAbortedError" } })
  expect((await answer)?.info).toMatchObject({ finish: "stop" })
  expect(w.engine.sessions.status()).toEqual({})
})

test("a prompt that comes right after an abort is answered, at whatever moment that was", async () => {
  const { log, told } = complaints()
  await using w = await world({ log, model: () => says("done") })
  const { sessions } = w.engine
  for (let moment = 0; moment < MOMENTS; moment += 2) {
    const { id } = await sessions.create({})
    const first = unlessRefused(sessions.prompt(id, text("go")))
    await pass(moment)
    const [, { answer }] = await Promise.all([sessions.abort(id), sessions.prompt(id, text("something else"))])
    expect((await answer)?.info, `moment ${moment}`).toMatchObject({ finish: "stop" })
    await first
    expect(sessions.status()).toEqual({})
    expect(w.home.store.inbox.unanswered(id)).toEqual([])
  }
  expect(told).toEqual([])
}, 60_000)

test("a command of a person that is aborted at any moment ends, and what is prompted afterwards is answered", async () => {
  const { log, told } = complaints()
  await using w = await busyWorld(log)
  const { sessions } = w.engine
  for (let moment = 0; moment < MOMENTS; moment++) {
    const { id } = await sessions.create({})
    const typed = w.engine.runShell(id, { agent: "build", command: "sleep 60" })
    await pass(moment)
    // Before anything of it is on record there is nothing to abort.
    while (!(await sessions.abort(id))) await new Promise(setImmediate)
    const { answer } = await sessions.prompt(id, text("go"))
    expect((await answer)?.info, `moment ${moment}`).toMatchObject({ endReason: "stop" })
    expect((await typed).info).toMatchObject({ time: { completed: expect.any(Number) } })
    expect(sessions.status()).toEqual({})
  }
  expect(told).toEqual([])
}, 60_000)
