import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { calls, says, script, stalls, streams } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { dataOf, served } from "./served.ts"

const text = (words: string) => [{ type: "text" as const, text: words }]

test("the published SDKs revert, restore and ask for the changes", async () => {
  await using s = await served({
    permission: "allow",
    files: { "a.txt": "one\n" },
    model: script(
      calls("edit", { filePath: "a.txt", oldString: "one", newString: "two" }),
      calls("bash", { command: "echo b > b.txt" }),
      says("Done."),
      says("Again."),
    ),
  })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const answer = await dataOf(s.v2.session.prompt({ sessionID, parts: text("go") }))
  const messageID = answer.info.role === "assistant" ? answer.info.parentID : ""
  const diff = await dataOf(s.v2.session.diff({ sessionID, messageID }))
  expect(diff).toEqual([
    { file: "a.txt", status: "modified", additions: 1, deletions: 1, patch: expect.stringContaining("-one\n+two\n") },
    { file: "b.txt", status: "added", additions: 1, deletions: 0, patch: expect.stringContaining("+b\n") },
  ])
  expect(await dataOf(s.v2.session.diff({ sessionID }))).toEqual(diff)

  const reverted = await dataOf(s.v2.session.revert({ sessionID, messageID }))
  expect(reverted).toMatchObject({
    id: sessionID,
    revert: { messageID, snapshot: expect.any(String), diff: expect.stringContaining("+one\n") },
    summary: { additions: 0, deletions: 0, files: 0 },
    undo: { action: "revert", files: [{ status: "restored" }, { status: "restored", observed: true }] },
  })
  expect(readFileSync(join(s.world.project, "a.txt"), "utf8")).toBe("one\n")
  expect(existsSync(join(s.world.project, "b.txt"))).toBe(false)
  expect(await dataOf(s.v2.session.messages({ sessionID }))).toHaveLength(4)
  expect(await dataOf(s.v2.session.diff({ sessionID }))).toEqual([])

  const back = await dataOf(s.v1.session.unrevert({ path: { id: sessionID } }))
  expect(back).not.toHaveProperty("revert")
  expect(readFileSync(join(s.world.project, "a.txt"), "utf8")).toBe("two\n")

  writeFileSync(join(s.world.project, "b.txt"), "mine")
  const again = await dataOf(s.v1.session.revert({ path: { id: sessionID }, body: { messageID } }))
  expect(again).toMatchObject({ undo: { files: [{ status: "refused" }, { status: "restored" }] } })
  await dataOf(s.v2.session.prompt({ sessionID, parts: text("once more") }))
  expect(await dataOf(s.v2.session.messages({ sessionID }))).toHaveLength(2)
  expect(readFileSync(join(s.world.project, "b.txt"), "utf8")).toBe("mine")
})

test("the published SDK pages through a reverted session: what was taken back is listed until the next prompt", async () => {
  await using s = await served({ model: script(says("1"), says("2"), says("3"), says("4")) })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const prompted = async (words: string) => dataOf(s.v2.session.prompt({ sessionID, parts: text(words) }))
  const ids = async () => (await dataOf(s.v2.session.messages({ sessionID }))).map(({ info }) => info.id)
  /** Newest page first, as a client goes back. */
  const pages = async () => {
    const found: string[][] = []
    for (let before: string | undefined; ;) {
      const { data, response } = await s.v2.session.messages({ sessionID, limit: 4, ...(before ? { before } : {}) })
      found.push(data!.map(({ info }) => info.id))
      before = response.headers.get("x-next-cursor") ?? undefined
      if (before === undefined) return found
    }
  }
  for (const words of ["one", "two", "three"]) await prompted(words)
  const all = await ids()
  const [, , point] = all
  expect(all).toHaveLength(6)
  await dataOf(s.v2.session.revert({ sessionID, messageID: point! }))
  expect(await ids()).toEqual(all)
  expect(await pages()).toEqual([all.slice(2), all.slice(0, 2)])
  const untilPoint = await dataOf(s.v2.session.messages({ sessionID, limit: 10, before: point! }))
  expect(untilPoint.map(({ info }) => info.id)).toEqual(all.slice(0, 2))

  await prompted("four")
  const after = await ids()
  expect(after).toHaveLength(4)
  expect(after.slice(0, 2)).toEqual(all.slice(0, 2))
  expect(await pages()).toEqual([after])
  expect((await s.v2.session.messages({ sessionID, limit: 4, before: point! })).response.status).toBe(404)
})

test("what cannot be reverted is answered as the contract says", async () => {
  await using s = await served({ model: script(says("ok"), stalls(streams(3), 3)) })
  const { id: sessionID } = await dataOf(s.v2.session.create())
  const answer = await dataOf(s.v2.session.prompt({ sessionID, parts: text("go") }))
  const messageID = answer.info.id
  const status = async (path: string, body: unknown) => (await s.post(`/session/${path}`, body)).status
  expect(await status("ses_none/revert", { messageID })).toBe(404)
  expect(await status(`${sessionID}/revert`, { messageID: "msg_none" })).toBe(404)
  expect(await status(`${sessionID}/revert`, { messageID, partID: "prt_none" })).toBe(404)
  expect(await status(`${sessionID}/revert`, {})).toBe(400)
  expect((await s.fetch(`/session/${sessionID}/diff?messageID=msg_none`)).status).toBe(404)
  expect((await s.fetch(`/session/${sessionID}/diff?messageID=5`)).status).toBe(400)
  expect(await dataOf(s.v2.session.unrevert({ sessionID }))).toMatchObject({ id: sessionID })

  const running = s.v2.session.prompt({ sessionID, parts: text("more") })
  await s.world.happened("message.part.delta", (delta) => delta.messageID !== messageID)
  for (const call of ["revert", "unrevert"]) {
    const busy = await s.post(`/session/${sessionID}/${call}`, { messageID })
    expect(busy.status).toBe(409)
    expect(await busy.json()).toMatchObject({ _tag: "SessionBusyError", sessionID })
  }
  await s.v2.session.abort({ sessionID })
  await running
})
