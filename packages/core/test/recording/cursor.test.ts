import { expect, test } from "vitest"
import { createCursor, Stalled } from "../../src/recording/cursor.ts"
import type { Entry, Happening } from "../../src/recording/entry.ts"

const entries = (...happenings: Happening[]): Entry[] => happenings.map((each, t) => ({ t, ...each }))
const nobody = { send: async () => {}, close: () => {} }
const folder = { k: "folder", directory: "/", worktree: "/", projectID: "global" } as const

test("what came from outside comes in its order, whoever waits first", async () => {
  const cursor = createCursor(
    entries(
      { k: "request", n: 1, to: "", body: {} },
      { k: "request", n: 2, to: "", body: {} },
      { k: "chunk", n: 2, text: "second's" },
      { k: "chunk", n: 1, text: "first's" },
    ),
  )
  const came: string[] = []
  for (const n of [1, 2]) {
    cursor.did(`request ${n}`)
    void cursor.take(`request ${n}`).then((entry) => came.push(entry.k === "chunk" ? entry.text : entry.k))
  }
  await cursor.play(nobody)
  expect(came).toEqual(["second's", "first's"])
})

test("an input waits until the program has done what it had done by then", async () => {
  const cursor = createCursor(
    entries(
      { k: "mark", what: "asked ses_1 1" },
      { k: "input", n: 1, method: "POST", target: "/reply", directory: "/" },
    ),
  )
  const order: string[] = []
  const playing = cursor.play({ ...nobody, send: async ({ target }) => void order.push(target) })
  await new Promise((resolve) => setImmediate(resolve))
  order.push("asked")
  cursor.did("asked ses_1 1")
  await playing
  expect(order).toEqual(["asked", "/reply"])
})

test("pieces of an answer that nobody wants any more are passed over", async () => {
  const cursor = createCursor(
    entries({ k: "chunk", n: 1, text: "late" }, { k: "end", n: 1, left: true }, folder, { k: "mark", what: "idle" }),
  )
  cursor.leave("request 1")
  cursor.did("idle")
  await cursor.play(nobody)
})

test("an abort ends a wait, and the next who waits under that name gets the entry", async () => {
  const cursor = createCursor(entries({ k: "slept", lane: "turn" }))
  const aborted = cursor.take("slept turn", AbortSignal.abort(new Error("enough")))
  await expect(aborted).rejects.toThrow("enough")
  const controller = new AbortController()
  const waiting = cursor.take("slept turn", controller.signal)
  controller.abort(new Error("enough of this too"))
  await expect(waiting).rejects.toThrow("enough of this too")
  const next = cursor.take("slept turn")
  await cursor.play(nobody)
  expect(await next).toMatchObject({ k: "slept" })
})

test("a program that goes another way is given up with a word about what was awaited", async () => {
  const cursor = createCursor(entries({ k: "mark", what: "busy ses_1 1" }), 20)
  const playing = cursor.play(nobody)
  await expect(playing).rejects.toThrow(Stalled)
  await expect(playing).rejects.toThrow("The recording goes on with busy ses_1 1, and the program does not.")
})

test("at the end whoever still waits is let go", async () => {
  const cursor = createCursor([])
  const waiting = cursor.take("what was cut off")
  cursor.end()
  await expect(waiting).rejects.toMatchObject({ name: "AbortError" })
  await expect(cursor.take("more")).rejects.toThrow("over")
})
