import { calls, says, script } from "@opencode/testing/script.ts"
import { world } from "@opencode/testing/world.ts"
import { symlinkSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { beginningOf, cast, childrenOf, starts, task } from "./cast.ts"

test("a rejected command does not run, and the model hears why", async () => {
  await using w = await world({
    permission: { bash: "ask" },
    model: script(calls("bash", { command: "touch made" }), says("understood")),
  })
  const turn = w.prompt("go")
  const question = await w.asked("bash")
  expect(question).toMatchObject({
    patterns: ["touch made"],
    lasting: ["touch *"],
    metadata: { command: "touch made" },
  })
  question.reject("not now")
  await turn

  expect(w.files()).not.toContain("made")
  expect(w.model.heard()).toContain("not now")
})

test("a plain rejection ends the turn", async () => {
  await using w = await world({ permission: { bash: "ask" }, model: script(calls("bash", { command: "touch made" })) })
  const turn = w.prompt("go")
  ;(await w.asked("bash")).reject()
  const answer = await turn

  expect(w.model.requests).toHaveLength(1)
  expect(answer.info).toMatchObject({ finish: "tool-calls" })
  expect(await w.calls()).toMatchObject([
    { state: { status: "error", error: "The user rejected permission to use this specific tool call." } },
  ])
})

test("once allows once, always allows what it offered from then on", async () => {
  await using w = await world({
    permission: { bash: "ask" },
    model: script(
      calls("bash", { command: "echo 1 && ls" }),
      calls("bash", { command: "echo 2" }),
      calls("bash", { command: "echo 3" }),
      says("done"),
    ),
  })
  const turn = w.prompt("go")
  const first = await w.asked("bash")
  expect(first.patterns).toEqual(["echo 1", "ls"])
  first.once()
  const second = await w.asked("bash")
  expect(second.patterns).toEqual(["echo 2"])
  second.always()
  await turn

  expect((await w.calls()).map((call) => call.state.status)).toEqual(["completed", "completed", "completed"])
  expect(w.events.filter((frame) => frame.type === "permission.asked")).toHaveLength(2)
})

test("a denied command is refused without a question and the turn goes on", async () => {
  await using w = await world({
    permission: { bash: { "*": "allow", "rm *": "deny" } },
    files: { keep: "x" },
    model: script(calls("bash", { command: "CI=1 /bin/rm keep" }), says("fine")),
  })
  await w.prompt("go")
  expect(w.files()).toContain("keep")
  expect(w.model.heard()).toContain("rule")
})

test("a tool that is denied altogether is not offered", async () => {
  await using w = await world({ permission: { bash: "deny" }, model: script(says("ok")) })
  await w.prompt("go")
  expect(w.model.requests[0]?.tools).not.toContain("bash")
  expect(w.model.requests[0]?.tools).toContain("read")
})

test("a file outside the workspace asks, and the question names the folder", async () => {
  await using w = await world({ model: script(calls("read", { filePath: "../home/.keep" }), says("ok")) })
  const turn = w.prompt("go")
  const question = await w.asked("external_directory")
  expect(question.patterns).toEqual([`${w.folder.join("home")}/*`])
  question.reject("stay inside")
  await turn
  expect(w.model.heard()).toContain("stay inside")
})

test("plan mode neither edits nor runs what could write, whatever is configured", async () => {
  await using w = await world({
    permission: "allow",
    config: { agent: { plan: { permission: { edit: "allow", bash: "allow" } } } },
    model: script(
      calls("write", { filePath: "made", content: "x" }),
      calls("bash", { command: "echo x > made" }),
      calls("bash", { command: "ls" }),
      says("planned"),
    ),
  })
  await w.prompt("plan it", { agent: "plan" })
  expect(w.files()).toEqual([])
  expect((await w.calls()).map((call) => call.state.status)).toEqual(["error", "error", "completed"])
  expect(JSON.stringify(w.model.requests[0]?.body)).toContain("Plan mode")
})

test("rules of the session hold besides those of the agent", async () => {
  await using w = await world({ model: script(calls("bash", { command: "echo hi" }), says("ok")) })
  const session = await w.engine.sessions.create({
    permission: [{ permission: "bash", pattern: "echo *", action: "deny" }],
  })
  const { answer } = await w.engine.sessions.prompt(session.id, { parts: [{ type: "text", text: "go" }] })
  await answer
  expect(w.model.heard()).toContain("rule")
})

test("a search shows no line of a file that would be asked about", async () => {
  await using w = await world({
    files: { ".env": "KEY=secret\n", "a.ts": "KEY\n" },
    model: script(calls("grep", { pattern: "KEY" }), says("done")),
  })
  await w.prompt("go")
  expect(w.model.heard()).toContain("a.ts")
  expect(w.model.heard()).not.toContain("secret")
})

test("files that decide what runs later are asked for although edits are allowed", async () => {
  await using w = await world({
    permission: { edit: "allow", bash: "allow" },
    model: script(
      calls("write", { filePath: ".github/workflows/ci.yml", content: "on: push" }),
      calls("bash", { command: "echo x > .git/hooks/pre-commit" }),
      calls("write", { filePath: ".opencode/plans/a.md", content: "plan" }),
      says("done"),
    ),
  })
  const turn = w.prompt("go")
  const first = await w.asked("control_file")
  expect(first).toMatchObject({ patterns: [".github/workflows/ci.yml"], lasting: [] })
  first.reject("not that")
  const second = await w.asked("control_file")
  expect(second.patterns).toEqual([".git/hooks/pre-commit"])
  second.reject("nor that")
  await turn
  expect(w.files().filter((file) => file.startsWith("."))).toEqual([".opencode/plans/a.md"])
})

test("what a ceiling denies altogether is not offered, and refused when it is called all the same", async () => {
  const deny = [{ permission: "webfetch", pattern: "*", action: "deny" as const }]
  await using w = await world({
    permission: "allow",
    model: cast([starts(task("look")), says("done")], {
      look: [calls("webfetch", { url: "http://127.0.0.1:9/" }), says("it is denied")],
    }),
  })
  const { id } = await w.engine.sessions.create({ permission: deny })
  const { answer } = await w.engine.sessions.prompt(id, { parts: [{ type: "text", text: "go" }] })
  await answer
  const offered = w.model.requests.map((request) => [beginningOf(request), request.tools.includes("webfetch")])
  expect(offered).toEqual([
    ["go", false],
    ["look", false],
    ["look", false],
    ["go", false],
  ])
  expect(w.model.heard()).toContain("it is denied")
  expect(w.events.map(({ type }) => type)).not.toContain("permission.asked")
})

test("a subagent that the agent's ceiling denies is not told of, whatever the configuration says, nor started", async () => {
  await using w = await world({
    permission: { task: "allow" },
    config: { agent: { plan: { permission: { task: { general: "allow" } } } } },
    model: script(calls("task", { description: "do", prompt: "do", subagent_type: "general" }), says("it is denied")),
  })
  await w.prompt("go", { agent: "plan" })
  const told = JSON.stringify(w.model.requests[0])
  expect(told).toContain("- explore")
  expect(told).not.toContain("- general")
  expect((await w.calls())[0]?.state).toMatchObject({ error: expect.stringContaining("The user has specified a rule") })
  expect(await childrenOf(w)).toEqual([])
})

test("an answer that lasts lifts nothing that a rule asks about above it", async () => {
  await using w = await world({
    permission: { bash: "ask" },
    model: script(
      calls("bash", { command: "make all" }),
      says("one"),
      calls("bash", { command: "make all" }),
      says("two"),
    ),
  })
  const turn = w.prompt("go")
  ;(await w.asked("bash")).always()
  await turn
  const { id } = await w.engine.sessions.create({
    permission: [{ permission: "bash", pattern: "make *", action: "deny" }],
  })
  const { answer } = await w.engine.sessions.prompt(id, { parts: [{ type: "text", text: "again" }] })
  await answer
  expect(w.model.heard()).toContain("The user has specified a rule")
})

test.each<[string, Parameters<typeof world>[0]]>([
  ["that allows everything", { permission: "allow" }],
  [
    "for * and for edits",
    { permission: { "*": "allow", edit: { "*": "allow", ".git/*": "allow" }, external_directory: "allow" } },
  ],
  ["of the agent", { config: { agent: { build: { permission: { "*": "allow", edit: "allow" } } } } }],
])("no rule %s allows a file that decides what runs later", async (_, options) => {
  await using w = await world({
    ...options,
    files: { "a.ts": "1", ".mcp.json": "{}", ".git/config": "x" },
    model: script(
      calls("write", { filePath: ".GIT/config", content: "x" }),
      calls("bash", { command: "echo x >> .git/config" }),
      calls("bash", { command: "rm .mcp.json" }),
      says("done"),
    ),
  })
  const turn = w.prompt("go")
  for (const pattern of [".GIT/config", ".git/config", ".mcp.json"]) {
    const question = await w.asked("control_file")
    expect(question.patterns).toEqual([pattern])
    question.reject("no")
    await w.happened("permission.replied", ({ requestID }) => requestID === question.id)
  }
  await turn
  expect(w.read(".git/config")).toBe("x")
})

test("an answer of always allows such a file once", async () => {
  const write = (content: string) => calls("write", { filePath: ".envrc", content })
  await using w = await world({ permission: "allow", model: script(write("1"), write("2"), says("done")) })
  const turn = w.prompt("go")
  const first = await w.asked("control_file")
  first.always()
  await w.happened("permission.replied", ({ requestID }) => requestID === first.id)
  ;(await w.asked("control_file")).reject("once was enough")
  await turn
  expect(w.read(".envrc")).toBe("1")
})

test("a rule that names such files decides about them, the last one that matches", async () => {
  await using w = await world({
    permission: { control_file: { ".github/*": "allow", ".github/workflows/release.yml": "deny" }, "*": "allow" },
    model: script(
      calls("write", { filePath: ".github/workflows/ci.yml", content: "1" }),
      calls("write", { filePath: ".github/workflows/release.yml", content: "2" }),
      says("done"),
    ),
  })
  await w.prompt("go")
  expect(w.files()).toEqual([".github/workflows/ci.yml"])
})

test.each([
  ["deletes", "*** Delete File: .envrc"],
  ["moves away", "*** Update File: .envrc\n*** Move to: other\n@@\n-a\n+b"],
  ["moves to its place", "*** Update File: a\n*** Move to: .vscode/tasks.json\n@@\n-a\n+b"],
  ["makes", "*** Add File: .vscode/tasks.json\n+a"],
])("a patch that %s such a file asks for it", async (_, body) => {
  await using w = await world({
    permission: "allow",
    files: { a: "a\n", ".envrc": "a\n" },
    models: { "gpt-5": {} },
    config: { model: "mock/gpt-5" },
    model: script(calls("apply_patch", { patchText: `*** Begin Patch\n${body}\n*** End Patch` }), says("done")),
  })
  const turn = w.prompt("go")
  ;(await w.asked("control_file")).reject("no")
  await turn
  expect(w.files()).toEqual([".envrc", "a"])
})

test("links do not hide such a file, from either side", async () => {
  await using w = await world({
    permission: "allow",
    files: { "shared/.keep": "" },
    model: script(
      calls("write", { filePath: "harmless", content: "x" }),
      calls("bash", { command: "echo x > harmless" }),
      calls("write", { filePath: ".vscode/tasks.json", content: "x" }),
      says("done"),
    ),
  })
  symlinkSync(".envrc", join(w.project, "harmless"))
  symlinkSync("shared", join(w.project, ".vscode"))
  const turn = w.prompt("go")
  for (const pattern of [".envrc", ".envrc", "shared/tasks.json"]) {
    const question = await w.asked("control_file")
    expect(question.patterns).toEqual([pattern])
    question.reject("no")
    await w.happened("permission.replied", ({ requestID }) => requestID === question.id)
  }
  await turn
})

test("this program's own folders are such files, its plans and temporary files are not", async () => {
  await using w = await world({
    permission: { "*": "allow", external_directory: "allow" },
    model: script(
      calls("write", { filePath: "../data/opencode/auth.json", content: "{}" }),
      calls("write", { filePath: "../config/opencode/agent/a.md", content: "x" }),
      calls("write", { filePath: "../data/opencode/plans/a.md", content: "plan" }),
      says("done"),
    ),
  })
  const turn = w.prompt("go")
  for (const name of ["data/opencode/auth.json", "config/opencode/agent/a.md"]) {
    const question = await w.asked("control_file")
    expect(question.patterns).toEqual([w.folder.join(name)])
    question.reject("no")
    await w.happened("permission.replied", ({ requestID }) => requestID === question.id)
  }
  await turn
  expect((await w.calls()).map(({ state }) => state.status)).toEqual(["error", "error", "completed"])
})
