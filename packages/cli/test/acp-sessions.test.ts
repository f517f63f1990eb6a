import { join } from "node:path"
import { acpEditor } from "@opencode/testing/acp-editor.ts"
import { calls, says, script, thinks } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { chosenIn, isUpdate, kinds, positionOf, textIn, type Options } from "./acp-told.ts"
import { modelScript } from "./shared.ts"

/** What is done at once is done in this time also on a busy machine. */
const PATIENCE_MS = 4_000

test("an editor is told what the agent can do, whatever version it names", async () => {
  await using at = await modelScript(script())
  const editor = await acpEditor(at, { isSilent: true })
  for (const given of [{}, { protocolVersion: 1 }, { protocolVersion: 7, clientCapabilities: { terminal: true } }]) {
    expect(await editor.ask("initialize", given)).toEqual({
      protocolVersion: 1,
      agentCapabilities: {
        loadSession: true,
        mcpCapabilities: { http: false, sse: false },
        promptCapabilities: { embeddedContext: true, image: true },
        sessionCapabilities: { close: {}, fork: {}, list: {}, resume: {} },
      },
      authMethods: [
        {
          id: "opencode-login",
          name: "Login with opencode",
          description: "Run `opencode auth login` in the terminal",
        },
      ],
      agentInfo: { name: "OpenCode", version: "1.20.0" },
    })
  }
  expect(await editor.ask("authenticate", { methodId: "opencode-login" })).toEqual({})
  await expect(editor.ask("authenticate", { methodId: "other" })).rejects.toMatchObject({ code: -32602 })
  const { code, stderr } = await editor.leave()
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
  expect(editor.breaches).toEqual([])
})

test("a new session says what can be chosen, and then what can be typed", async () => {
  await using at = await modelScript(script(), { config: { command: { hey: { template: "Greet $1" } } } })
  const editor = await acpEditor(at)
  const made = await editor.ask("session/new", { cwd: at.project, mcpServers: [] })
  expect(made).toMatchObject({
    sessionId: expect.stringMatching(/^ses_/),
    configOptions: [
      { id: "model", category: "model", type: "select", currentValue: "mock/large" },
      { id: "effort", category: "thought_level", currentValue: "default" },
      { id: "mode", category: "mode", currentValue: "build", options: [{ value: "build" }, { value: "plan" }] },
    ],
  })
  const commands = await editor.hears(isUpdate("available_commands_update"))
  const names = commands.params.update.availableCommands.map(({ name }: { name: string }) => name)
  expect(names).toEqual(expect.arrayContaining(["hey", "init", "review", "compact"]))
  // An editor that knows the session only by its answer hangs at what comes before.
  expect(positionOf(editor.said, isUpdate("available_commands_update"))).toBeGreaterThan(
    positionOf(editor.said, ({ result }) => result?.sessionId !== undefined),
  )
  expect(editor.breaches).toEqual([])
})

test("a session that is loaded is told again before the answer, with what it was asked with", async () => {
  await using at = await modelScript(
    script(thinks("hm", calls("bash", { command: "echo hi" })), says("said hi"), says("and again")),
    { files: { "a.txt": "one" }, config: { permission: { bash: "allow" } } },
  )
  const first = await acpEditor(at)
  const id = await first.session()
  await first.ask("session/set_mode", { sessionId: id, modeId: "plan" })
  await first.ask("session/set_model", { sessionId: id, modelId: "mock/large/high" })
  const blocks = [
    { type: "text", text: "say hi" },
    { type: "resource_link", name: "a.txt", uri: `file://${join(at.project, "a.txt")}` },
  ]
  await first.ask("session/prompt", { sessionId: id, prompt: blocks })
  await first.leave()

  const second = await acpEditor(at)
  const { configOptions } = await second.ask<Options>("session/load", {
    sessionId: id,
    cwd: at.project,
    mcpServers: [],
  })
  expect(chosenIn(configOptions)).toEqual({ model: "mock/large", effort: "high", mode: "plan" })
  const answered = positionOf(second.said, ({ result }) => result?.configOptions !== undefined)
  const replayed = second.said.slice(0, answered).flatMap(({ params }) => (params ? [params.update] : []))
  expect(replayed).toMatchObject([
    { sessionUpdate: "user_message_chunk", content: { type: "text", text: "say hi" } },
    { sessionUpdate: "user_message_chunk", content: { type: "resource_link", name: "a.txt" } },
    { sessionUpdate: "agent_thought_chunk", content: { text: "hm" } },
    { sessionUpdate: "tool_call", title: "echo hi", status: "pending" },
    { sessionUpdate: "tool_call_update", status: "completed" },
    { sessionUpdate: "agent_message_chunk", content: { text: "said hi" } },
  ])
  await second.hears(isUpdate("available_commands_update"))
  const before = second.updates(id).length
  await second.prompt(id, "again")
  const added = second.updates(id).slice(before)
  expect(kinds(added)).toEqual(["agent_message_chunk", "usage_update"])
  expect([...first.breaches, ...second.breaches]).toEqual([])
})

test("a fork goes its own way, a resumed session is not told again, a closed one is no longer known", async () => {
  await using at = await modelScript(() => says("answer"))
  const editor = await acpEditor(at)
  const id = await editor.session()
  await editor.prompt(id, "first")
  const place = { cwd: at.project, mcpServers: [] }

  const fork = await editor.ask<{ sessionId: string }>("session/fork", { sessionId: id, ...place })
  expect(fork.sessionId).not.toBe(id)
  await editor.prompt(fork.sessionId, "only here")
  const { sessions } = await editor.ask<{ sessions: object[] }>("session/list", { cwd: at.project })
  expect(sessions).toMatchObject([
    { sessionId: fork.sessionId, cwd: at.project, updatedAt: expect.stringMatching(/^\d{4}-.*Z$/) },
    { sessionId: id },
  ])

  await editor.ask("session/close", { sessionId: id })
  await expect(editor.prompt(id, "gone")).rejects.toMatchObject({
    code: -32602,
    message: `Invalid params: session not found: ${id}`,
  })
  for (const sessionId of [id, "ses_unknown"]) expect(await editor.ask("session/close", { sessionId })).toEqual({})
  const before = editor.updates(id).length
  await editor.ask("session/resume", { sessionId: id, ...place })
  expect(await editor.prompt(id, "back")).toMatchObject({ stopReason: "end_turn" })
  const added = editor.updates(id).slice(before)
  expect(kinds(added)).not.toContain("user_message_chunk")
  expect(at.model.heard()).not.toContain("only here")
  expect(editor.breaches).toEqual([])
})

test("closing a session cancels what runs in it", async () => {
  await using at = await modelScript(script(says("word ".repeat(200), { delayMs: 50 })))
  const editor = await acpEditor(at)
  const id = await editor.session()
  const answer = editor.prompt(id, "go")
  await editor.hears(isUpdate("agent_message_chunk"))
  const closedAt = performance.now()
  await editor.ask("session/close", { sessionId: id })
  expect(await answer).toMatchObject({ stopReason: "cancelled" })
  expect(performance.now() - closedAt).toBeLessThan(PATIENCE_MS)
  await expect(editor.prompt(id, "gone")).rejects.toMatchObject({ code: -32602 })
})

test("two editors have the same session open: who comes in the middle of an answer is told all of it, and once", async () => {
  const words = Array.from({ length: 150 }, (_, at) => `w${at} `).join("")
  await using at = await modelScript(script(says(words, { delayMs: 60 }), says("the next")))
  const first = await acpEditor(at)
  const second = await acpEditor(at)
  await second.ask("session/list", {})
  const id = await first.session()
  const answer = first.prompt(id, "go")
  await first.hears(isUpdate("agent_message_chunk"))
  await second.ask("session/load", { sessionId: id, cwd: at.project, mcpServers: [] })
  expect(await second.prompt(id, "and now?")).toMatchObject({ stopReason: "end_turn" })
  expect(await answer).toMatchObject({ stopReason: "end_turn" })
  for (const editor of [first, second]) await expect.poll(() => textIn(editor.updates(id))).toBe(`${words}the next`)
  expect([...first.breaches, ...second.breaches]).toEqual([])
})

test("a session that is loaded while it answers is told once more, and goes on where it was", async () => {
  const words = Array.from({ length: 60 }, (_, at) => `w${at} `).join("")
  await using at = await modelScript(script(says(words, { delayMs: 30 }), says("next")))
  const editor = await acpEditor(at)
  const id = await editor.session()
  const answer = editor.prompt(id, "go")
  await editor.hears(isUpdate("agent_message_chunk"))
  const before = editor.updates(id).length
  await editor.ask("session/load", { sessionId: id, cwd: at.project, mcpServers: [] })
  expect(await answer).toMatchObject({ stopReason: "end_turn" })
  expect(await editor.prompt(id, "more")).toMatchObject({ stopReason: "end_turn" })
  const added = editor.updates(id).slice(before)
  // What came before the history was read belongs to what was told first.
  const again = added.slice(added.findIndex(({ sessionUpdate }) => sessionUpdate === "user_message_chunk"))
  expect(textIn(again)).toBe(`${words}next`)
  expect(editor.breaches).toEqual([])
})

test("sessions run side by side, each with its own folder and its own updates", async () => {
  await using at = await modelScript(
    (request) =>
      request.messages.some(({ role }) => role === "tool") ? says("done") : calls("bash", { command: "pwd" }),
    { files: { "sub/.keep": "" }, config: { permission: { bash: "allow" } } },
  )
  const editor = await acpEditor(at)
  const folders = [at.project, join(at.project, "sub")]
  const ids = await Promise.all(folders.map((folder) => editor.session(folder)))
  await Promise.all(ids.map((id) => editor.prompt(id, "where?")))
  for (const [index, id] of ids.entries()) {
    const end = editor.updates(id).find((update) => "status" in update && update.status === "completed")
    expect(end).toMatchObject({ rawOutput: { output: `${folders[index]}\n` } })
  }
  expect(editor.breaches).toEqual([])
})
