import { existsSync } from "node:fs"
import { join } from "node:path"
import { acpEditor } from "@opencode/testing/acp-editor.ts"
import { badToolJson, calls, fails, says, script, thinks, unauthorized } from "@opencode/testing/script.ts"
import { expect, test } from "vitest"
import { chosenIn, history, isUpdate, kinds, type Options } from "./acp-told.ts"
import { modelScript } from "./shared.ts"

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
  expect(existsSync(join(at.project, "made"))).toBe(false)
  expect(editor.breaches).toEqual([])
})

test("there may be nothing to compact", async () => {
  await using at = await modelScript(script())
  const editor = await acpEditor(at)
  expect(await editor.prompt(await editor.session(), "/compact")).toMatchObject({ stopReason: "end_turn" })
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
