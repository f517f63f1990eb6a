import { expect, test } from "vitest"
import { translate } from "../../src/config/translate.ts"

const table: [string, unknown, unknown][] = [
  ["mode", { mode: { docs: { prompt: "p" } } }, { agent: { docs: { mode: "primary", prompt: "p" } } }],
  [
    "mode under agent",
    { mode: { a: { steps: 1, prompt: "old" } }, agent: { a: { steps: 2 } } },
    { agent: { a: { mode: "primary", steps: 2, prompt: "old" } } },
  ],
  [
    "tools",
    { tools: { bash: false, write: false, "x_*": true } },
    { permission: { bash: "deny", edit: "deny", "x_*": "allow" } },
  ],
  ["tools before permission", { tools: { bash: false }, permission: { bash: "ask" } }, { permission: { bash: "ask" } }],
  ["one denied name denies all", { tools: { write: false, edit: true } }, { permission: { edit: "deny" } }],
  ["autoshare", { autoshare: true }, { share: "auto" }],
  ["autoshare off", { autoshare: false }, {}],
  ["autoshare beside share", { autoshare: true, share: "disabled" }, { share: "disabled" }],
  ["maxSteps", { agent: { a: { maxSteps: 3 } } }, { agent: { a: { steps: 3 } } }],
  ["agent tools", { agent: { a: { tools: { bash: false } } } }, { agent: { a: { permission: { bash: "deny" } } } }],
  ["permissions", { permissions: { bash: "ask" } }, { permission: { bash: "ask" } }],
  [
    "permissions as rules",
    {
      permissions: [
        { action: "*", effect: "ask" },
        { action: "bash", resource: "git *", effect: "allow" },
      ],
    },
    { permission: { "*": "ask", bash: { "git *": "allow" } } },
  ],
  ["agents", { agents: { a: { steps: 1 } } }, { agent: { a: { steps: 1 } } }],
  ["commands", { commands: { c: { template: "t" } } }, { command: { c: { template: "t" } } }],
  ["plugins", { plugins: ["x"] }, { plugin: ["x"] }],
  ["snapshots", { snapshots: false }, { snapshot: false }],
  ["reference", { reference: { a: "../a" } }, { references: { a: "../a" } }],
  [
    "mcp.servers",
    { mcp: { servers: { s: { type: "remote", url: "u", disabled: true } } } },
    { mcp: { s: { type: "remote", url: "u", enabled: false } } },
  ],
  [
    "a server called servers",
    { mcp: { servers: { type: "remote", url: "u" } } },
    { mcp: { servers: { type: "remote", url: "u" } } },
  ],
  [
    "mcpServers",
    {
      mcpServers: {
        l: { command: "npx", args: ["-y", "x"], env: { A: "1" } },
        r: { type: "http", url: "u", headers: { h: "v" } },
      },
    },
    {
      mcp: {
        l: { type: "local", command: ["npx", "-y", "x"], environment: { A: "1" } },
        r: { type: "remote", url: "u", headers: { h: "v" } },
      },
    },
  ],
]
test.each(table)("%s", (_name, written, canonical) => {
  expect(translate(written)).toMatchObject({ value: canonical, issues: [] })
  expect(translate(written).value).toEqual(canonical)
  expect(translate(canonical).value).toEqual(canonical)
})

test("settings of the screen are named as such", () => {
  const { value, issues } = translate({ theme: "x", keybinds: {}, model: "a/b" })
  expect(value).toEqual({ model: "a/b" })
  expect(issues.map(({ kind }) => kind)).toEqual(["moved", "moved"])
})

test.each([[null], [5], ["x"], [[]]])("%j is left for validation to refuse", (written) => {
  expect(translate(written).value).toEqual(written)
})
