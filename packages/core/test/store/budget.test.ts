import { expect, test } from "vitest"
import { assistantMessage, session, temporaryFolder, textPart, toolPart, userMessage } from "./world.ts"

/** The budgets are for a quiet machine; a shared one may take this much longer before it means anything. */
const SLACK = 4

const best = (times: number[]) => Math.min(...times)
const timed = async (body: () => unknown) => {
  const started = performance.now()
  await body()
  return performance.now() - started
}

test("storing a message, listing a hundred and opening stay within their budgets", async () => {
  await using folder = await temporaryFolder()
  const store = await folder.open()
  const { write, sessions, messages, parts } = store
  await write((tx) => {
    sessions.insert(tx, session("a"))
    messages.put(tx, userMessage("q", "ses_a"))
  })

  const put = (n: number) =>
    write((tx) => {
      const message = assistantMessage(`m${n}`, "ses_a", "msg_q")
      messages.put(tx, message)
      for (let p = 0; p < 5; p++)
        parts.put(
          tx,
          p < 3
            ? textPart(`${n}_${p}`, message, "word ".repeat(50))
            : toolPart(`${n}_${p}`, message, "line\n".repeat(100)),
        )
    })
  for (let n = 0; n < 200; n++) await put(n)
  const before = process.cpuUsage()
  for (let n = 200; n < 1200; n++) await put(n)
  const spent = process.cpuUsage(before)
  const cpuPerPut = (spent.user + spent.system) / 1000 / 1000

  const listing: number[] = []
  for (let n = 0; n < 10; n++)
    listing.push(await timed(() => expect(messages.list("ses_a", { limit: 100 })).toHaveLength(100)))
  await store.close()
  const opening: number[] = []
  for (let n = 0; n < 5; n++) {
    opening.push(await timed(async () => (await folder.open()).sessions.get("ses_a")))
  }

  expect(cpuPerPut).toBeLessThan(0.5 * SLACK)
  expect(best(listing)).toBeLessThan(10 * SLACK)
  expect(best(opening)).toBeLessThan(15 * SLACK)
})
