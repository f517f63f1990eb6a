import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { turnProgram } from "../faults/turn-process.ts"
import { calls, says, script } from "@opencode/testing/script.ts"

test("a session is read as it is listed, and its folder stays closed", async () => {
  await using w = await world()
  const { id } = await w.session()
  const metadata = { note: 'a bare "revert": in a text', "__proto__ ": "\uD800 \u0000 ü" }
  await w.engine.sessions.update(id, { title: 'she said "revert": so', metadata, time: { archived: 5 } })
  const session = w.engine.sessions.get(id)
  await w.restart({ reopen: false })
  const text = await w.engines.readText(id)
  expect(`[${text}]`).toBe(w.home.store.sessions.listText({}))
  expect(JSON.parse(text)).toEqual(session)
  expect(await w.engines.open()).toEqual([])
})

test("a member of another's making that is called revert changes nothing of what is read", async () => {
  await using w = await world()
  const { id } = await w.session()
  await w.engine.sessions.update(id, { metadata: { revert: { messageID: "msg_none" } } })
  expect(`[${await w.engines.readText(id)}]`).toBe(w.home.store.sessions.listText({}))
})

test("a session whose undoing a crash cut short is read when that is finished", async () => {
  await using reverts = await turnProgram(
    "(engine) => engine.undo.revert(sessionID, { messageID: text }).then(() => ({}))",
  )
  await using w = await world({
    permission: "allow",
    files: { "a.txt": "one\n" },
    model: script(calls("edit", { filePath: "a.txt", oldString: "one", newString: "two" }), says("ok")),
  })
  await w.prompt("go")
  const { id } = await w.session()
  const [prompt] = await w.transcript()
  // After the commits that take the session and begin; the files are done, and that is not told.
  await reverts.start(w, id, { text: prompt!.info.id, dieBefore: 3 }).ended
  await w.restart({ reopen: false })
  expect(JSON.parse(w.home.store.sessions.text(id)!)).not.toHaveProperty("undo")
  expect(JSON.parse(await w.engines.readText(id))).toMatchObject({ undo: { action: "revert" }, summary: { files: 0 } })
}, 60_000)

test("who is not there is not found, whatever is asked", async () => {
  await using w = await world()
  await expect(w.engines.readText("ses_none")).rejects.toMatchObject({ code: "session_not_found" })
})
