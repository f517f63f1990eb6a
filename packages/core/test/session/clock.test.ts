import { calls, says } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { afterEach, expect, test, vi } from "vitest"

const HOUR_MS = 3_600_000

afterEach(() => vi.useRealTimers())

/** A clock that was set back, as after a suspend or by the network's time: only what `Date` says. */
const setClock = (to: number): void => {
  vi.useFakeTimers({ toFake: ["Date"], now: to })
}

const order = async (w: World): Promise<string[]> =>
  (await w.transcript()).map(({ info, parts }) => {
    const text = parts.flatMap((part) => (part.type === "text" ? [part.text] : [])).join()
    return `${info.role}: ${text}`
  })

test("a clock that steps back between prompts, in a turn and over a restart changes no order and answers nothing twice", async () => {
  const start = Date.UTC(2026, 10, 20, 12)
  setClock(start)
  await using w = await world({
    permission: "allow",
    model: ({ messages }) => {
      const last = messages.at(-1)
      if (last?.text !== "third" || last.toolResults.length) return says(`answer to ${last?.text || "the call"}`)
      setClock(start - 5 * HOUR_MS)
      return calls("bash", { command: "echo ran >> ran.txt" })
    },
  })
  await w.prompt("first")
  setClock(start - HOUR_MS)
  await w.prompt("second")
  setClock(start - 2 * HOUR_MS)
  await w.restart()
  await w.prompt("third")
  setClock(start + HOUR_MS)
  await w.restart()
  setClock(start - 9 * HOUR_MS)
  await w.prompt("fourth")

  const told = [
    "user: first",
    "assistant: answer to first",
    "user: second",
    "assistant: answer to second",
    "user: third",
    "assistant: ",
    "assistant: answer to the call",
    "user: fourth",
    "assistant: answer to fourth",
  ]
  expect(await order(w)).toEqual(told)
  expect(w.model.requests).toHaveLength(5)
  expect(w.model.unexpected).toEqual([])
  expect(w.read("ran.txt")).toBe("ran\n")
  const { id } = await w.session()
  expect(w.home.store.inbox.unanswered(id)).toEqual([])
  await w.restart()
  expect(await order(w)).toEqual(told)
  // Pages go by the store's order too.
  const newest = await w.engine.sessions.messages(id, { limit: 3 })
  const older = await w.engine.sessions.messages(id, { limit: 6, before: newest[0]?.info.id ?? "" })
  expect([...older, ...newest].map(({ info }) => info.id)).toEqual((await w.transcript()).map(({ info }) => info.id))
})

test("prompts that were admitted while the clock ran backwards are answered in the order in which they came", async () => {
  await using w = await world({ model: ({ messages }) => says(messages.map(({ text }) => text).join(" ")) })
  const { id } = await w.session()
  const now = Date.now()
  const admitted = []
  for (const [index, name] of ["one", "two", "three"].entries()) {
    setClock(now - index * HOUR_MS)
    admitted.push(w.engine.sessions.prompt(id, { parts: [{ type: "text", text: name }] }))
  }
  const answers = await Promise.all(admitted.map(async (prompt) => (await prompt).answer))
  expect(answers.every((answer) => answer?.info.role === "assistant")).toBe(true)
  const prompts = (await order(w)).filter((line) => line.startsWith("user"))
  expect(prompts).toEqual(["user: one", "user: two", "user: three"])
})
