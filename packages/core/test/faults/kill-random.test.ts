import { isLong } from "@opencode/testing/effort.ts"
import fc from "fast-check"
import { afterAll, beforeAll, expect, test } from "vitest"
import { expectNothingLost, turnWorld } from "./aftermath.ts"
import { turnProgram, type TurnProgram } from "./turn-process.ts"

/** `npm run test:long` looks ten times as far. */
const KILLS = isLong ? 200 : 20
/** From the prompt to its answer on a quiet machine, and some more. */
const TURN_MS = 900
/** Most of a turn is waiting, so the machine is not full with several. */
const AT_ONCE = 3

let program: TurnProgram
beforeAll(async () => void (program = await turnProgram()), 60_000)
afterAll(() => program[Symbol.asyncDispose]())

async function killAfter(ms: number): Promise<boolean> {
  await using w = await turnWorld(5)
  const { id } = await w.session()
  const died = program.start(w, id, { text: "go" })
  await died.says("ready")
  // The moment is the point: no condition says where it may fall.
  await new Promise((resolve) => setTimeout(resolve, ms))
  await died.kill()
  expect(died.errors()).toBe("")
  if (ms % 2) await w.restart()
  await expectNothingLost(w, id, died).catch((error: Error) => {
    throw new Error(`killed after ${ms} ms, having said ${died.said.join(", ")}: ${error.message}`, { cause: error })
  })
  return died.said.includes("admitted") && !died.said.includes("answered")
}

test(
  `kill -9 at any of ${KILLS} random moments of a turn loses nothing and repeats nothing`,
  async () => {
    const moments = fc.sample(fc.integer({ min: 0, max: TURN_MS }), KILLS)
    let inTheMiddle = 0
    const kill = async (): Promise<void> => {
      for (let ms = moments.pop(); ms !== undefined; ms = moments.pop()) if (await killAfter(ms)) inTheMiddle++
    }
    await Promise.all(Array.from({ length: AT_ONCE }, kill))
    expect(inTheMiddle).toBeGreaterThan(KILLS / 10)
  },
  15_000 + KILLS * 5_000,
)
