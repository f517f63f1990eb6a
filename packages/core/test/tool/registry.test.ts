import { describe, expect, test } from "vitest"
import { z } from "zod"
import { defineTool, type Tool } from "../../src/tool/tool.ts"
import { builtinTools } from "../../src/tool/builtin.ts"
import { createRegistry } from "../../src/tool/registry.ts"
import { createSeenFiles } from "../../src/tool/seen.ts"
import { openWorld } from "./world.ts"

const registry = createRegistry(builtinTools)
const allowAll = [{ permission: "*", pattern: "*", action: "allow" as const }]
const validate = (name: string, raw: unknown) => registry.validate(registry.get(name)!, raw)

test("the order does not depend on how the tools were given", () => {
  const order = ["invalid", "bash", "read", "glob", "grep", "edit", "write", "webfetch", "todowrite", "apply_patch"]
  expect(registry.ids()).toEqual(order)
  expect(createRegistry([...builtinTools].reverse()).ids()).toEqual(order)
})

test("a name in another case is found, an unknown one gets near names", () => {
  expect(registry.get("Bash")?.name).toBe("bash")
  expect(registry.get("nope")).toBeUndefined()
  expect(registry.unknown("reed")).toBe('There is no tool named "reed". Did you mean read?')
  expect(registry.unknown("database")).toContain(
    "There are: bash, read, glob, grep, edit, write, webfetch, todowrite, apply_patch.",
  )
})

describe("what the model is offered", () => {
  const names = (
    rules: typeof allowAll | { permission: string; pattern: string; action: "deny" }[],
    disabled?: string[],
  ) => registry.offered({ rules, modelID: "claude", ...(disabled && { disabled }) }).map(({ name }) => name)

  test("everything but invalid, in a stable order", () => {
    expect(names(allowAll)).toEqual(["bash", "read", "glob", "grep", "edit", "write", "webfetch", "todowrite"])
  })

  test("not what is denied for everything, or turned off", () => {
    expect(names([{ permission: "edit", pattern: "*", action: "deny" }])).toEqual([
      "bash",
      "read",
      "glob",
      "grep",
      "webfetch",
      "todowrite",
    ])
    expect(names([{ permission: "edit", pattern: "*.md", action: "deny" }])).toContain("edit")
    expect(names(allowAll, ["bash", "gl*"])).toEqual(["read", "grep", "edit", "write", "webfetch", "todowrite"])
  })

  test("the one way of changing files that the model was taught", () => {
    const offered = (modelID: string) => registry.offered({ rules: allowAll, modelID }).map(({ name }) => name)
    expect(offered("gpt-5.1-codex")).toEqual(["bash", "read", "glob", "grep", "webfetch", "todowrite", "apply_patch"])
    expect(
      registry.offered({ rules: allowAll, modelID: "gpt-5", disabled: ["write"] }).map(({ name }) => name),
    ).not.toContain("apply_patch")
    expect(offered("gpt-4.1")).not.toContain("apply_patch")
    expect(
      registry.offered({ rules: [{ permission: "edit", pattern: "*", action: "deny" }], modelID: "gpt-5" }),
    ).not.toContainEqual(expect.objectContaining({ name: "apply_patch" }))
  })

  test("schemas are plain, closed and built once", () => {
    const [first] = registry.offered({ rules: allowAll, modelID: "claude" })
    const bash = first!.inputSchema
    expect(bash).toMatchObject({ type: "object", required: ["command"], additionalProperties: false })
    expect(Object.keys(bash.properties!)).toEqual(["command", "timeout", "workdir", "description"])
    expect(bash).not.toHaveProperty("$schema")
    expect(JSON.stringify(registry.offered({ rules: allowAll, modelID: "claude" }))).not.toContain(
      String(Number.MAX_SAFE_INTEGER),
    )
    expect(registry.offered({ rules: allowAll, modelID: "claude" })[0]!.inputSchema).toBe(bash)
  })
})

describe("what a model sends is taken for what it means", () => {
  const cases: [name: string, raw: unknown, input: unknown][] = [
    ["bash", { command: "ls", timeout: "5000" }, { command: "ls", timeout: 5000 }],
    ["bash", { command: "ls", timeout: null, workdir: null }, { command: "ls" }],
    ["bash", { command: "ls", run_in_background: true, __proto__x: 1 }, { command: "ls" }],
    ["bash", '{"command":"ls"}', { command: "ls" }],
    [
      "edit",
      { filePath: "a", oldString: "1", newString: "2", replaceAll: "true" },
      { filePath: "a", oldString: "1", newString: "2", replaceAll: true },
    ],
    ["write", { filePath: "a", content: "5" }, { filePath: "a", content: "5" }],
  ]
  test.each(cases)("%s %j", (name, raw, input) => expect(validate(name, raw)).toEqual({ input }))

  test("lists and objects as text", () => {
    const tool = defineTool({
      ...registry.get("invalid")!,
      name: "nested",
      input: () =>
        z.object({ items: z.array(z.object({ count: z.number() })), free: z.record(z.string(), z.unknown()) }),
    })
    const raw = { items: '[{"count":"2","extra":1}]', free: '{"any":null}' }
    expect(registry.validate(tool, raw)).toEqual({ input: { items: [{ count: 2 }], free: { any: null } } })
  })
})

test("what is wrong is said in one sentence that names the members", () => {
  expect(validate("edit", { filePath: "a", newString: 5 }).problem).toMatch(
    /^Invalid input for tool edit: .*"oldString".*"newString".*\.$/,
  )
  expect(validate("bash", '{"command":').problem).toMatch(/^Invalid input for tool bash: JSON parsing failed: /)
  expect(validate("bash", [1]).problem).toMatch(/^Invalid input for tool bash: /)
})

test("an invalid call tells the model what was wrong, and asks nobody", async () => {
  await using w = await openWorld()
  const error = registry.unknown("reed")
  expect(await w.asks("invalid", { tool: "reed", error })).toEqual([])
  expect((await w.call("invalid", { tool: "reed", error })).output).toBe(`The call of "reed" was not run. ${error}`)
})

test("a session remembers a bounded number of files, the last used ones", () => {
  const seen = createSeenFiles()
  const print = { size: 1, mtimeMs: 1, hash: "x" }
  for (let index = 0; index <= 10_000; index++) seen.set(`/${index}`, print)
  expect(seen.get("/0")).toBeUndefined()
  expect(seen.get("/10000")).toEqual(print)
})

describe("where only reading is allowed", () => {
  const reader = { agent: "plan", isChild: false, readOnly: true }
  const tool = (name: string, more: Partial<Tool>): Tool => ({
    ...registry.get("invalid")!,
    name,
    effect: "unsafe",
    ...more,
  })
  const offered = (...tools: Tool[]) =>
    createRegistry(tools)
      .offered({ rules: allowAll, modelID: "claude", user: reader })
      .map(({ name }) => name)

  test("every tool of the program is there: what it may do there is bound", () => {
    const everywhere = registry.offered({ rules: allowAll, modelID: "claude" })
    expect(registry.offered({ rules: allowAll, modelID: "claude", user: reader })).toEqual(everywhere)
  })

  test("a tool of somebody else needs the word of its maker that it only reads", () => {
    expect(
      offered(
        tool("says_yes", { foreign: { readOnlyHint: true } }),
        tool("says_no", { foreign: { readOnlyHint: false } }),
        // What it would be to recovery says nothing of what it does.
        tool("pure_no", { foreign: { readOnlyHint: false }, effect: "pure" }),
        tool("bound_no", { foreign: { readOnlyHint: false }, isBound: true }),
      ),
    ).toEqual(["says_yes"])
  })

  test("one that says nothing of itself is not there, be it ours", () => {
    expect(offered(tool("new", {}), tool("again", { effect: "idempotent" }), tool("look", { effect: "pure" }))).toEqual(
      ["look"],
    )
  })
})
