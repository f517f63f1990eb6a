import { says } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

const text = (content: string) => ({ parts: [{ type: "text" as const, text: content }] })

/** One moment after the other around the place where a turn gathers what it shows and puts its answer on record. */
const MOMENTS = 80

test("whenever a second prompt comes, it is shown before the answer that knows it and never after", async () => {
  await using w = await world({ model: () => says("done") })
  const told = new Set<string>()
  for (let moment = 0; moment < MOMENTS; moment++) {
    const { id } = await w.engine.sessions.create({})
    const before = w.model.requests.length
    const one = w.engine.sessions.prompt(id, text("one"))
    for (let n = 0; n < moment; n++) await Promise.resolve()
    const two = w.engine.sessions.prompt(id, text("two"))
    const answers = await Promise.all([one, two].map(async (prompt) => (await prompt).answer))
    expect(answers.every((answer) => answer?.info.role === "assistant")).toBe(true)
    const requests = w.model.requests.slice(before)
    told.add(requests.map(({ messages }) => messages.map((message) => message.text).join(" ")).join(" | "))
    expect(w.home.store.inbox.unanswered(id)).toEqual([])
  }
  const either = ["one two", "two one", "one | one done two", "two | two done one"]
  expect([...told].filter((requests) => !either.includes(requests))).toEqual([])
})
