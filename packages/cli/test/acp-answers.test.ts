import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { acpEditor, type Said } from "@opencode/testing/acp-editor.ts"
import { calls, says, script } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { textIn } from "./acp-told.ts"
import { modelScript } from "./shared.ts"

// What editors answer to our questions that no library would, and what they ask that is too much.

const line = (message: object): string => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`
const isDialog = ({ method }: Said): boolean => method === "session/request_permission"
const never = (): Promise<never> => new Promise(() => {})

const yes = { result: { outcome: { outcome: "selected", optionId: "once" } } }
const no = { result: { outcome: { outcome: "selected", optionId: "reject" } } }

test.each([
  ["nothing", [{}], false],
  ["null", [{ result: null }], false],
  ["a number", [{ result: 3 }], false],
  ["an outcome without its option", [{ result: { outcome: { outcome: "selected" } } }], false],
  ["a list of outcomes", [{ result: [yes.result] }], false],
  ["the option alone", [{ result: { outcome: "once" } }], false],
  ["an error", [{ error: { code: -32603, message: "no window" } }], false],
  ["an error that is a text", [{ error: "no window" }], false],
  ["a yes with an error of null", [{ ...yes, error: null }], true],
  ["a yes and then a no", [yes, no], true],
  ["a no and then a yes", [no, yes], false],
])("a dialog that is answered with %s", async (_, answers: object[], isAllowed) => {
  await using at = await modelScript(script(calls("bash", { command: "touch made" }), says("done"), says("here")), {
    config: { permission: { bash: "ask" } },
  })
  const editor = await acpEditor(at, { permission: never })
  const id = await editor.session()
  const answer = editor.prompt(id, "go")
  const dialog = await editor.hears(isDialog)
  for (const given of answers) editor.raw(line({ id: dialog.id, ...given }))
  expect(await answer).toMatchObject({ stopReason: "end_turn" })
  expect(existsSync(join(at.project, "made"))).toBe(isAllowed)
  expect(await editor.prompt(id, "still there?")).toMatchObject({ stopReason: "end_turn" })
  expect(editor.said.filter(({ error }) => error)).toEqual([])
  expect(editor.breaches).toEqual([])
})

test("a file is changed also where the editor said that it writes files, and cannot", async () => {
  await using at = await modelScript(
    script(
      calls("read", { filePath: "a.txt" }),
      calls("edit", { filePath: "a.txt", oldString: "one", newString: "1" }),
      says("done"),
    ),
    { files: { "a.txt": "one\n" }, config: { permission: { edit: "ask" } } },
  )
  const editor = await acpEditor(at, {
    capabilities: { fs: { writeTextFile: true } },
    write: () => Promise.reject(new Error("read only")),
  })
  expect(await editor.prompt(await editor.session(), "change it")).toMatchObject({ stopReason: "end_turn" })
  expect(readFileSync(join(at.project, "a.txt"), "utf8")).toBe("1\n")
  await editor.printed("The client did not write")
  expect(editor.breaches).toEqual([])
})

test("dialogs of several sessions are open at once, and each answer is for its own", async () => {
  await using at = await modelScript(
    (request) =>
      request.messages.some(({ role }) => role === "tool")
        ? says("done")
        : calls("bash", { command: `touch ${request.messages.at(-1)?.text}` }),
    { config: { permission: { bash: "ask" } } },
  )
  const editor = await acpEditor(at, { permission: never })
  const ids = [await editor.session(), await editor.session(), await editor.session()]
  const answers = ids.map((id, index) => editor.prompt(id, `file${index}`))
  const dialogs = await Promise.all(
    ids.map((id) => editor.hears((said) => isDialog(said) && said.params.sessionId === id)),
  )
  editor.raw(line({ id: dialogs[2]!.id, ...yes }))
  editor.raw(line({ id: dialogs[0]!.id, ...no }))
  expect(await answers[0]).toMatchObject({ stopReason: "end_turn" })
  expect(await answers[2]).toMatchObject({ stopReason: "end_turn" })
  await editor.tell("session/cancel", { sessionId: ids[1]! })
  expect(await answers[1]).toMatchObject({ stopReason: "cancelled" })
  expect(ids.map((_, index) => existsSync(join(at.project, `file${index}`)))).toEqual([false, false, true])
  expect(editor.breaches).toEqual([])
})

test("when the editor goes in the middle of a dialog, nothing that it was about is done", async () => {
  await using at = await modelScript(script(calls("bash", { command: "touch made" }), says("done")), {
    config: { permission: { bash: "ask" } },
  })
  const editor = await acpEditor(at, { permission: never })
  // Nobody is left to hear how it ended.
  editor.prompt(await editor.session(), "go").catch(() => {})
  await editor.hears(isDialog)
  expect(await editor.leave()).toMatchObject({ code: 0, stderr: "" })
  expect(existsSync(join(at.project, "made"))).toBe(false)
  expect(editor.breaches).toEqual([])
})

test("a large prompt is answered; one that is larger than a line may be is refused, and the session goes on", async () => {
  await using at = await modelScript(() => says("here"))
  const editor = await acpEditor(at)
  const id = await editor.session()
  const megabytes = (count: number): string => "a word ".repeat((count * 1024 * 1024) / 7)
  expect(await editor.prompt(id, megabytes(8))).toMatchObject({ stopReason: "end_turn" })
  await expect(editor.prompt(id, megabytes(33))).rejects.toMatchObject({ code: -32600 })
  expect(await editor.prompt(id, "still there?")).toMatchObject({ stopReason: "end_turn" })
  expect(editor.breaches).toEqual([])
})

test("a session that is loaded many times at once while it is prompted is told what was said once each time", async () => {
  await using at = await modelScript(script(says("first"), says("second", { delayMs: 20 })))
  const editor = await acpEditor(at)
  const id = await editor.session()
  await editor.prompt(id, "one")
  const place = { sessionId: id, cwd: at.project, mcpServers: [] }
  const before = editor.updates(id).length
  const answer = editor.prompt(id, "two")
  const loads = [1, 2, 3].map(() => editor.ask("session/load", place))
  expect(await answer).toMatchObject({ stopReason: "end_turn" })
  await Promise.all(loads)
  expect(textIn(editor.updates(id).slice(before)).match(/first/g)).toHaveLength(3)
  expect(editor.breaches).toEqual([])
})
