import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { acpEditor, type Said } from "@opencode/testing/acp-editor.ts"
import type { Installation } from "@opencode/testing/command.ts"
import { badToolJson, calls, fails, says, script, thinks, unauthorized } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { modelScript } from "./shared.ts"

const kinds = (updates: { sessionUpdate: string }[]): string[] => updates.map(({ sessionUpdate }) => sessionUpdate)
const isUpdate =
  (kind: string) =>
  ({ params }: Said): boolean =>
    params?.update?.sessionUpdate === kind
const positionOf = (said: Said[], fits: (message: Said) => boolean): number => said.findIndex(fits)

/** What is done at once is done in this time also on a busy machine. */
const PATIENCE_MS = 4_000

const textIn = (updates: object[]): string =>
  updates
    .map((update) => update as { sessionUpdate: string; content: { text: string } })
    .flatMap(({ sessionUpdate, content }) => (sessionUpdate === "agent_message_chunk" ? [content.text] : []))
    .join("")

interface Options {
  configOptions: { id: string; currentValue: string }[]
}

/** What is chosen, by the option's name. */
const chosenIn = (options: { id: string; currentValue: string }[]): Record<string, string> =>
  Object.fromEntries(options.map(({ id, currentValue }) => [id, currentValue]))

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

test("a turn is told as it happens, and over when its prompt is answered", async () => {
  const todos = [
    { content: "look", status: "completed", priority: "high" },
    { content: "tell", status: "in_progress", priority: "low" },
    { content: "dance", status: "cancelled", priority: "low" },
  ]
  await using at = await modelScript(
    script(
      thinks("where is it", calls("read", { filePath: "a.txt" }, { text: "Let me see. 🙂" })),
      calls("bash", { command: "echo hi" }),
      calls("todowrite", { todos }),
      calls("read", { filePath: "gone.txt" }),
      says("It says one."),
    ),
    { files: { "a.txt": "one\n" } },
  )
  const editor = await acpEditor(at)
  const id = await editor.session()
  const answer = await editor.prompt(id, "what does it say?")

  expect(answer).toMatchObject({ stopReason: "end_turn", usage: { inputTokens: 500, outputTokens: 100 } })
  const last = editor.said.length - 1
  expect(editor.said[last]?.result?.stopReason).toBe("end_turn")
  const updates = editor.updates(id).filter(({ sessionUpdate }) => sessionUpdate !== "available_commands_update")
  const text = (kind: string) =>
    updates.flatMap((update) =>
      update.sessionUpdate === kind && "content" in update && update.content && "text" in update.content
        ? [update.content.text]
        : [],
    )
  expect(text("agent_thought_chunk").join("")).toBe("where is it")
  expect(text("agent_message_chunk").join("")).toBe("Let me see. 🙂It says one.")
  expect(updates.filter(({ sessionUpdate }) => sessionUpdate === "plan")).toEqual([
    {
      sessionUpdate: "plan",
      entries: [
        { content: "look", status: "completed", priority: "high" },
        { content: "tell", status: "in_progress", priority: "low" },
      ],
    },
  ])
  expect(kinds(updates).at(-1)).toBe("usage_update")
  const ends = updates.filter((update) => "status" in update && /completed|failed/.test(String(update.status)))
  expect(ends).toMatchObject([
    {
      kind: "read",
      title: "a.txt",
      locations: [{ path: join(at.project, "a.txt") }],
      content: [{ content: { text: "one" } }],
    },
    {
      kind: "execute",
      title: "echo hi",
      rawInput: { command: "echo hi", cwd: at.project },
      rawOutput: { output: "hi\n" },
    },
    { kind: "other", title: "1 todos" },
    { status: "failed", content: [{ content: { text: expect.stringContaining("File not found") } }] },
  ])
  // Each call begins before it goes on, and each end is told once.
  for (const { toolCallId } of ends as { toolCallId: string }[]) {
    const own = updates.filter((update) => "toolCallId" in update && update.toolCallId === toolCallId)
    expect(own[0]).toMatchObject({ sessionUpdate: "tool_call", status: "pending" })
    expect(own.filter((update) => "status" in update && /completed|failed/.test(String(update.status)))).toHaveLength(1)
  }
  expect(editor.breaches).toEqual([])
})

test.each([
  ["once", "once", true],
  ["always", "always", true],
  ["reject", "reject", false],
  ["an outcome that is no choice", undefined, false],
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
  expect(existsIn(at.project, "made")).toBe(isAllowed)
  // Once is asked again, always is not, and a no ends the turn.
  expect(asked).toHaveLength(optionId === "once" ? 2 : 1)
  expect(editor.breaches).toEqual([])
})

const existsIn = (folder: string, file: string): boolean => existsSync(join(folder, file))

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

test("cancelling answers the prompt as cancelled, also when the model is silent or a person is asked; the next one goes on", async () => {
  await using at = await modelScript(
    script(
      says("word ".repeat(200), { delayMs: 50 }),
      { kind: "silence" },
      calls("bash", { command: "touch made" }),
      calls("bash", { command: "sleep 60" }),
      says("here I am"),
    ),
    { config: { permission: { bash: { "*": "allow", "touch *": "ask" } } } },
  )
  const waits: { release(): void } = { release: () => {} }
  const editor = await acpEditor(at, {
    permission: () => new Promise((resolve) => (waits.release = () => resolve("once"))),
  })
  const id = await editor.session()
  const moments: (() => Promise<unknown>)[] = [
    () => editor.hears(isUpdate("agent_message_chunk")),
    () => at.model.received(2),
    () => editor.hears(({ method }) => method === "session/request_permission"),
    () => editor.hears(({ params }) => params?.update?.title === "sleep 60" && params.update.status === "in_progress"),
  ]
  for (const moment of moments) {
    const answer = editor.prompt(id, "go")
    await moment()
    await editor.tell("session/cancel", { sessionId: id })
    expect(await answer).toMatchObject({ stopReason: "cancelled" })
  }
  waits.release()
  expect(await editor.prompt(id, "still there?")).toMatchObject({ stopReason: "end_turn" })
  expect(existsIn(at.project, "made")).toBe(false)
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

test("there may be nothing to compact", async () => {
  await using at = await modelScript(script())
  const editor = await acpEditor(at)
  expect(await editor.prompt(await editor.session(), "/compact")).toMatchObject({ stopReason: "end_turn" })
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

test("what is chosen is what the next prompt is asked with, also when nobody waits for the answer", async () => {
  await using at = await modelScript(() => says("ok"), {
    config: { agent: { title: { disable: true }, critic: { mode: "primary", prompt: "You are a critic." } } },
  })
  const editor = await acpEditor(at)
  const id = await editor.session()
  const set = editor.ask("session/set_mode", { sessionId: id, modeId: "critic" })
  await editor.prompt(id, "go")
  expect(await set).toEqual({})
  expect(at.model.requests[0]?.system).toContain("You are a critic.")
  await editor.hears(isUpdate("config_option_update"))

  expect(await editor.ask("session/set_model", { sessionId: id, modelId: "mock/large" })).toEqual({})
  const option = (configId: string, value: string) =>
    editor.ask<Options>("session/set_config_option", { sessionId: id, configId, value })
  await option("mode", "build")
  const { configOptions } = await option("effort", "high")
  expect(chosenIn(configOptions)).toEqual({ model: "mock/large", effort: "high", mode: "build" })
  for (const [method, params] of [
    ["session/set_mode", { modeId: "nobody" }],
    ["session/set_model", { modelId: "mock/none" }],
    ["session/set_config_option", { configId: "mode", value: "nobody" }],
    ["session/set_config_option", { configId: "colour", value: "red" }],
  ] as const)
    await expect(editor.ask(method, { sessionId: id, ...params })).rejects.toMatchObject({ code: -32602 })
  expect(editor.breaches).toEqual([])
})

test("what a prompt carries reaches the model; a slash names a command, and else is text", async () => {
  await using at = await modelScript(() => says("ok"), {
    files: { "a.txt": "line 1\nline 2\nline 3\n" },
    config: { command: { hey: { template: "Greet $1 kindly" } } },
  })
  const editor = await acpEditor(at)
  const id = await editor.session()
  const file = `file://${join(at.project, "a.txt")}`
  const ask = (...prompt: object[]) => editor.ask("session/prompt", { sessionId: id, prompt })

  await ask(
    { type: "text", text: "look" },
    { type: "resource_link", name: "a.txt", uri: `${file}#L2:2` },
    { type: "resource", resource: { uri: `${file}#L7:9`, text: "what is selected" } },
    { type: "resource_link", name: "site", uri: "https://example.com/" },
  )
  expect(at.model.heard()).toContain("2: line 2")
  expect(at.model.heard()).not.toContain("3: line 3")
  expect(at.model.heard()).toContain(`[${join(at.project, "a.txt")}:7:9]\nwhat is selected`)
  expect(at.model.heard()).toContain("[site](https://example.com/)")

  await ask({ type: "text", text: "/hey Bob" })
  expect(at.model.requests.at(-1)?.messages.at(-1)?.text).toBe("Greet Bob kindly")
  await ask({ type: "text", text: "/etc/hosts is odd" })
  expect(at.model.requests.at(-1)?.messages.at(-1)?.text).toBe("/etc/hosts is odd")
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

test.each([
  ["a refused key", unauthorized(), { code: -32603, message: /API key/ }],
  [
    "a request that the provider refuses",
    fails(400, { message: "no such thing" }),
    { code: -32603, message: /no such/ },
  ],
])("%s fails the prompt with the provider's words", async (_, reply, { code, message }) => {
  await using at = await modelScript(script(reply))
  const editor = await acpEditor(at)
  await expect(editor.prompt(await editor.session(), "go")).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message),
  })
  expect(editor.breaches).toEqual([])
})

test("an answer that is cut at the model's limit says so, and a call that cannot be read is told as failed or done", async () => {
  await using at = await modelScript(script(badToolJson("bash", "{not json"), says("half of", { finish: "length" })))
  const editor = await acpEditor(at)
  expect(await editor.prompt(await editor.session(), "go")).toMatchObject({ stopReason: "max_tokens" })
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

async function history(at: Installation, id: string): Promise<{ messages: { info: object }[] }> {
  return JSON.parse((await at.run(["export", id])).stdout) as { messages: { info: object }[] }
}

test("a command with an agent of its own leaves the editor's choice as it is", async () => {
  await using at = await modelScript(() => says("ok"), {
    config: { command: { look: { template: "Look", agent: "plan" } } },
  })
  const editor = await acpEditor(at)
  const id = await editor.session()
  await editor.prompt(id, "/look")
  await editor.prompt(id, "go on")
  const agents = (await history(at, id)).messages.map(({ info }) => (info as { agent: string }).agent)
  expect(agents).toEqual(["plan", "plan", "build", "build"])
  expect(editor.said.some(isUpdate("current_mode_update"))).toBe(false)
})
