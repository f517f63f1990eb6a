import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { isLong } from "@opencode/testing/effort.ts"
import { calls, streams } from "@opencode/testing/script.ts"
import fc from "fast-check"
import { expect, test } from "vitest"
import { dataOf, served, type Served } from "./served.ts"

/** More than a history must have to be kept in memory. */
const MESSAGES = 70
const RUNS = isLong ? 20 : 1
/** Pauses between the pieces of an answer, in which nothing changes and two readings can be compared. */
const DELAY_MS = 40
/** More than a row holds: such a part is a file. */
const LARGE = "l".repeat(70_000)

const act = fc.record({
  what: fc.constantFrom("part", "large", "drop part", "drop message", "revert", "unrevert", "fork", "title"),
  at: fc.nat(),
  text: fc.string({ unit: "grapheme" }),
})
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never

test(
  "whatever is written, changed and taken back meanwhile: what is kept reads as what is stored",
  async () => {
    await using s = await served({
      model: ({ number }) =>
        number % 2 === 1
          ? calls("read", { filePath: "a.txt" }, { text: "I look.", delayMs: DELAY_MS })
          : streams(8, "wörd 😀 ", { delayMs: DELAY_MS }),
      files: { "a.txt": "one\ntwo\n" },
      permission: "allow",
    })
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 25 }), async (acts) => {
        const [running, edited] = await Promise.all([filled(s), filled(s)])
        let isOver = false
        const until = async (work: () => Promise<unknown>) => {
          while (!isOver) await work()
        }
        const compared = { [running]: 0, [edited]: 0 }
        const reading = (sessionID: string) => async () => {
          if ((await isListed(s, sessionID)) && (await isAsStored(s, sessionID))) compared[sessionID]!++
        }
        const edits = async () => {
          for (const one of acts) await edit(s, edited, one)
          while (compared[running]! < 5 || compared[edited]! < 5) await reading(edited)()
          isOver = true
        }
        const ended = () => void (isOver = true)
        const all = [edits(), until(reading(running)), until(reading(edited)), until(() => say(s, running))]
        for (const one of all) one.catch(ended)
        await Promise.all(all)
        for (const sessionID of [running, edited])
          expect([await isListed(s, sessionID), await isAsStored(s, sessionID)]).toEqual([true, true])
      }),
      { numRuns: RUNS, endOnFailure: true },
    )
  },
  isLong ? 600_000 : 60_000,
)

/** A session in which much was said. */
async function filled(s: Served): Promise<string> {
  const { id: sessionID } = await dataOf(s.v2.session.create({ title: "long" }))
  const say = (text: string) => s.v2.session.prompt({ sessionID, noReply: true, parts: [{ type: "text", text }] })
  await Promise.all(Array.from({ length: MESSAGES }, (_, n) => say(`number ${n}`)))
  return sessionID
}

const say = (s: Served, sessionID: string) =>
  dataOf(s.v2.session.prompt({ sessionID, parts: [{ type: "text", text: "go on" }] }))

const textOf = async (s: Served, path: string): Promise<string> => {
  const answer = await s.fetch(path)
  expect(answer.status).toBe(200)
  return answer.text()
}

/** @returns false when something changed between two readings of what is stored, which says nothing */
async function isAsStored(s: Served, sessionID: string): Promise<boolean> {
  const path = `/session/${sessionID}/message`
  const stored = await textOf(s, `${path}?limit=100000`)
  const kept = await textOf(s, path)
  if (stored !== (await textOf(s, `${path}?limit=100000`))) return false
  expect(JSON.parse(kept)).toEqual(JSON.parse(stored))
  expect(kept).toBe(stored)
  return true
}

/** The same of the session itself: one is read by its id, the other in the list. */
async function isListed(s: Served, sessionID: string): Promise<boolean> {
  const listed = await textOf(s, "/session?limit=-1")
  const one = await textOf(s, `/session/${sessionID}`)
  if (listed !== (await textOf(s, "/session?limit=-1"))) return false
  expect(JSON.parse(listed)).toContainEqual(JSON.parse(one))
  return true
}

async function edit(s: Served, sessionID: string, { what, at, text }: Act): Promise<void> {
  const messages = JSON.parse(await textOf(s, `/session/${sessionID}/message?limit=100`)) as MessageWithParts[]
  const message = messages[at % messages.length]
  const part = message?.parts[0]
  if (!message) return
  const messageID = message.info.id
  const address = { sessionID, messageID }
  if ((what === "part" || what === "large") && part?.type === "text") {
    const changed = { ...part, text: what === "large" ? LARGE + text : text }
    await dataOf(s.v2.part.update({ ...address, partID: part.id, part: changed as never }))
  }
  if (what === "drop part" && part) await dataOf(s.v2.part.delete({ ...address, partID: part.id }))
  if (what === "drop message") await dataOf(s.v2.session.deleteMessage(address))
  if (what === "revert") await dataOf(s.v2.session.revert(address))
  if (what === "unrevert") await dataOf(s.v2.session.unrevert({ sessionID }))
  // A word of the program's own, in a member that is not its own.
  if (what === "title") await dataOf(s.v2.session.update({ sessionID, title: text, metadata: { revert: { text } } }))
  if (what === "fork") {
    const { id } = await dataOf(s.v2.session.fork(address))
    expect(await isAsStored(s, id)).toBe(true)
    await dataOf(s.v2.session.delete({ sessionID: id }))
  }
}
