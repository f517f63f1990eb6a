import { existsSync } from "node:fs"
import type { World } from "@opencode/testing/world.ts"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import { expectNothingLost, turnWorld } from "./aftermath.ts"
import { turnProgram, type TurnProcess, type TurnProgram } from "./turn-process.ts"

let program: TurnProgram
beforeAll(async () => void (program = await turnProgram()), 60_000)
afterAll(() => program[Symbol.asyncDispose]())

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
])("kill -9 %s", async (when, moment) => {
  await using w = await turnWorld(80)
  const { id } = await w.session()
  const died = program.start(w, id, { text: "go" })
  await died.says("admitted")
  await moment(w)
  await died.kill()
  expect(died.said).toEqual(["ready", "admitted"])
  if (when === "while a command ran") {
    expect(w.home.store.intents.unfinished(id)).toMatchObject([{ tool: "bash" }])
  }
  await w.restart()
  await expectNothingLost(w, id, died)
})
