import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { chmod, mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "@opencode/protocol/config.ts"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { resolveAgents } from "../../src/config/agents.ts"
import { defaultRules } from "../../src/permission/defaults.ts"
import { evaluate, rulesFromConfig } from "../../src/permission/rules.ts"
import { place, PROJECT, USER, type Place } from "./place.ts"

const defaults = defaultRules({ data: "/h/data", temp: "/tmp/opencode", toolOutput: "/h/data/tool-output" })

/** A start that takes longer than this is noticed. Loaded machines get some more. */
const MAX_MS = 200 * 5

/** Loads within the time, and never throws. */
async function load(at: Place) {
  const started = performance.now()
  const config = await at.load({ defaults })
  expect(performance.now() - started).toBeLessThan(MAX_MS)
  return config
}

describe("an opencode.json that is no such thing is one message, and all others count", () => {
  /** What it is made of, and what is said of it. */
  const texts: [string, string | Uint8Array, RegExp, number | undefined][] = [
    ["broken", '{\n  "model": "a/b",\n  "share" }', /colon expected/, 3],
    ["cut off", '{"model": "a/b"', /brace expected/, 1],
    ["a list", "[]", /must be an object, not a list/, undefined],
    ["a text", '"x"', /must be an object/, undefined],
    ["null", "null", /must be an object/, undefined],
    ["binary", Uint8Array.from({ length: 500 }, (_, index) => (index * 7) % 256), /it is not text/, undefined],
    ["UTF-16", Buffer.from('\uFEFF{"model":"a/b"}', "utf16le"), /it is not text/, undefined],
    ["of NULs", "\0\0\0", /it is not text/, undefined],
    ["too long", `{"x": "${"y".repeat(1_000_000)}"}`, /larger than 1 MB/, undefined],
    ["nested without end", "[".repeat(100_000), /nested too deeply|bracket expected|must be an object/, 1],
    ["nested as an object", `${'{"agent":'.repeat(50_000)}1${"}".repeat(50_000)}`, /nested too deeply/, 1],
    ["YAML", "model: a/b\n", /./, 1],
  ]
  test.each(texts)("%s", async (_, content, said, line) => {
    await using at = await place({ [USER]: { username: "ada" }, "project/sub/opencode.json": { model: "c/d" } })
    await writeFile(join(at.root, PROJECT), content)
    const { value, issues } = await load(at)
    expect(value).toMatchObject({ username: "ada", model: "c/d" })
    expect(issues).toHaveLength(1)
    expect(issues[0]).toMatchObject({
      severity: "error",
      file: join(at.root, PROJECT),
      message: expect.stringMatching(said),
    })
    if (line !== undefined) expect(issues[0]).toMatchObject({ line })
  })

  test.each([
    ["a folder", (path: string) => mkdir(path), /not a regular file/],
    ["a pipe that nobody writes to", async (path: string) => void execFileSync("mkfifo", [path]), /not a regular file/],
    [
      "a device",
      (path: string) => import("node:fs/promises").then(({ symlink }) => symlink("/dev/zero", path)),
      /not a regular file/,
    ],
    [
      "a link to itself",
      (path: string) => import("node:fs/promises").then(({ symlink }) => symlink(path, path)),
      /ELOOP/,
    ],
  ])("%s", async (_, make, said) => {
    await using at = await place({ [USER]: { username: "ada" } })
    await make(join(at.root, PROJECT))
    const { value, issues } = await load(at)
    expect(value.username).toBe("ada")
    expect(issues).toMatchObject([
      { kind: "unreadable", file: join(at.root, PROJECT), message: expect.stringMatching(said) },
    ])
  })

  test.skipIf(process.getuid?.() === 0)("a file that may not be read", async () => {
    await using at = await place({ [USER]: { username: "ada" }, [PROJECT]: {} })
    await chmod(join(at.root, PROJECT), 0)
    expect((await load(at)).issues).toMatchObject([{ kind: "unreadable", message: expect.stringContaining("EACCES") }])
  })

  test("an agent whose file is no text", async () => {
    await using at = await place({ "project/.opencode/agents/ok.md": "---\ndescription: d\n---\nHi" })
    await writeFile(join(at.root, "project/.opencode/agents/image.md"), Uint8Array.from([137, 80, 78, 71, 0, 1, 2]))
    const { value, issues } = await load(at)
    expect(Object.keys(value.agent ?? {})).toEqual(["ok"])
    expect(issues).toMatchObject([
      {
        kind: "unreadable",
        file: join(at.root, "project/.opencode/agents/image.md"),
        message: expect.stringContaining("it is not text"),
      },
    ])
  })

  test("an .opencode that is a file", async () => {
    await using at = await place({ [PROJECT]: { model: "a/b" }, "project/.opencode": "x", "home/.opencode": "y" })
    const { value, issues } = await load(at)
    expect(value).toEqual({ model: "a/b" })
    expect(issues.map(({ file, message }) => [file, message.includes("not a folder")])).toEqual([
      [join(at.root, "home/.opencode"), true],
      [join(at.root, "project/.opencode"), true],
    ])
  })
})

describe("what looks right and is odd", () => {
  test("a mark of bytes at its beginning", async () => {
    await using at = await place({ [USER]: '\uFEFF{"model":"a/b"}' })
    expect(await load(at)).toMatchObject({ value: { model: "a/b" }, issues: [] })
  })

  test("members that would change what an object is", async () => {
    await using at = await place({
      [USER]:
        '{"__proto__":{"model":"evil/x"},"constructor":{"a":1},"agent":{"__proto__":{"disable":true},"x":{"__proto__":{"mode":"primary"}}}}',
    })
    const { value } = await load(at)
    expect(value.model).toBeUndefined()
    expect(({} as { model?: string }).model).toBeUndefined()
    expect(Object.keys(value.agent ?? {})).toEqual(["x"])
    expect(value.agent?.x?.mode).toBeUndefined()
  })

  test("a member that is written twice: the last counts, and its place is told", async () => {
    await using at = await place({ [USER]: '{\n"share": "auto",\n"share": 3\n}' })
    const { value, issues } = await load(at)
    expect(value.share).toBeUndefined()
    expect(issues).toMatchObject([{ path: ["share"], line: 3 }])
  })

  test("a file that names itself is not looked at again", async () => {
    await using at = await place({
      [USER]: { username: "{file:./a.txt}", model: "{file:./opencode.json}" },
      "home/.config/opencode/a.txt": "{file:./a.txt} {env:HOME}",
    })
    const { value, issues } = await load(at)
    expect(value.username).toBe("{file:./a.txt} {env:HOME}")
    expect(value.model).toContain('"model":"{file:./opencode.json}"')
    expect(issues).toEqual([])
  })

  test.each(["{file:/dev/zero}", "{file:.}", "{file:./fifo}", "{file:}", "{file:\0}"])("%j", async (text) => {
    await using at = await place({ [USER]: { username: text, model: "a/b" } })
    execFileSync("mkfifo", [join(at.root, "home/.config/opencode/fifo")])
    const { value } = await load(at)
    expect(value.model).toBe("a/b")
  })

  test("an agent whose model nobody can read works with the usual one", async () => {
    await using at = await place({ [USER]: { agent: { x: { model: "gpt", mode: "subagent" } } } })
    const { agents, issues } = resolveAgents({ config: (await load(at)).value, defaults })
    expect(agents.find(({ name }) => name === "x")?.model).toBeUndefined()
    expect(issues).toMatchObject([{ kind: "agent", path: ["agent", "x", "model"] }])
  })

  test("ten thousand agents", async () => {
    const agent = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`a${index}`, { steps: 1 }]))
    await using at = await place({ [USER]: { agent } })
    expect(Object.keys((await at.load({ defaults })).value.agent ?? {})).toHaveLength(10_000)
  })

  test("more Markdown files than anybody keeps: a thousand are read, and it is said", async () => {
    await using at = await place()
    const folder = join(at.root, "home/.config/opencode/agent")
    await mkdir(folder, { recursive: true })
    for (let index = 0; index < 1_010; index++) writeFileSync(join(folder, `f${index}.md`), "text")
    const { value, issues } = await at.load({ defaults })
    expect(Object.keys(value.agent ?? {})).toHaveLength(1_000)
    expect(issues).toMatchObject([{ file: folder, message: expect.stringContaining("1000") }])
  })

  /** A Markdown file, and the line that is told. */
  const markdown: [string, number][] = [
    ["---\nmodel: [a\n---\ntext", 3],
    ["---\n- a\n---\ntext", 2],
    ["---\njust text\n---\ntext", 2],
    ["---\nmodel: a/b\ntext", 1],
    ["---\nsteps: many\n---\ntext", 2],
    ["---\na: &a [1]\nb: *a\n---\ntext", 3],
  ]
  test.each(markdown)("an agent that is written %j", async (text, line) => {
    await using at = await place({ "home/.config/opencode/agent/x.md": text, [USER]: { model: "a/b" } })
    const { value, issues } = await load(at)
    expect(value.model).toBe("a/b")
    expect(issues).toMatchObject([{ severity: "error", line, file: join(at.root, "home/.config/opencode/agent/x.md") }])
  })
})

/** Made to take long where each is compared with each. */
const LONG = "*a".repeat(120)
const rules = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`${LONG}${index}`, "deny"]))

test.each([3, 1_900])("a project with %i long rules does not keep a start from ending", async (count) => {
  await using at = await place({
    [USER]: { permission: { bash: { "rm *": "deny" } } },
    [PROJECT]: { permission: { bash: rules(count) }, model: "a/b" },
    "project/.opencode/opencode.json": { permission: { bash: rules(count) } },
  })
  const started = performance.now()
  const { value, issues } = await at.load({ defaults })
  expect(performance.now() - started).toBeLessThan(MAX_MS * 10)
  expect(value.model).toBe("a/b")
  const common = [...defaults.base, ...rulesFromConfig(value.permission)]
  expect(evaluate("bash", "rm x", common, { home: "/h" }).action).toBe("deny")
  expect(evaluate("bash", "ls", common, { home: "/h" }).action).toBe(count > 100 ? "ask" : "allow")
  expect(issues.some(({ message }) => message.includes("too many rules"))).toBe(count > 100)
})

describe("whatever stands in a project's opencode.json", () => {
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom("allow", "ask", "deny", "DENY", "a/b", "{env:HOME}", "{file:x}", "*", "auto", "", "~"),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(tie("key") as fc.Arbitrary<string>, tie("value"), { maxKeys: 4 }),
    ),
    key: fc.constantFrom(
      "permission",
      "permissions",
      "agent",
      "agents",
      "mode",
      "tools",
      "bash",
      "edit",
      "write",
      "*",
      "build",
      "plan",
      "x",
      "model",
      "mcp",
      "mcpServers",
      "provider",
      "options",
      "baseURL",
      "command",
      "template",
      "share",
      "disable",
      "action",
      "effect",
      "resource",
      "pattern",
      "__proto__",
      "constructor",
      "experimental",
      "instructions",
      "plugin",
      "disabled_providers",
      "enabled_providers",
      "default_agent",
      "steps",
      "server",
      "snapshot",
      "external_directory",
    ),
  }))
  const written = fc.dictionary(json.key as fc.Arbitrary<string>, json.value, { maxKeys: 6 })
  const text = fc.oneof(
    { weight: 6, arbitrary: written.map((value) => JSON.stringify(value)) },
    { weight: 2, arbitrary: fc.tuple(written, fc.nat(200)).map(([value, at]) => JSON.stringify(value).slice(0, at)) },
    { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
    { weight: 1, arbitrary: fc.string({ maxLength: 60 }).map((words) => `{"permission": ${words}`) },
  )

  test("it never throws, is quick, and no rule is looser than without it", async () => {
    const users = [
      {},
      {
        permission: { bash: { "*": "ask", "git *": "allow" }, edit: "deny" },
        agent: { x: { permission: { bash: "deny" } } },
      },
    ] as const
    const strictness = { allow: 0, ask: 1, deny: 2 }
    for (const user of users as readonly Config[]) {
      await using at = await place({ [USER]: user, [PROJECT]: "{}" })
      const before = resolveAgents({ config: (await load(at)).value, defaults }).agents
      await fc.assert(
        fc.asyncProperty(text, async (content) => {
          await writeFile(join(at.root, PROJECT), content)
          const { value } = await load(at)
          const common = [...defaults.base, ...rulesFromConfig(value.permission)]
          const { agents } = resolveAgents({ config: value, defaults })
          for (const agent of agents.filter(({ hidden }) => !hidden)) {
            const known = before.find(({ name }) => name === agent.name)
            for (const [permission, pattern] of SAMPLES) {
              const grade = (rules: typeof common) =>
                strictness[evaluate(permission, pattern, rules, { home: "/h" }).action]
              const base = known?.permission ?? [...defaults.base, ...rulesFromConfig(user.permission)]
              expect(grade(agent.permission)).toBeGreaterThanOrEqual(grade(base))
            }
          }
        }),
        { numRuns: 150 },
      )
    }
  })

  const SAMPLES = [
    ["bash", "git status"],
    ["bash", "rm -rf /"],
    ["edit", "a.ts"],
    ["external_directory", "/etc/*"],
    ["webfetch", "https://x"],
    ["read", ".env"],
    ["x", "y"],
  ] as const
})
