import type { Config } from "@opencode/protocol/config.ts"
import type { PermissionAction, PermissionConfig, PermissionRuleset } from "@opencode/protocol/permission.ts"
import fc from "fast-check"
import { dirname, join } from "node:path"
import { describe, expect, test } from "vitest"
import { restrictProject } from "../../src/config/restrict-project.ts"
import { createMerge } from "../../src/config/merge.ts"
import { covers, mayOverlap } from "../../src/config/tighten.ts"
import { defaultRules } from "../../src/permission/defaults.ts"
import { evaluate, rulesFromConfig } from "../../src/permission/rules.ts"
import { matches } from "../../src/permission/wildcard.ts"
import { place, PROJECT, USER } from "./place.ts"

const defaults = defaultRules({ data: "/h/data", temp: "/tmp/opencode", toolOutput: "/h/data/tool-output" })
const rule = (permission: string, pattern: string, action: PermissionAction) => ({ permission, pattern, action })
const restrict = (project: Config, user: Config = {}, keys: string[] = [], granted: string[] = []) => {
  const { value, issues } = restrictProject(project, {
    config: user,
    defaults,
    home: "/h",
    hasCredential: (id) => keys.includes(id),
    isGranted: (key) => granted.includes(key.join(".")),
  })
  return { value, held: issues.map(({ path }) => path.join(".")) }
}

const OTHER_ENV = { "*.env.*": "ask", "*.env.example": "allow" } as const
const ENV = { "*.env": "ask", "*.env.*": "ask", "*.env.example": "allow" } as const
/** What an untrusted project says, what the user said, what is in effect, what is held back. */
const permissions: [Config["permission"], Config["permission"], Config["permission"], string[]][] = [
  [{ bash: "allow" }, undefined, { bash: "allow" }, []],
  [{ bash: "allow" }, { bash: "ask" }, undefined, ["permission.bash"]],
  [{ bash: "allow" }, "ask", undefined, ["permission.bash"]],
  [{ bash: "allow" }, { "*": "ask", bash: "allow" }, { bash: "allow" }, []],
  [{ bash: "ask" }, { bash: "deny" }, undefined, ["permission.bash"]],
  [{ bash: "deny" }, { bash: "allow" }, { bash: "deny" }, []],
  [{ bash: { "*": "ask", "git *": "allow" } }, undefined, { bash: { "*": "ask", "git *": "allow" } }, []],
  [{ bash: { "rm *": "allow" } }, { bash: { "rm -rf *": "deny" } }, undefined, ["permission.bash.rm *"]],
  [
    { bash: { "git status": "allow" } },
    { bash: { "*": "ask", "git *": "allow" } },
    { bash: { "git status": "allow" } },
    [],
  ],
  ["allow", undefined, undefined, ["permission"]],
  ["ask", undefined, "ask", []],
  [{ "*": "ask", bash: "allow" }, undefined, { "*": "ask", bash: "allow" }, []],
  [{ "*": "ask", bash: "allow" }, { question: "deny" }, { "*": "ask", question: "deny", bash: "allow" }, []],
  ["ask", { question: "deny" }, { "*": "ask", question: "deny" }, []],
  [{ question: "allow" }, undefined, { question: "allow" }, []],
  [{ question: "allow" }, { question: "deny" }, undefined, ["permission.question"]],
  ["ask", { bash: "deny" }, undefined, ["permission"]],
  ["ask", { control_file: "deny" }, undefined, ["permission"]],
  ["deny", undefined, "deny", []],
  [{ "*": "allow", edit: "ask" }, undefined, { edit: "ask" }, ["permission.*"]],
  // It says what holds anyway; what is asked about stays so.
  [{ read: "allow" }, undefined, { read: { "*": "allow", ...ENV } }, []],
  [
    { read: { "*": "allow", "*.env": "deny" } },
    undefined,
    { read: { "*": "allow", ...OTHER_ENV, "*.env": "deny" } },
    [],
  ],
  [{ read: { "*.md": "allow" } }, undefined, { read: { "*.md": "allow", "*.env.*": "ask" } }, []],
  [{ read: { ...ENV, "*": "allow" } }, undefined, { read: { "*": "allow", ...ENV } }, []],
  [{ read: "allow" }, { read: { "secret/*": "deny" } }, { read: { "*": "allow", ...ENV, "secret/*": "deny" } }, []],
  [{ read: "allow" }, { read: "ask" }, undefined, ["permission.read"]],
  [{ read: "allow" }, "ask", undefined, ["permission.read"]],
  [{ read: { "src/*": "allow" } }, { read: { "*": "ask" } }, undefined, ["permission.read.src/*"]],
  [{ read: { ".env": "allow" } }, undefined, undefined, ["permission.read..env"]],
  [{ external_directory: "allow" }, undefined, undefined, ["permission.external_directory"]],
  [{ external_directory: { "~/.ssh/*": "allow" } }, undefined, undefined, ["permission.external_directory.~/.ssh/*"]],
  [
    { external_directory: { "/tmp/opencode/x/*": "allow" } },
    undefined,
    { external_directory: { "/tmp/opencode/x/*": "allow" } },
    [],
  ],
  [{ write: "allow" }, { edit: "deny" }, undefined, ["permission.write"]],
  [{ "b*": "allow" }, { bash: "ask" }, undefined, ["permission.b*"]],
  [{ doom_loop: "allow" }, undefined, undefined, ["permission.doom_loop"]],
  [{ control_file: "allow" }, undefined, undefined, ["permission.control_file"]],
  // Who allows everything has not allowed these.
  [{ control_file: "allow" }, "allow", undefined, ["permission.control_file"]],
  [{ control_file: { ".vscode/*": "allow" } }, { "*": "allow" }, undefined, ["permission.control_file..vscode/*"]],
  [{ control_file: "allow" }, { control_file: "allow" }, { control_file: "allow" }, []],
  [{ control_file: "deny" }, "allow", { control_file: "deny" }, []],
]
test.each(permissions)("permission %j over %j", (project, user, effect, held) => {
  const { value, held: told } = restrict({ permission: project }, { permission: user })
  expect({ value: value.permission, held: told }).toEqual({
    value: effect,
    held,
  })
  // The last that matches decides.
  expect(JSON.stringify(value.permission)).toBe(JSON.stringify(effect))
})

/** What a project says of everybody, and what a built-in agent that denies some of it goes on to say. */
const kept: [Config["permission"], string, Config["permission"]][] = [
  [{ edit: "allow" }, "explore", { edit: "deny" }],
  [{ edit: "ask" }, "explore", { edit: "deny" }],
  [{ edit: { "*.md": "allow" } }, "explore", { edit: { "*.md": "deny" } }],
  [
    { edit: "allow" },
    "plan",
    { edit: { "*": "deny", ".opencode/plans/*.md": "allow", "/h/data/plans/*.md": "allow" } },
  ],
  [{ task: "ask" }, "plan", { task: { "*": "ask", general: "deny" } }],
  [{ bash: "ask" }, "explore", undefined],
  [{ read: "allow" }, "explore", undefined],
  [{ read: "allow", edit: "allow" }, "explore", { edit: "deny" }],
  [{ question: "allow" }, "general", { question: "deny" }],
  [{ question: "allow" }, "explore", { question: "deny" }],
  [{ question: "allow" }, "build", undefined],
  [{ edit: "deny" }, "explore", undefined],
  [{ edit: "allow" }, "title", undefined],
]
test.each(kept)("a project that says %j of everybody leaves %s what it denies", (project, name, own) => {
  expect(restrict({ permission: project }).value.agent?.[name]?.permission).toEqual(own)
})

const local = (more: object = {}) => ({ options: { baseURL: "http://127.0.0.1:11434/v1" }, ...more })
/** Settings besides permission: project, user, in effect, held back. */
const settings: [Config, Config, Config, string[]][] = [
  [{ model: "a/b", agent: { x: { prompt: "p" } } }, {}, { model: "a/b", agent: { x: { prompt: "p" } } }, []],
  [{ shell: "./x", plugin: ["./p.js"], server: { hostname: "0.0.0.0" } }, {}, {}, ["shell", "plugin.0", "server"]],
  [
    { mcp: { a: { type: "local", command: ["x"] }, b: { enabled: false } } },
    {},
    { mcp: { b: { enabled: false } } },
    ["mcp.a"],
  ],
  [{ mcp: { a: { enabled: true } } }, {}, {}, ["mcp.a"]],
  // Switched off, nothing of it is left that could be started.
  [{ mcp: { a: { type: "local", command: ["x"], enabled: false } } }, {}, { mcp: { a: { enabled: false } } }, []],
  [{ lsp: true, formatter: false }, {}, { formatter: false }, ["lsp"]],
  [{ lsp: { x: { disabled: true } } }, {}, {}, ["lsp"]],
  [
    { lsp: { x: { disabled: true }, y: { command: ["y"] } } },
    { lsp: true },
    { lsp: { x: { disabled: true } } },
    ["lsp.y"],
  ],
  [
    { instructions: ["docs/*.md", "../x", "~/.ssh/id", "/etc/passwd", "https://x/y"] },
    {},
    { instructions: ["docs/*.md"] },
    ["instructions.1", "instructions.2", "instructions.3", "instructions.4"],
  ],
  [
    { skills: { paths: ["s", "../s"], urls: ["u"] } },
    {},
    { skills: { paths: ["s"] } },
    ["skills.paths.1", "skills.urls"],
  ],
  [
    { references: { a: "./a", b: { repository: "x/y" }, c: { path: "/c" } } },
    {},
    { references: { a: "./a" } },
    ["references.b", "references.c"],
  ],
  [{ default_agent: "build" }, {}, { default_agent: "build" }, []],
  [{ default_agent: "build" }, { default_agent: "plan" }, {}, ["default_agent"]],
  [
    { agent: { plan: { disable: true, prompt: "p" } } },
    { default_agent: "plan" },
    { agent: { plan: { prompt: "p" } } },
    ["agent.plan.disable"],
  ],
  [{ share: "auto" }, {}, {}, ["share"]],
  [{ share: "disabled" }, { share: "auto" }, { share: "disabled" }, []],
  [{ share: "manual" }, { share: "disabled" }, {}, ["share"]],
  [{ snapshot: false }, {}, {}, ["snapshot"]],
  [{ autoupdate: true }, {}, {}, []],
  [{ autoupdate: false }, { autoupdate: true }, { autoupdate: false }, []],
  [{ experimental: { openTelemetry: false } }, {}, { experimental: { openTelemetry: false } }, []],
  [{ disabled_providers: [] }, { disabled_providers: ["x"] }, { disabled_providers: ["x"] }, []],
  [{ enabled_providers: ["x", "y"] }, { enabled_providers: ["x"] }, { enabled_providers: ["x"] }, []],
  [{ tool_output: { max_bytes: 1e9 } }, {}, {}, ["tool_output"]],
  [{ subagent_depth: 9 }, {}, {}, ["subagent_depth"]],
  [
    { experimental: { batch_tool: true, openTelemetry: true } },
    {},
    { experimental: { batch_tool: true } },
    ["experimental.openTelemetry"],
  ],
  [
    { agent: { plan: { permission: { edit: "allow" }, steps: 3 } } },
    {},
    { agent: { plan: { steps: 3 } } },
    ["agent.plan.permission.edit"],
  ],
  [
    { agent: { build: { permission: { bash: "allow" } } } },
    { agent: { build: { permission: { bash: "ask" } } } },
    { agent: { build: {} } },
    ["agent.build.permission.bash"],
  ],
  // An agent that the project brings along may ask a person, where the user does not deny it.
  [
    {
      agent: {
        x: { permission: { "*": "deny", read: "allow", grep: "allow", question: "allow", plan_exit: "allow" } },
      },
    },
    {},
    {
      agent: {
        x: {
          permission: {
            "*": "deny",
            read: { "*": "allow", ...ENV },
            grep: "allow",
            question: "allow",
            plan_exit: "allow",
          },
        },
      },
    },
    [],
  ],
  [
    { agent: { x: { permission: { question: "allow" } } } },
    { permission: { question: "deny" } },
    { agent: { x: {} } },
    ["agent.x.permission.question"],
  ],
  [
    { agent: { general: { permission: { question: "allow" } } } },
    {},
    { agent: { general: {} } },
    ["agent.general.permission.question"],
  ],
  [{ provider: { ollama: local() } }, {}, { provider: { ollama: local() } }, []],
  [{ provider: { x: { options: { baseURL: "https://evil.example" } } } }, {}, {}, ["provider.x"]],
  [{ provider: { x: { options: { baseURL: "http://127.0.0.1.evil.example" } } } }, {}, {}, ["provider.x"]],
  [{ provider: { x: { options: { baseURL: "http://127.0.0.1@evil.example" } } } }, {}, {}, ["provider.x"]],
  [{ provider: { ollama: local() } }, { provider: { ollama: { options: { apiKey: "k" } } } }, {}, ["provider.ollama"]],
  [{ provider: { keyed: local() } }, {}, {}, ["provider.keyed"]],
  [{ provider: { x: local({ id: "keyed" }) } }, {}, {}, ["provider.x"]],
  [{ provider: { x: local({ npm: "file:///evil.js" }) } }, {}, {}, ["provider.x"]],
  [{ provider: { x: local({ env: ["AWS_KEY"] }) } }, {}, {}, ["provider.x"]],
  [
    { provider: { x: local({ models: { m: { provider: { api: "https://evil.example" } } } }) } },
    {},
    {},
    ["provider.x"],
  ],
  [{ provider: { x: { models: { m: {} } } } }, {}, {}, ["provider.x"]],
]
test.each(settings)("%j over %j", (project, user, effect, held) => {
  expect(restrict(project, user, ["keyed"])).toEqual({ value: effect, held })
})

test("what is approved lets in nothing that stands beside it", () => {
  const mcp = (command: string, more: object = {}) => ({ type: "local" as const, command: [command], ...more })
  const project: Config = {
    permission: { read: "allow", bash: "allow", webfetch: "allow" },
    agent: { plan: { disable: true, permission: { read: "allow", bash: "allow" } } },
    mcp: { a: mcp("a"), b: mcp("b", { enabled: false }), c: mcp("c") },
  }
  const user: Config = { permission: { bash: "ask", webfetch: "ask" }, default_agent: "plan" }
  const granted = ["permission.bash", "agent.plan.disable", "mcp.a"]
  const { value, held } = restrict(project, user, [], granted)
  const read = { "*": "allow", ...ENV }
  expect(value.permission).toEqual({ read, bash: "allow" })
  expect(value.agent?.plan).toEqual({ disable: true, permission: { read } })
  expect(value.mcp).toEqual({ a: mcp("a"), b: { enabled: false } })
  expect(held).toEqual(["permission.webfetch", "agent.plan.permission.bash", "mcp.c"])
})

describe("from files", () => {
  test("what is held back is reported with its place, and in effect once trusted", async () => {
    await using at = await place({
      [USER]: { permission: { bash: "ask" } },
      [PROJECT]: '{\n  "permission": {\n    "bash": "allow"\n  }\n}',
    })
    const config = await at.load({ defaults })
    expect(config.value.permission).toEqual({ bash: "ask" })
    expect(config.issues).toMatchObject([{ kind: "held_back", line: 3, column: 5, path: ["permission", "bash"] }])
    expect(config.issues[0]?.message).toContain("trust this project")
    expect((await at.load({ defaults, trusted: true })).value.permission).toEqual({ bash: "allow" })
  })

  test("a rule of the project may be taken back beside it, and not in a folder below", async () => {
    const files = {
      [USER]: { permission: { webfetch: "ask" } },
      [PROJECT]: { permission: { bash: "ask", webfetch: "deny" } },
      [join(dirname(PROJECT), ".opencode/opencode.json")]: {
        permission: { webfetch: "allow" },
        agent: { x: { permission: { bash: { "git *": "allow" } } } },
      },
      [join(dirname(PROJECT), "sub/opencode.json")]: { permission: { bash: "allow" } },
    }
    await using at = await place(files)
    const held = async (more: object) => (await at.load({ defaults, ...more })).issues.map(({ path }) => path.join("."))
    const directory = join(at.root, dirname(PROJECT))
    expect(await held({ directory })).toEqual(["permission.webfetch"])
    expect(await held({ directory: join(directory, "sub") })).toEqual(["permission.bash", "permission.webfetch"])
  })

  test("the user's own file, named in the environment, needs no trust although it lies in the project", async () => {
    await using at = await place({ [PROJECT]: { shell: "/bin/zsh" } })
    expect((await at.load()).value).toEqual({})
    expect((await at.load({ env: { OPENCODE_CONFIG: "../opencode.json" } })).value).toEqual({ shell: "/bin/zsh" })
  })

  test("a key in the environment keeps a project from naming its provider's address", async () => {
    await using at = await place({ [PROJECT]: { provider: { anthropic: local() } } })
    expect((await at.load({ env: { ANTHROPIC_API_KEY: "k" } })).value).toEqual({})
  })
})

test("patterns: what is said to be covered is, and what overlaps is said to", () => {
  const pattern = fc.array(fc.constantFrom("a", "b", " ", "*", "?"), { maxLength: 5 }).map((chars) => chars.join(""))
  const text = fc.array(fc.constantFrom("a", "b", " "), { maxLength: 5 }).map((chars) => chars.join(""))
  fc.assert(
    fc.property(pattern, pattern, text, (outer, inner, sample) => {
      const both = matches(outer, sample) && matches(inner, sample)
      if (both) expect(mayOverlap(outer, inner)).toBe(true)
      if (covers(outer, inner) && matches(inner, sample)) expect(matches(outer, sample)).toBe(true)
    }),
    { numRuns: 5000 },
  )
})

test("whatever an untrusted project says, nothing is asked or denied less than without it", () => {
  const strictness = { allow: 0, ask: 1, deny: 2 }
  const action = fc.constantFrom("allow", "ask", "deny")
  const pattern = fc.constantFrom("*", "a*", "*b", "?b", "ab", "a *", "a", "~/x*")
  const value = fc.oneof(action, fc.dictionary(pattern, action, { maxKeys: 4 }))
  const keys = fc.dictionary(
    fc.constantFrom("*", "bash", "edit", "write", "read", "m_*", "m_a", "control_file"),
    value,
    {
      maxKeys: 4,
    },
  )
  const permission = fc.oneof(action, keys) as fc.Arbitrary<PermissionConfig>
  const base = [
    rule("*", "*", "allow"),
    rule("edit", "*b", "ask"),
    rule("read", "*b", "ask"),
    rule("control_file", "*", "ask"),
  ]
  fc.assert(
    fc.property(permission, permission, permission, (user, own, project) => {
      const config: Config = { permission: user, agent: { x: { permission: own } } }
      const below = { config, defaults: { base, agents: {} }, home: "/h", hasCredential: () => false }
      const { value: kept } = restrictProject({ permission: project, agent: { x: { permission: project } } }, below)
      const merge = createMerge()
      merge.add(config, { layer: "user" })
      merge.add(kept, { layer: "project" })
      const before = [...base, ...rulesFromConfig(user)]
      const after = [...base, ...rulesFromConfig(merge.value.permission)]
      const ownBefore = [...before, ...rulesFromConfig(own)]
      const ownAfter = [...after, ...rulesFromConfig(merge.value.agent?.x?.permission)]
      for (const name of ["bash", "edit", "read", "m_a", "m_b", "control_file"]) {
        for (const text of ["ab", "a", "a b", "b", "/h/x1", "z"]) {
          const grade = (rules: PermissionRuleset) => strictness[evaluate(name, text, rules, { home: "/h" }).action]
          expect(grade(after)).toBeGreaterThanOrEqual(grade(before))
          expect(grade(ownAfter)).toBeGreaterThanOrEqual(grade(ownBefore))
        }
      }
    }),
    { numRuns: 2000 },
  )
})

test.each<[Config["sandbox"], Config["sandbox"], boolean]>([
  ["workspace", undefined, true],
  ["read-only", undefined, true],
  ["read-only", "workspace", true],
  ["workspace", "workspace", true],
  [{ network: false }, { network: true }, true],
  [{ mode: "workspace", network: true }, undefined, true],
  [{ mode: "read-only", network: true }, { mode: "workspace", network: true }, true],
  ["off", undefined, true],
  ["off", "workspace", false],
  ["workspace", "read-only", false],
  [{ network: true }, "workspace", false],
  [{ mode: "read-only", network: true }, "workspace", false],
  [{ mode: "off" }, { mode: "workspace", network: true }, false],
  [{ network: false }, "read-only", false],
])("sandbox %j over %j is in effect before the project is trusted: %j", (project, user, isTaken) => {
  const sandbox = user === undefined ? {} : { sandbox: user }
  const { value, held } = restrict({ sandbox: project }, sandbox)
  expect(value).toEqual(isTaken ? { sandbox: project } : {})
  expect(held).toEqual(isTaken ? [] : ["sandbox"])
})
