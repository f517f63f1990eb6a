import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { builtinTools } from "@opencode/core/tool/builtin.ts"
import type { Config } from "@opencode/protocol/config.ts"
import { calls, says, script } from "@opencode/testing/script.ts"
import { world, type World } from "@opencode/testing/world.ts"
import { afterAll, beforeAll, describe, expect, test } from "vitest"

/** One call of every tool that works, and how to see that it did. What has to hold for all of them is said once. */
interface Example {
  permission: string
  input(): Record<string, unknown>
  /** In the files, in what the server heard, or in the session. */
  effect?(w: World): Promise<boolean> | boolean
  output: RegExp
}

const heard: string[] = []
const server = createServer((request, response) => {
  heard.push(request.url ?? "")
  response.writeHead(200, { "content-type": "text/plain" }).end("a page")
})
const page = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`
beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)))
afterAll(() => new Promise<unknown>((resolve) => server.close(resolve)))

const EXAMPLES: Record<string, Example> = {
  bash: {
    permission: "bash",
    input: () => ({ command: "echo made > made; echo out" }),
    effect: (w) => w.files().includes("made"),
    output: /^out\n$/,
  },
  read: { permission: "read", input: () => ({ filePath: "a.txt" }), output: /1: needle/ },
  glob: { permission: "glob", input: () => ({ pattern: "*.txt" }), output: /a\.txt$/ },
  grep: { permission: "grep", input: () => ({ pattern: "needle" }), output: /Line 1: needle/ },
  edit: {
    permission: "edit",
    input: () => ({ filePath: "a.txt", oldString: "needle", newString: "pin" }),
    effect: (w) => w.read("a.txt") !== "needle\n",
    output: /successfully/,
  },
  write: {
    permission: "edit",
    input: () => ({ filePath: "made", content: "x" }),
    effect: (w) => w.files().includes("made"),
    output: /successfully/,
  },
  apply_patch: {
    permission: "edit",
    input: () => ({ patchText: "*** Begin Patch\n*** Add File: made\n+x\n*** End Patch" }),
    effect: (w) => w.files().includes("made"),
    output: /A made/,
  },
  webfetch: {
    permission: "webfetch",
    input: () => ({ url: page("x") }),
    effect: () => heard.length > 0,
    output: /^a page$/,
  },
  todowrite: {
    permission: "todowrite",
    input: () => ({ todos: [{ content: "x", status: "pending", priority: "low" }] }),
    effect: async (w) => w.engine.sessions.todos((await w.session()).id).length > 0,
    output: /"pending"/,
  },
}

const names = Object.keys(EXAMPLES)

async function at(name: string, permission: Exclude<Config["permission"], string>) {
  heard.length = 0
  const { input } = EXAMPLES[name]!
  return world({
    files: { "a.txt": "needle\n" },
    permission: { private_address: "allow", ...permission },
    model: script(calls(name, input()), says("done")),
  })
}

test("there is an example of every tool", () => {
  expect(names.sort()).toEqual(
    builtinTools
      .map(({ name }) => name)
      .filter((name) => name !== "invalid")
      .sort(),
  )
})

describe.each(names)("%s", (name) => {
  const { permission, effect = () => false, output } = EXAMPLES[name]!

  test("does what it is for", async () => {
    await using w = await at(name, {})
    await w.prompt("go")
    expect(await w.calls()).toMatchObject([
      { tool: name, state: { status: "completed", output: expect.stringMatching(output) } },
    ])
    expect(await effect(w)).toBe(EXAMPLES[name]!.effect !== undefined)
  })

  test("does nothing when it is denied, and the model hears of the rule", async () => {
    await using w = await at(name, { [permission]: "deny" })
    await w.prompt("go")
    expect(await effect(w)).toBe(false)
    expect(w.model.heard()).toContain("rule which prevents you")
  })

  test("does nothing before it is allowed, and nothing after an abort", async () => {
    await using w = await at(name, { [permission]: "ask" })
    const turn = w.prompt("go")
    const question = await w.asked(permission)
    expect(await effect(w)).toBe(false)
    await w.engine.sessions.abort((await w.session()).id)
    await turn
    // Too late: the question left with the turn.
    expect(() => question.once()).toThrow()
    expect(await effect(w)).toBe(false)
    expect(await w.calls()).toMatchObject([{ state: { status: "error", metadata: { interrupted: true } } }])
  })
})

/** Each ends in words for the model, and the turn goes on: nothing a model writes is a bug of ours. */
describe("hostile input", () => {
  const paths = [
    "\0",
    "a\0b",
    "",
    "/",
    "..",
    "../../../etc/passwd",
    "/dev/zero",
    "/proc/self/mem",
    "x".repeat(100_000),
    "a/".repeat(10_000),
    "~",
    "-rf",
    "\ud800",
  ]
  const inputs: [string, Record<string, unknown>[]][] = [
    ["read", paths.map((filePath) => ({ filePath, limit: 3 }))],
    ["edit", paths.map((filePath) => ({ filePath, oldString: "a", newString: "b" }))],
    ["write", paths.map((filePath) => ({ filePath, content: "\0".repeat(10) }))],
    ["apply_patch", paths.map((path) => ({ patchText: `*** Begin Patch\n*** Delete File: ${path}\n*** End Patch` }))],
    [
      "glob",
      ["\0", "{".repeat(5_000), "**/".repeat(3_000), "--help", "[", "!", "../*"].map((pattern) => ({ pattern })),
    ],
    [
      "grep",
      ["(", "--pre=touch made", "-f/etc/passwd", "\0", "(a+)+$", "a".repeat(100_000)].map((pattern) => ({ pattern })),
    ],
    [
      "bash",
      ["\0", "(", "'", "$(", "x".repeat(200_000), "<<EOF", "\ud800"].map((command) => ({ command, timeout: 2_000 })),
    ],
    [
      "webfetch",
      [
        "file:///etc/passwd",
        "javascript:1",
        "http://",
        "http://[",
        "http://\0/",
        `http://${"a".repeat(100_000)}/`,
        "http://127.0.0.1:1/",
        "http://127.0.0.1:99999/",
      ].map((url) => ({ url, timeout: 1 })),
    ],
    [
      "todowrite",
      [
        { todos: [] },
        { todos: "x" },
        { todos: Array.from({ length: 1_000 }, () => ({ content: "x", status: "pending", priority: "low" })) },
      ],
    ],
  ]

  test.each(inputs)("of %s", async (name, all) => {
    const permission = {
      private_address: "allow",
      external_directory: "deny",
      doom_loop: "allow",
      control_file: "deny",
    } as const
    await using w = await world({ permission, model: script(...all.map((input) => calls(name, input)), says("done")) })
    await w.prompt("go")
    expect(w.model.requests).toHaveLength(all.length + 1)
    const errors = (await w.calls()).map(({ state }) => (state.status === "error" ? state.error : ""))
    expect(errors.filter((error) => /internal|unexpected/i.test(error))).toEqual([])
    expect(w.files().filter((file) => !file.endsWith(".keep") && file !== "-rf" && file !== "\ufffd")).toEqual([])
  })
})
