import { calls, says, script } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"
import { cast, childrenOf, starts, task } from "./cast.ts"

const USER = {
  bash: { "*": "ask", "git *": "allow", "git push *": "deny" },
  edit: { "*": "ask", "src/*": "allow" },
} as const
const patterns = async (w: World, tool: string, input: string | Record<string, unknown>, more = {}) => {
  const { asks, action } = await w.engine.explain({ tool, input, ...more })
  return [
    action,
    ...asks.flatMap((ask) =>
      ask.patterns.map(({ pattern, action, reason }) => `${action} ${ask.permission} ${pattern}: ${reason.source}`),
    ),
  ]
}

test("a command is explained by what it would ask, each pattern with the rule that decides it", async () => {
  await using w = await world({ permission: USER })
  expect(await patterns(w, "bash", "git log | tee src/log.txt; git push origin")).toEqual([
    "deny",
    "allow edit src/log.txt: config",
    "allow bash git log: config",
    "ask bash tee src/log.txt: config",
    "deny bash git push origin: config",
  ])
  const input = { command: "cat /etc/hosts", workdir: "src", description: "look" }
  expect(await patterns(w, "bash", input)).toContain("ask external_directory /etc/*: built-in")
})

test("the place of a rule is told with file, line and member, as it was read", async () => {
  const text = '{\n  // why\n  "permission": {\n    "bash": { "*": "ask",\n      "make *": "deny" }\n  }\n}'
  await using w = await world({ files: { "opencode.jsonc": text } })
  const { asks } = await w.engine.explain({ tool: "bash", input: "make all" })
  const file = `${w.project}/opencode.jsonc`
  expect(asks[0]?.patterns).toEqual([
    {
      pattern: "make all",
      action: "deny",
      reason: {
        source: "config",
        rule: { permission: "bash", pattern: "make *", action: "deny" },
        layer: "project",
        file,
        line: 5,
        column: 7,
        member: "permission.bash.make *",
        text: `deny bash "make *": ${file}:5:7, permission.bash.make *.`,
      },
    },
  ])
})

test("older spellings and Markdown agents are found where they are written", async () => {
  await using w = await world({
    files: {
      "opencode.json": '{\n  "permissions": [\n    {"permission":"webfetch","action":"deny"}\n  ]\n}',
      ".opencode/agent/writer.md": "---\ndescription: writes\npermission:\n  edit:\n    'docs/*': ask\n---\nWrite.",
    },
  })
  const web = await w.engine.explain({ tool: "webfetch", input: "http://192.0.2.1/" })
  expect(web.asks.at(-1)?.patterns[0]?.reason).toMatchObject({ file: `${w.project}/opencode.json`, line: 2 })
  const edit = await w.engine.explain({ tool: "edit", input: "docs/a.md", agent: "writer" })
  expect(edit).toMatchObject({ tool: "edit", agent: "writer", action: "ask" })
  expect(edit.asks[0]?.patterns[0]?.reason).toMatchObject({
    file: `${w.project}/.opencode/agent/writer.md`,
    line: 5,
    member: "agent.writer.permission.edit.docs/*",
  })
})

test("a path stands for a file to read or to change, there or not, read before or not", async () => {
  await using w = await world({ permission: USER, files: { "src/a.ts": "x", "README.md": "x" } })
  expect(await patterns(w, "edit", "src/a.ts")).toEqual(["allow", "allow edit src/a.ts: config"])
  expect(await patterns(w, "write", "README.md")).toEqual(["ask", "ask edit README.md: config"])
  expect(await patterns(w, "edit", "new.ts")).toEqual(["ask", "ask edit new.ts: config"])
  expect(await patterns(w, "read", "nope.ts")).toEqual(["allow", "allow read nope.ts: built-in"])
  expect(await patterns(w, "edit", ".git/config")).toContain("ask control_file .git/config: built-in")
  expect(w.files()).toEqual(["README.md", "src/a.ts"])
})

test("what the tool itself refuses is told, whatever the rules say", async () => {
  await using w = await world({ permission: "allow" })
  expect(await w.engine.explain({ tool: "bash", input: "touch x", agent: "plan" })).toMatchObject({
    action: "deny",
    refusal: expect.stringContaining("plan mode"),
    asks: [],
  })
  expect(await w.engine.explain({ tool: "edit", input: "a.ts", agent: "plan" })).toMatchObject({
    action: "deny",
    asks: [{ patterns: [{ action: "deny", reason: { source: "ceiling", rule: { pattern: "*" } } }] }],
  })
})

test("a command that was not understood asks where rules tell commands apart, and says why", async () => {
  await using w = await world({ permission: { bash: { "*": "allow", "rm *": "deny" } } })
  const { action, asks } = await w.engine.explain({ tool: "bash", input: "$TOOL x" })
  expect({ action, ask: asks.at(-1) }).toMatchObject({
    action: "ask",
    ask: { problems: [expect.stringContaining("$TOOL")], patterns: [{ action: "ask" }], always: [] },
  })
})

test("a tool that is not offered says so, and approvals and the session's rules count", async () => {
  await using w = await world({
    permission: { bash: "ask", webfetch: "deny" },
    model: script(
      calls("bash", { command: "make all" }),
      says("done"),
      calls("bash", { command: "make lint" }),
      says("done"),
    ),
  })
  expect(await w.engine.explain({ tool: "webfetch", input: "http://192.0.2.1/" })).toMatchObject({ offered: false })
  const turn = w.prompt("go")
  const asked = await w.happened("permission.asked")
  await w.engine.approvals.reply(asked.id, { reply: "always" })
  await turn
  expect(await patterns(w, "bash", "make all")).toEqual(["allow", "allow bash make all: approved"])
  const again = w.prompt("again")
  const { id } = await w.happened("permission.asked", ({ patterns: [first] }) => first === "make lint")
  await w.engine.approvals.reply(id, { reply: "always", save: true })
  await again
  expect(await patterns(w, "bash", "make lint")).toEqual(["allow", "allow bash make lint: saved"])
  await w.restart()
  expect(await patterns(w, "bash", "make lint")).toEqual(["allow", "allow bash make lint: saved"])
  expect(await patterns(w, "bash", "make all")).toEqual(["ask", "ask bash make all: config"])
  const { id: sessionID } = await w.engine.sessions.create({
    permission: [{ permission: "bash", pattern: "make *", action: "deny" }],
  })
  expect(await patterns(w, "bash", "make lint", { sessionID })).toEqual(["deny", "deny bash make lint: session"])
})

test("a subagent's session is bound by who started it", async () => {
  await using w = await world({
    model: cast([starts(task("look", { subagent_type: "explore" })), says("done")], { look: [says("seen")] }),
  })
  await w.prompt("go", { agent: "plan" })
  const [child] = await childrenOf(w)
  expect(await w.engine.explain({ tool: "bash", input: "touch x", sessionID: child?.id ?? "" })).toMatchObject({
    agent: "explore",
    refusal: expect.stringContaining("only reads"),
  })
})

test.each([
  [{ tool: "bsh", input: "ls" }, "bad_request", /bash/],
  [{ tool: "invalid", input: {} }, "bad_request", /no tool/],
  [{ tool: "bash", input: { comand: "ls" } }, "bad_request", /command/],
  [{ tool: "todowrite", input: "x" }, "bad_request", /JSON object/],
  [{ tool: "bash", input: "ls", agent: "biuld" }, "agent_not_found", /build/],
  [{ tool: "bash", input: "ls", sessionID: "ses_nope" }, "session_not_found", /ses_nope/],
])("%j is refused with a sentence", async (input, code, message) => {
  await using w = await world()
  await expect(w.engine.explain(input)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
})

test("nobody is asked, nothing is run, and no session comes of it", async () => {
  await using w = await world({ permission: "ask" })
  await w.engine.explain({ tool: "bash", input: "touch made" })
  await w.engine.explain({ tool: "task", input: "general" })
  await w.engine.explain({
    tool: "question",
    input: { questions: [{ question: "a", header: "b", options: [] }] },
  })
  expect(w.events).toEqual([])
  expect(w.files()).toEqual([])
  expect(w.home.store.sessions.list({})).toEqual([])
})

test("rules and what is wrong with them are told where they stand today, also when only a comment has moved them", async () => {
  const text = '{ "permission": {\n"bash": "deny",\n"bahs": "deny" } }'
  await using w = await world({ files: { "opencode.jsonc": text } })
  const told = async () => {
    const { asks } = await w.engine.explain({ tool: "bash", input: "ls" })
    return [
      w.engine.settings.current().config.generation,
      asks[0]?.patterns[0]?.reason,
      w.engine.settings.issues().find(({ message }) => message.includes("bahs")),
    ]
  }
  expect(await told()).toMatchObject([1, { line: 2 }, { line: 3 }])
  w.folder.write({ "project/opencode.jsonc": `// why\n\n${text}` })
  expect(await told()).toMatchObject([1, { line: 4 }, { line: 5 }])
})
