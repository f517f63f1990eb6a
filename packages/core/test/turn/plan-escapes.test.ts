import { createHash } from "node:crypto"
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { defineTool, type Tool } from "@opencode/core/tool/tool.ts"
import { calls, callsMany, says, type CallSpec, type Reply } from "@opencode/testing/script.ts"
import type { HeardRequest } from "@opencode/testing/model-server.ts"
import { tempFolder } from "@opencode/testing/temp-folder.ts"
import { world, type World, type WorldOptions } from "@opencode/testing/world.ts"
import { describe, expect, test } from "vitest"
import { z } from "zod"
import { cast, childrenOf, starts, task } from "./cast.ts"
import { COMMANDS, edits, type Escape } from "./escapes.ts"

/** Everything that anybody could have said in favour of the model. */
const EVERYTHING = {
  permission: { "*": "allow", bash: { "*": "allow" }, edit: { "*": "allow" } },
  config: {
    agent: {
      plan: { permission: { "*": "allow", edit: "allow", bash: "allow", task: "allow" }, tools: { write: true } },
      free: { mode: "subagent", description: "may do anything", permission: { "*": "allow" } },
    },
    subagent_depth: 2,
    experimental: { continue_loop_on_deny: true },
  },
  env: { OPENCODE_PERMISSION: '{"*":"allow","edit":"allow"}' },
  hooks: { permissionAsk: async (_: unknown, output: { status: string }) => void (output.status = "allow") },
} satisfies WorldOptions

const foreign = (name: string, more: Partial<Tool>): Tool =>
  defineTool({
    name,
    prose: "Does something.",
    effect: "unsafe",
    permission: name,
    input: () => z.object({ file: z.string() }),
    prepare: async () => ({ asks: "unknown" as const, plan: undefined }),
    async run({ file }, _, { workspace }) {
      if (name !== "foreign_read") writeFileSync(join(workspace.directory, file), "foreign")
      return { title: name, output: `${name} did it`, metadata: {} }
    },
    ...more,
  } as Tool<{ file: string }, undefined>)

const TOOLS = [
  foreign("foreign_write", { foreign: { readOnlyHint: false } }),
  foreign("foreign_read", { foreign: { readOnlyHint: true } }),
  // It says nothing of itself.
  foreign("careless", {}),
]

interface Place extends AsyncDisposable {
  w: World
  outside: string
  data: string
  /** Has the model answer by this from now on. */
  answer(script: (request: HeardRequest) => Reply): void
  /** What the shell was started for. */
  ran(): string
  /** Every file around, with its bytes and times. */
  tree(): Record<string, string>
}

/**
 * The shell only notes what it was started for, unless it has to run it: among what is tried here is much that must not
 * happen to whoever runs the tests, should it ever come through.
 */
async function place(options: WorldOptions, { runs = false } = {}): Promise<Place> {
  const around = tempFolder()
  const then = runs ? 'exec /bin/bash "$@"' : ":"
  around.write({
    "spy/bash": `#!/bin/sh\necho "$@" >> ${around.join("ran")}\n${then}\n`,
    "outside/.keep": "",
  })
  chmodSync(around.join("spy/bash"), 0o755)
  const script: { answer?: (request: HeardRequest) => Reply } = {}
  const w = await world({
    ...EVERYTHING,
    model: (request) => script.answer?.(request) ?? says("nothing is foreseen"),
    git: true,
    tools: TOOLS,
    ...options,
    files: {
      kept: "before\n",
      "src/a.ts": "a\n",
      "empty/.keep": "",
      "run.sh": "#!/bin/sh\ntouch made\n",
      ls: "#!/bin/sh\ntouch made\n",
      "run.js": "require('fs').writeFileSync('made','')",
      "run.py": "open('made','w')",
      "run.awk": 'BEGIN { print > "made" }',
      "fix.diff": "--- a/kept\n+++ b/kept\n@@ -1 +1 @@\n-before\n+after\n",
      "package.json": '{"scripts":{"anything":"touch made","test":"touch made","preinstall":"touch made"}}',
      Makefile: "all:\n\ttouch made\n$(shell touch made)\n",
      "sub/.keep": "",
      ".opencode/plans/old.md": "old\n",
      ...options.files,
    },
    config: {
      ...EVERYTHING.config,
      ...options.config,
      agent: { ...EVERYTHING.config.agent, ...options.config?.agent },
      shell: around.join("spy/bash"),
    },
  })
  const at = (file: string): string => join(w.project, file)
  for (const file of ["run.sh", "ls"]) chmodSync(at(file), 0o755)
  writeFileSync(at("kept"), "before\nand not committed\n")
  symlinkSync("../../src/a.ts", at(".opencode/plans/link.md"))
  symlinkSync("../../made.md", at(".opencode/plans/dangling.md"))
  symlinkSync("../../src", at(".opencode/plans/folder"))
  const data = w.folder.join("data/opencode")
  mkdirSync(join(data, "plans"), { recursive: true })
  return {
    w,
    data,
    answer: (answer) => void (script.answer = answer),
    outside: around.join("outside"),
    ran: () => (readdirSync(around.path).includes("ran") ? readFileSync(around.join("ran"), "utf8") : ""),
    tree: () => ({
      ...treeOf(w.project),
      ...treeOf(around.join("outside")),
      ...treeOf(w.folder.join("home")),
      ...treeOf(join(data, "plans")),
      // Its own files change all the time.
      ...Object.fromEntries(readdirSync(data).flatMap((name) => (/made|auth/.test(name) ? [[name, "ours"]] : []))),
    }),
    async [Symbol.asyncDispose]() {
      await w[Symbol.asyncDispose]()
      around[Symbol.dispose]()
    },
  }
}

function treeOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name)
      const { mode, mtimeMs, uid } = lstatSync(path)
      const bytes = entry.isSymbolicLink() ? readlinkSync(path) : entry.isFile() ? readFileSync(path) : ""
      const hash = createHash("sha256").update(bytes).digest("hex")
      return [path, [mode, uid, entry.isFile() ? mtimeMs : "", hash].join(" ")]
    }),
  )
}

const free = (prompt: string, more = {}): CallSpec => task(prompt, { subagent_type: "free", ...more })

/** An answer may have so many calls that a run of it is still one test's work. */
const CALLS_AT_ONCE = 60

function inAnswers(all: CallSpec[]): Reply[] {
  const answers = []
  for (let at = 0; at < all.length; at += CALLS_AT_ONCE) answers.push(callsMany(all.slice(at, at + CALLS_AT_ONCE)))
  return answers
}

const everyEscape = (at: Pick<Place, "outside" | "data">): Escape[] => [
  ...COMMANDS.map((command) => ({ name: "bash", input: { command } })),
  { name: "bash", input: { command: "touch made", workdir: ".opencode/plans" } },
  ...edits(at),
]

/** What was not refused, as text that names it. */
async function notRefused(w: World, sessionID: string): Promise<string[]> {
  const messages = await w.engine.sessions.messages(sessionID)
  return messages.flatMap(({ parts }) =>
    parts.flatMap((part) =>
      part.type === "tool" && part.tool !== "invalid" && part.state.status !== "error"
        ? [`${part.tool} ${JSON.stringify(part.state.input)}`]
        : [],
    ),
  )
}

describe("in plan mode", () => {
  test("nothing that the model tries changes a file or starts a process, whatever is allowed to it", async () => {
    await using at = await place({})
    const { w } = at
    const { id } = await w.session()
    await w.engine.sessions.update(id, { permission: [{ permission: "*", pattern: "*", action: "allow" }] })
    const tried = everyEscape(at)
    expect(tried.length).toBeGreaterThan(300)
    w.model.add(...inAnswers(tried), says("nothing worked"))
    const before = at.tree()
    await w.prompt("plan", { agent: "plan", tools: { write: true, bash: true } })
    expect(await notRefused(w, id)).toEqual([])
    expect(await w.calls()).toHaveLength(tried.length)
    expect(at.ran()).toBe("")
    expect(at.tree()).toEqual(before)
    expect(w.engine.gate.list()).toEqual([])
  })

  test("a subagent that may do anything can do no more, nor can its own", async () => {
    await using at = await place({})
    const { w } = at
    const tried = everyEscape(at)
    const replies: Record<string, Reply[]> = {
      outer: [...inAnswers(tried), starts(free("inner")), says("no")],
      inner: [...inAnswers(tried), says("no")],
    }
    const script = cast([starts(free("outer")), says("planned")], replies)
    at.answer(script)
    const before = at.tree()
    await w.prompt("plan", { agent: "plan" })
    const [outer] = await childrenOf(w)
    const [inner] = w.engine.children.list(outer?.id ?? "")
    expect(await notRefused(w, inner?.id ?? "")).toEqual([])
    // It may hand on, which is how it came to the inner one.
    expect((await notRefused(w, outer?.id ?? "")).map((call) => call.split(" ")[0])).toEqual(["task"])
    expect(at.ran()).toBe("")
    expect(at.tree()).toEqual(before)
  })

  test("a subagent of build mode is bound while it works for plan mode, also for a command", async () => {
    await using at = await place({})
    const { w } = at
    const writes = calls("bash", { command: "touch made" })
    at.answer(
      cast([starts(free("harmless")), says("built")], { harmless: [says("nothing to do"), writes, says("refused")] }),
    )
    await w.prompt("build", { agent: "build" })
    const [harmless] = await childrenOf(w)
    const before = at.tree()
    w.model.add(starts(free("now", { task_id: harmless?.id, command: "review" })), writes, says("no"), says("planned"))
    await w.prompt("plan", { agent: "plan" })
    expect(await notRefused(w, harmless?.id ?? "")).toEqual([])
    expect(at.ran()).toBe("")
    expect(at.tree()).toEqual(before)
  })

  test("what a person answered with always in build mode does not count", async () => {
    const permission = { bash: "ask", edit: "ask" } as const
    await using at = await place({ permission, env: {}, hooks: {}, config: { agent: { plan: {} } } })
    const { w } = at
    const writes = [calls("bash", { command: "touch first" }), calls("write", { filePath: "second", content: "x" })]
    w.model.add(...writes, says("built"))
    const turn = w.prompt("build", { agent: "build" })
    await w.asked("edit").then((ask) => ask.always())
    await w.asked("bash").then((ask) => ask.always())
    await turn
    const ran = at.ran()
    const before = at.tree()
    w.model.add(...writes, calls("bash", { command: "touch third" }), says("no"))
    await w.prompt("plan", { agent: "plan" })
    expect(at.ran()).toBe(ran)
    expect(at.tree()).toEqual(before)
    expect(w.engine.gate.list()).toEqual([])
  })

  test("a hook that makes something else of a call makes nothing of it that writes", async () => {
    const hooks: WorldOptions["hooks"] = {
      toolBefore: async ({ tool }, output) => {
        if (tool === "bash") output.args.command = "touch made"
        if (tool === "write") output.args.filePath = "made"
      },
      permissionAsk: EVERYTHING.hooks.permissionAsk as never,
    }
    await using at = await place({ hooks })
    const { w } = at
    w.model.add(
      calls("bash", { command: "ls" }),
      calls("write", { filePath: ".opencode/plans/a.md", content: "x" }),
      says("no"),
    )
    const before = at.tree()
    await w.prompt("plan", { agent: "plan" })
    expect(await notRefused(w, (await w.session()).id)).toEqual([])
    expect(at.ran()).toBe("")
    expect(at.tree()).toEqual(before)
  })

  test.each<[string, WorldOptions]>([
    ["its settings make a subagent of it", { config: { agent: { plan: { mode: "all", prompt: "You write code." } } } }],
    [
      "a file of its name defines it",
      { files: { ".opencode/agent/plan.md": "---\npermission: {edit: allow}\n---\nWrite." } },
    ],
    [
      "a file gives itself its name",
      { files: { ".opencode/agent/other.md": "---\nname: plan\npermission: allow\n---\nWrite." } },
    ],
    [
      "a mode of its name is defined",
      { files: { ".opencode/modes/plan.md": "---\ntools: {write: true, bash: true}\n---\nWrite." } },
    ],
    ["it is the usual agent", { config: { default_agent: "plan" } }],
  ])("it is bound as ever when %s", async (_, options) => {
    await using at = await place(options)
    const { w } = at
    w.model.add(
      callsMany([
        { name: "bash", input: { command: "touch made" } },
        { name: "write", input: { filePath: "made", content: "x" } },
        { name: "foreign_write", input: { file: "made" } },
      ]),
      says("no"),
    )
    const before = at.tree()
    await w.prompt("plan", options.config?.default_agent ? {} : { agent: "plan" })
    expect((await w.transcript())[1]?.info.agent).toBe("plan")
    expect(await notRefused(w, (await w.session()).id)).toEqual([])
    expect(at.ran()).toBe("")
    expect(at.tree()).toEqual(before)
  })

  test("looking works, plans are written, and tools of others that only read are there", async () => {
    await using at = await place({}, { runs: true })
    const { w } = at
    const inData = join(at.data, "plans/mine.md")
    w.model.add(
      callsMany([
        {
          name: "bash",
          input: { command: "cat kept | head -1 && git log --oneline && grep -rn before src kept 2>/dev/null" },
        },
        { name: "read", input: { filePath: "kept" } },
        { name: "grep", input: { pattern: "before" } },
        { name: "glob", input: { pattern: "*" } },
        { name: "foreign_read", input: { file: "x" } },
        { name: "todowrite", input: { todos: [] } },
        { name: "write", input: { filePath: ".opencode/plans/new.md", content: "new" } },
        { name: "write", input: { filePath: inData, content: "new" } },
        { name: "edit", input: { filePath: ".opencode/plans/new.md", oldString: "new", newString: "newer" } },
      ]),
      says("planned"),
    )
    await w.prompt("plan", { agent: "plan" })
    expect((await w.calls()).map(({ state }) => state.status)).toEqual(Array(9).fill("completed"))
    expect(w.read(".opencode/plans/new.md")).toBe("newer")
    expect(readFileSync(inData, "utf8")).toBe("new")
    const offered = w.model.requests[0]?.tools
    expect(offered).toContain("foreign_read")
    expect(offered).not.toContain("foreign_write")
    expect(offered).not.toContain("careless")
  })

  test("a plan that is a second name of another file is written as a file of its own", async () => {
    await using at = await place({})
    const { w } = at
    linkSync(join(w.project, "src/a.ts"), join(w.project, ".opencode/plans/twin.md"))
    w.model.add(
      calls("read", { filePath: ".opencode/plans/twin.md" }),
      calls("write", { filePath: ".opencode/plans/twin.md", content: "changed" }),
      says("ok"),
    )
    await w.prompt("plan", { agent: "plan" })
    expect(w.read(".opencode/plans/twin.md")).toBe("changed")
    expect(w.read("src/a.ts")).toBe("a\n")
  })
})

test("what is refused in plan mode works in build mode", async () => {
  await using at = await place({}, { runs: true })
  const { w } = at
  w.model.add(
    callsMany([
      { name: "bash", input: { command: "touch made" } },
      { name: "write", input: { filePath: "written", content: "x" } },
      { name: "foreign_write", input: { file: "foreign" } },
      { name: "careless", input: { file: "careless" } },
    ]),
    says("done"),
  )
  await w.prompt("build", { agent: "build" })
  expect(w.files()).toEqual(expect.arrayContaining(["made", "written", "foreign", "careless"]))
  expect(at.ran()).toContain("touch made")
})
