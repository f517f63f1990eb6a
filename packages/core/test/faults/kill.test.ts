import { existsSync } from "node:fs"
import { calls, says, thinks } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { compile } from "../../src/turn/compile.ts"
import { FAMILIES, modelOf, TOOLS } from "../turn/history.ts"
import { broken } from "../turn/rules.ts"
import { turnProgram, type TurnProcess, type TurnProgram } from "./turn-process.ts"

let program: TurnProgram
beforeAll(async () => void (program = await turnProgram()), 60_000)
afterAll(() => program[Symbol.asyncDispose]())

const LAST = "the last words come one by one, ".repeat(8)

/** Makes the next call whose result it does not have yet, so that a turn that begins anew goes on sensibly. */
function turnWorld(delayMs = 1): Promise<World> {
  const steps = [
    calls("read", { filePath: "a.txt" }),
    calls("edit", { filePath: "a.txt", oldString: "one", newString: "two" }),
    calls("bash", { command: "echo ran >> ran.txt; sleep 0.3" }),
  ]
  return world({
    permission: "allow",
    files: { "a.txt": "one\n" },
    model: ({ messages }) => {
      if (messages.some((message) => message.text.includes("and now"))) return says("fine")
      const results = messages.flatMap((message) => message.toolResults)
      return steps[results.length] ?? thinks("well", says(LAST, { delayMs }))
    },
  })
}

/** What must hold whenever it died, and whatever it was doing. */
async function expectNothingLost(w: World, sessionID: string, died: TurnProcess): Promise<void> {
  const { sessions } = w.engine
  const { store } = w.home
  const intents = store.intents.unfinished(sessionID)
  expect(store.integrityCheck()).toEqual([])

  // Everybody comes back at once.
  const [transcript] = await Promise.all([
    sessions.messages(sessionID),
    sessions.messages(sessionID),
    store.messages.list(sessionID)[0] && sessions.message(sessionID, store.messages.list(sessionID)[0]?.info.id ?? ""),
  ])
  const prompts = transcript.filter(({ info }) => info.role === "user")
  if (died.said.includes("admitted")) expect(prompts).toHaveLength(1)
  for (const prompt of prompts) expect(prompt.parts).toMatchObject([{ type: "text", text: "go" }])

  // A prompt that nothing was done for is answered now, since somebody has come.
  await expect.poll(() => sessions.status(), { timeout: 10_000 }).toEqual({})
  const closed = await sessions.messages(sessionID)
  if (prompts.length) expect(closed.some(({ info }) => info.role === "assistant")).toBe(true)
  for (const { info, parts } of closed) {
    if (info.role === "assistant") expect(info.time.completed).toBeDefined()
    for (const part of parts) {
      if (part.type === "text" || part.type === "reasoning")
        expect(part.time?.end ?? part.time?.start).toBe(part.time?.end)
      if (part.type === "tool") expect(["completed", "error"]).toContain(part.state.status)
    }
  }
  for (const { callID, messageID } of intents) {
    const part = closed
      .find(({ info }) => info.id === messageID)
      ?.parts.find((candidate) => candidate.type === "tool" && candidate.callID === callID)
    expect(part).toMatchObject({ state: { status: "error", error: expect.stringMatching(/unknown/) } })
  }
  expect(store.intents.unfinished(sessionID)).toEqual([])
  expect(store.inbox.unanswered(sessionID)).toEqual([])
  expect(store.messages.list(sessionID)).toEqual(closed)
  for (const npm of FAMILIES) {
    const model = modelOf(npm)
    expect(broken(compile({ system: [], messages: closed, tools: TOOLS, model }), model)).toEqual([])
  }

  const { answer } = await sessions.prompt(sessionID, { parts: [{ type: "text", text: "and now?" }] })
  expect((await answer)?.info).toMatchObject({ finish: "stop" })
  expect(sessions.status()).toEqual({})
  expect(w.model.unexpected).toEqual([])
  const ran = w.files().includes("ran.txt") ? w.read("ran.txt").trim().split("\n").length : 0
  expect(ran).toBeLessThanOrEqual(1)
  expect(store.integrityCheck()).toEqual([])
}

test("kill -9 before any commit of a turn loses no prompt, repeats no unsafe call and leaves a legal transcript", async () => {
  let died: TurnProcess
  let n = 0
  do {
    n++
    await using w = await turnWorld()
    const { id } = await w.session()
    died = program.start(w, id, { text: "go", dieBefore: n })
    await died.ended
    expect(died.errors()).toBe("")
    if (n % 2) await w.restart()
    await expectNothingLost(w, id, died).catch((error: Error) => {
      throw new Error(`before commit ${n}: ${error.message}`, { cause: error })
    })
  } while (!died.said.includes("answered"))
  expect(n).toBeGreaterThan(8)
}, 120_000)

test.each<[string, (w: World) => Promise<unknown>]>([
  ["right after it was admitted", async () => {}],
  ["while the model was asked first", (w) => w.model.received(1)],
  ["while the model was asked again", (w) => w.model.received(2)],
  ["while a command ran", (w) => vi.waitFor(() => expect(existsSync(`${w.project}/ran.txt`)).toBe(true), 10_000)],
  [
    "after a checkpoint of the last answer",
    async (w) => {
      const { id } = await w.session()
      const isStored = () =>
        w.home.store.messages
          .list(id)
          .some(({ info, parts }) => info.role === "assistant" && parts.some(({ type }) => type === "text"))
      await vi.waitFor(() => expect(isStored()).toBe(true), 15_000)
    },
  ],
])(
  "kill -9 %s",
  async (when, moment) => {
    await using w = await turnWorld(80)
    const { id } = await w.session()
    const died = program.start(w, id, { text: "go" })
    await died.says("admitted")
    await moment(w)
    await died.kill()
    expect(died.said).toEqual(["admitted"])
    if (when === "while a command ran") {
      expect(w.home.store.intents.unfinished(id)).toMatchObject([{ tool: "bash" }])
    }
    await w.restart()
    await expectNothingLost(w, id, died)
  },
  30_000,
)

test("a session that another living process works on is busy here, and its turn is left alone", async () => {
  await using w = await turnWorld()
  const { id } = await w.session()
  const other = program.start(w, id, { text: "go" })
  await other.says("admitted")
  await w.model.received(2)

  const { sessions } = w.engine
  const seen = await Promise.all([sessions.messages(id), sessions.messages(id)])
  expect(seen[0]?.length).toBeGreaterThan(1)
  await expect(w.prompt("me too")).rejects.toMatchObject({ code: "busy" })
  await other.ended
  expect(other.said).toEqual(["admitted", "answered"])
  expect(other.errors()).toBe("")

  const transcript = await w.transcript()
  expect(transcript.filter(({ info }) => info.role === "user")).toHaveLength(1)
  for (const { info } of transcript) if (info.role === "assistant") expect(info.error).toBeUndefined()
  expect((await w.calls()).map((call) => call.state.status)).toEqual(["completed", "completed", "completed"])
  expect(w.read("ran.txt")).toBe("ran\n")
  expect((await w.prompt("and now?")).info).toMatchObject({ finish: "stop" })
}, 30_000)
