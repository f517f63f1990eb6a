import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { acpEditor } from "@opencode/testing/acp-editor.ts"
import { calls, says, script } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { history, isUpdate } from "./acp-told.ts"
import { modelScript } from "./shared.ts"

test.each([
  ["once", "once", true],
  ["always", "always", true],
  ["reject", "reject", false],
  ["an outcome that is no choice", undefined, false],
  ["an option that was not offered", "sometimes", false],
])("a permission that is answered with %s", async (_, optionId, isAllowed) => {
  await using at = await modelScript(
    script(calls("bash", { command: "touch made" }), calls("bash", { command: "touch made" }), says("done")),
    { config: { permission: { bash: "ask" } } },
  )
  const asked: object[] = []
  const editor = await acpEditor(at, { permission: (request) => (asked.push(request), optionId) })
  const id = await editor.session()
  expect(await editor.prompt(id, "go")).toMatchObject({ stopReason: "end_turn" })
  expect(asked[0]).toMatchObject({
    sessionId: id,
    toolCall: { title: "touch made", kind: "execute", rawInput: { command: "touch made" } },
    options: [
      { optionId: "once", kind: "allow_once" },
      { optionId: "always", kind: "allow_always" },
      { optionId: "reject", kind: "reject_once" },
    ],
  })
  expect(existsSync(join(at.project, "made"))).toBe(isAllowed)
  // Once is asked again, always is not, and a no ends the turn.
  expect(asked).toHaveLength(optionId === "once" ? 2 : 1)
  expect(editor.breaches).toEqual([])
})

test("an edit is shown as a change of the whole file, and made by an editor that offers to", async () => {
  await using at = await modelScript(
    script(
      calls("read", { filePath: "a.txt" }),
      calls("edit", { filePath: "a.txt", oldString: "two", newString: "2" }),
      calls("write", { filePath: "new/b.txt", content: "fresh\n" }),
      says("done"),
    ),
    { files: { "a.txt": "one\ntwo\nthree\n" }, config: { permission: { edit: "ask" } } },
  )
  const written: string[] = []
  const asked: { toolCall: { content?: unknown } }[] = []
  const editor = await acpEditor(at, {
    capabilities: { fs: { writeTextFile: true, readTextFile: true } },
    permission: (request) => (asked.push(request), "once"),
    write({ path, content }) {
      written.push(path)
      // The first it saves, as editors do; of the second it keeps the text in a window and saves nothing.
      if (path.endsWith("a.txt")) writeFileSync(path, content)
    },
  })
  const id = await editor.session()
  expect(await editor.prompt(id, "change it")).toMatchObject({ stopReason: "end_turn" })

  const a = join(at.project, "a.txt")
  expect(asked[0]).toMatchObject({
    toolCall: {
      title: a,
      kind: "edit",
      locations: [{ path: a }],
      content: [{ type: "diff", path: a, oldText: "one\ntwo\nthree\n", newText: "one\n2\nthree\n" }],
    },
  })
  expect(written).toEqual([a, join(at.project, "new/b.txt")])
  expect(readFileSync(a, "utf8")).toBe("one\n2\nthree\n")
  expect(readFileSync(join(at.project, "new/b.txt"), "utf8")).toBe("fresh\n")
  expect(at.model.heard()).not.toContain("changed while this was waiting")
  expect(editor.breaches).toEqual([])
})

test("a subagent's question reaches the editor, and it is shown how the call went", async () => {
  await using at = await modelScript(
    script(
      calls("task", { description: "do it", prompt: "do the thing", subagent_type: "general" }),
      calls("bash", { command: "echo sub" }),
      says("sub done"),
      says("all done"),
    ),
    { config: { permission: { bash: "ask" } } },
  )
  const editor = await acpEditor(at)
  const id = await editor.session()
  expect(await editor.prompt(id, "delegate")).toMatchObject({ stopReason: "end_turn" })
  const ask = await editor.hears(({ method }) => method === "session/request_permission")
  expect(ask.params.sessionId).toBe(id)
  const of = editor.updates(id).filter((it) => "toolCallId" in it && it.toolCallId === ask.params.toolCall.toolCallId)
  expect(of.at(-1)).toMatchObject({ status: "completed", content: [{ content: { text: "sub\n" } }] })
  expect(editor.breaches).toEqual([])
})

test("a model's questions are a form where the editor shows forms; else the tool is not there", async () => {
  const questions = [{ question: "Which?", header: "Pick", options: [{ label: "A", description: "a" }] }]
  const model = (): Parameters<typeof modelScript>[0] => script(calls("question", { questions }), says("ok"))
  await using at = await modelScript(model())
  const plain = await acpEditor(at)
  await plain.prompt(await plain.session(), "ask me")
  expect(at.model.requests[0]?.tools).not.toContain("question")

  await using other = await modelScript(model())
  const editor = await acpEditor(other, {
    capabilities: { elicitation: { form: {} } },
    form: () => ({ action: "accept", content: { answer1: "A", own1: "and more" } }),
  })
  await editor.prompt(await editor.session(), "ask me")
  expect(other.model.heard()).toContain('"Which?"="A, and more"')
  expect([...plain.breaches, ...editor.breaches]).toEqual([])
})

test("a plan that a person approves is carried out by another agent, and the editor is told which", async () => {
  await using at = await modelScript(script(calls("plan_exit", {}), says("carried out"), says("and on")))
  const titles: unknown[] = []
  const editor = await acpEditor(at, {
    permission({ toolCall, options }) {
      titles.push(toolCall.title)
      // Each plan is a decision of its own.
      expect(options.map(({ optionId }) => optionId)).toEqual(["once", "reject"])
      return "once"
    },
  })
  const id = await editor.session()
  await editor.ask("session/set_mode", { sessionId: id, modeId: "plan" })
  await editor.prompt(id, "plan it, then do it")
  expect(titles).toEqual([expect.stringContaining("carry it out")])
  const changed = await editor.hears(isUpdate("current_mode_update"))
  expect(changed.params.update).toMatchObject({ currentModeId: "build" })
  await editor.prompt(id, "go on")
  const { messages } = await history(at, id)
  expect(messages.at(-1)?.info).toMatchObject({ agent: "build" })
  expect(editor.breaches).toEqual([])
})
