import { rememberedAnswer } from "@opencode/core/lib/remembered-answer.ts"
import { expect, test } from "vitest"

test("an answer is worked out once for each key, also for those who ask at the same time", async () => {
  let times = 0
  const answer = rememberedAnswer(async ({ name }: { name: string }) => `${name} ${++times}`)
  const [one, other] = [{ name: "one" }, { name: "other" }]
  expect(await Promise.all([answer(one), answer(one), answer(other)])).toEqual(["one 1", "one 1", "other 2"])
  expect(await answer(one)).toBe("one 1")
})

test("an attempt that failed is told to those who waited for it, and not kept for those who come later", async () => {
  let times = 0
  const answer = rememberedAnswer(async (_: object) => {
    times++
    if (times === 1) throw new Error("not now")
    return times
  })
  const key = {}
  const first = await Promise.allSettled([answer(key), answer(key)])
  expect(first.map(({ status }) => status)).toEqual(["rejected", "rejected"])
  expect(await answer(key)).toBe(2)
  expect(await answer(key)).toBe(2)
})
