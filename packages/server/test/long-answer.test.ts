import { assistantMessage, textPart } from "../../core/test/store/world.ts"
import { expect, test } from "vitest"
import { served } from "./served.ts"

/** More than a history must have to be kept in memory, and more text than is zipped at once. */
const MESSAGES = 100
const TEXT = "said ".repeat(200)

test("a long history is answered as it is at that moment, zipped or not, however often it is read", async () => {
  await using s = await served()
  const { id } = (await (await s.fetch("/session", { method: "POST" })).json()) as { id: string }
  const say = (text: string, count: number) =>
    s.world.home.store.write((tx) => {
      for (let n = 0; n < count; n++) {
        const message = assistantMessage(`${text}_${n}`, id, "msg_q")
        s.world.home.store.messages.put(tx, message)
        s.world.home.store.parts.put(tx, textPart(`${text}_${n}`, message, `${text} ${n} ${TEXT}`))
      }
    })
  const read = async (coding: string) => {
    const answer = await s.fetch(`/session/${id}/message`, { headers: { "accept-encoding": coding } })
    expect(answer.headers.get("content-type")).toBe("application/json")
    expect(answer.headers.get("content-encoding")).toBe(coding === "gzip" ? "gzip" : null)
    return (await answer.json()) as unknown[]
  }
  for (const [round, text] of ["first", "second", "third"].entries()) {
    await say(text, MESSAGES)
    const page = await (await s.fetch(`/session/${id}/message?limit=1000`)).json()
    expect(page).toHaveLength(MESSAGES * (round + 1))
    for (const coding of ["gzip", "identity", "gzip"]) expect(await read(coding)).toEqual(page)
    expect(await Promise.all([read("gzip"), read("gzip"), read("identity")])).toEqual([page, page, page])
  }
})
