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
