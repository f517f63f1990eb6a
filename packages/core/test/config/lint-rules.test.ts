import { lintRules, type LintOptions } from "@opencode/core/config/lint-rules.ts"
import { writtenRules } from "@opencode/core/config/written-rules.ts"
import { defaultRules } from "@opencode/core/permission/defaults.ts"
import type { Config } from "@opencode/protocol/config.ts"
import type { PermissionConfig } from "@opencode/protocol/permission.ts"
import { world } from "@opencode/testing/world.ts"
import { expect, test } from "vitest"

const { agents } = defaultRules({ data: "/data", temp: "/tmp/opencode", toolOutput: "/data/tool-output" })
const options: LintOptions = {
  ceilingOf: (name) => agents[name as "plan"]?.ceiling ?? [],
  isDisabled: (name) => name === "off",
  nativeAgents: Object.keys(agents),
  isOnlyRules: (name) => name !== "reviewer",
  mayHaveTool: (name) => name.includes("_"),
  home: "/home/u",
}
const from = { layer: "user" as const, locate: async () => [] }
const lint = (config: Config, more: Partial<LintOptions> = {}) =>
  lintRules(writtenRules(config, from), { ...options, ...more }).map(({ message }) => message)

const OVERRULED = (members: string, by: string, action: string) =>
  `nothing is decided by ${members}: \`${by}\` comes later and says ${action} of all that. General rules go first.`

test.each<[PermissionConfig, ...RegExp[]]>([
  // Order
  [
    { bash: { "git *": "allow", "*": "ask" } },
    /`permission.bash`: nothing is decided by `git \*`: `\*` comes later and says ask/,
  ],
  [{ bash: { "rm *": "deny", "*": "allow" } }, /nothing is denied by `rm \*`/],
  [{ bash: "deny", "*": "allow" }, /`permission`: nothing is denied by `bash`: `\*` comes later/],
  [
    { bash: { "git push *": "deny", "git *": "allow" } },
    /nothing is denied by `git push \*`: `git \*` comes later and says allow/,
  ],
  [{ external_directory: { "/home/u/x/*": "deny", "~/*": "ask" } }, /nothing is denied by `\/home\/u\/x\/\*`/],
  [{ edit: "allow", write: "deny" }, /nothing is decided by `edit`: `write` is the same permission/],
  [
    { bash: { a: "allow", b: "allow", c: "allow", d: "allow", e: "allow", "*": "ask" } },
    /nothing is decided by `a`, `b`, `c`, `d` and 1 more: /,
  ],
  // Names
  [
    { frobnicate: "deny", sprocket: { "a*": "ask" } },
    /`permission`: nothing is matched by `frobnicate`, `sprocket`: no tool has such a name/,
  ],
  // Patterns
  [
    { todowrite: { "src/*": "deny" } },
    /`permission.todowrite`: nothing is matched by `src\/\*`: todowrite is asked for as a whole/,
  ],
  [{ question: { Which: "deny" } }, /asked for as a whole/],
  [{ webfetch: { "example.com/*": "allow" } }, /begins with `http`/],
  [{ edit: { "./src/*": "allow" } }, /without `\.\/`/],
  [{ read: { "../x": "allow" } }, /without `\.\/`/],
  [{ external_directory: { notes: "allow" } }, /by its absolute path/],
  [{ external_directory: { "/tmp": "allow" } }, /as `\/folder\/\*`/],
  [{ bash: { rm: "deny" } }, /only the bare command is matched by `rm`/],
  [{ bash: { "git push": "deny" } }, /only the bare command is matched by `git push`/],
  [{ bash: { "git push:*": "allow" } }, /only what has a colon there is matched by `git push:\*`/],
  [{ bash: { "curl * | sh": "deny" } }, /of a pipeline or a list/],
  [{ bash: { "git status && git diff": "allow" } }, /of a pipeline or a list/],
  [{ bash: { "echo * > *": "deny" } }, /a redirect is no part/],
])("%j is complained of", (permission, ...expected) => {
  expect(lint({ permission })).toEqual(expected.map((message) => expect.stringMatching(message)))
})

test.each<[PermissionConfig]>([
  ["ask"],
  [{ "*": "ask", bash: "allow" }],
  [{ bash: { "*": "ask", "git *": "allow", "git push *": "deny" } }],
  // It says the same, so nothing is lost.
  [{ bash: { "git *": "ask", "*": "ask" } }],
  // Each decides something.
  [{ bash: { "a*": "deny", "*b": "allow" } }],
  [{ edit: { "src/*": "deny", "src/a.ts": "allow" } }],
  // Names that may be somebody's, and near ones, which are told of elsewhere.
  [{ "my*": "ask", "mymcp_*": "ask", mymcp_get: "deny", bsh: "deny", todoread: "deny", lsp: "allow" }],
  [{ todowrite: { "*": "deny" }, question: { "?": "deny" } }],
  [{ webfetch: { "*.org/*": "ask", "https://x.org/*": "allow", "http?://y/*": "ask" } }],
  [{ read: { ".env": "deny", "/etc/*": "allow", "*.pem": "deny", "~/.ssh/*": "deny" }, edit: { ".github/*": "ask" } }],
  [{ external_directory: { "~/notes/*": "allow", "$HOME/x/**": "allow", "/tmp*": "ask", "C:\\Temp\\*": "ask" } }],
  [{ bash: { ls: "allow", pwd: "allow", make: "allow", "git status": "allow", "npm run test:*": "allow" } }],
  [{ bash: { rm: "deny", "rm *": "deny", "git push": "deny", "git push*": "deny" } }],
  [{ bash: { "*|*": "ask", "* && *": "ask", "grep 'a|b' *": "allow", "docker run *:*": "ask" } }],
  [{ task: { "anything-of-another-project": "deny" }, skill: { "some-skill": "deny" } }],
])("%j is fine", (permission) => {
  expect(lint({ permission })).toEqual([])
})

test("what one layer says over another is no mistake", () => {
  const below = writtenRules({ permission: { bash: { "git *": "allow" } } }, from)
  const above = writtenRules({ permission: { bash: "deny" }, agent: { build: { permission: "allow" } } }, from)
  expect(lintRules([...below, ...above], options)).toEqual([])
})

test("the rules of an agent that is off, or that nobody meant, and those under a ceiling", () => {
  const of = (name: string, permission: PermissionConfig) => lint({ agent: { [name]: { permission } } })
  expect(of("off", { bash: "deny" })).toEqual([
    "`agent.off`: nothing is decided by `permission`: the agent is disabled.",
  ])
  expect(of("biuld", { bash: "deny" })).toEqual([expect.stringMatching(/an agent of its own is made by .*build/)])
  expect(of("reviewer", { bash: { "git *": "allow", "*": "ask" } })).toEqual([
    `\`agent.reviewer.permission.bash\`: ${OVERRULED("`git *`", "*", "ask")}`,
  ])
  for (const action of ["allow", "ask"] as const) {
    expect(of("plan", { edit: action })).toEqual([
      expect.stringMatching(/^`agent.plan.permission`: nothing is allowed by `edit`: .*\.opencode\/plans\/\*\.md/),
    ])
    expect(of("plan", { edit: { "src/*": action } })).toEqual([expect.stringContaining("`src/*`")])
    expect(of("plan", { task: { general: action } })).toEqual([expect.stringContaining("denied task")])
  }
  expect(of("plan", { edit: { "*": "deny", ".opencode/plans/*.md": "allow" }, bash: "ask", task: "allow" })).toEqual([])
  expect(of("build", { edit: "allow" })).toEqual([])
})

test("a tool of a server, a plugin or a file may have any name", () => {
  expect(lint({ permission: { frobnicate: "deny" } }, { mayHaveTool: () => true })).toEqual([])
})

test("complaints stand among the issues of a folder, with file and line, and change nothing", async () => {
  const text = '{\n  "permission": {\n    "bash": {\n      "git *": "allow",\n      "*": "ask"\n    }\n  }\n}'
  await using w = await world({ files: { "opencode.json": text }, env: { OPENCODE_PERMISSION: '{"sprocket":"ask"}' } })
  expect(w.engine.config.issues).toEqual([
    {
      severity: "warning",
      kind: "rule",
      message: `\`permission.bash\`: ${OVERRULED("`git *`", "*", "ask")}`,
      path: ["permission", "bash", "git *"],
      file: `${w.project}/opencode.json`,
      line: 4,
      column: 7,
    },
    {
      severity: "warning",
      kind: "rule",
      message: "OPENCODE_PERMISSION: `permission`: nothing is matched by `sprocket`: no tool has such a name.",
      path: ["permission", "sprocket"],
    },
  ])
})

test("a rule of the user is found by line, and a folder with tools of its own may have any name", async () => {
  await using w = await world({
    permission: { bash: { "rm *": "deny", "*": "allow" }, sprocket: "deny" },
    files: { ".opencode/tool/sprocket.ts": "export default {}" },
  })
  expect(w.engine.config.issues).toEqual([
    expect.objectContaining({
      kind: "rule",
      message: expect.stringContaining("nothing is denied by `rm *`"),
      file: w.folder.join("config/opencode/opencode.json"),
      line: 1,
    }),
  ])
})
