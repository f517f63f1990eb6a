import type { Config } from "@opencode/protocol/config.ts"
import { describe, expect, test } from "vitest"
import { resolveAgents } from "../../src/config/agents.ts"
import { defaultRules } from "../../src/permission/defaults.ts"
import { decide, evaluate } from "../../src/permission/rules.ts"

const defaults = defaultRules({ data: "/h/data", temp: "/tmp/opencode", toolOutput: "/h/data/tool-output" })
const resolve = (config: Config) => resolveAgents({ config, defaults })
const agent = (config: Config, name: string) => {
  const found = resolve(config).agents.find((one) => one.name === name)
  if (!found) throw new Error(`no agent ${name}`)
  return found
}

test("build and plan come with the program", () => {
  const { agents, default: chosen, issues } = resolve({})
  expect(agents.map(({ name, mode, native }) => [name, mode, native])).toEqual([
    ["build", "primary", true],
    ["compaction", "primary", true],
    ["explore", "subagent", true],
    ["general", "subagent", true],
    ["plan", "primary", true],
    ["summary", "primary", true],
    ["title", "primary", true],
  ])
  expect([chosen, issues]).toEqual(["build", []])
})

test("configuration overrides, adds and switches off", () => {
  const { agents } = resolve({
    agent: {
      build: { model: "p/m/x", top_p: 0.5, prompt: "mine" },
      plan: { disable: true },
      docs: { description: "Writes", mode: "subagent", steps: 3, reasoningEffort: "high", options: { a: 1 } },
    },
  })
  expect(agents.map(({ name }) => name)).toEqual([
    "build",
    "compaction",
    "docs",
    "explore",
    "general",
    "summary",
    "title",
  ])
  expect(agents[0]).toMatchObject({
    model: { providerID: "p", modelID: "m/x" },
    topP: 0.5,
    prompt: "mine",
    native: true,
  })
  expect(agents[2]).toMatchObject({
    mode: "subagent",
    native: false,
    steps: 3,
    options: { a: 1, reasoningEffort: "high" },
  })
  expect(agent({ agent: { x: {} } }, "x").mode).toBe("all")
})

test("a model without its provider is reported and left out", () => {
  const { agents, issues } = resolve({ agent: { build: { model: "sonnet" } } })
  expect(agents[0]?.model).toBeUndefined()
  expect(issues).toMatchObject([{ kind: "agent", path: ["agent", "build", "model"] }])
})

describe("default_agent", () => {
  const rows: [string, Config, string, number][] = [
    ["a primary one", { default_agent: "plan" }, "plan", 0],
    ["one for everything", { default_agent: "x", agent: { x: {} } }, "x", 0],
    ["an unknown one", { default_agent: "plam" }, "build", 1],
    ["a subagent", { default_agent: "x", agent: { x: { mode: "subagent" } } }, "build", 1],
    ["a hidden one", { default_agent: "x", agent: { x: { hidden: true } } }, "build", 1],
    ["one switched off", { default_agent: "plan", agent: { plan: { disable: true } } }, "build", 1],
    ["none, and build is off", { agent: { build: { disable: true } } }, "plan", 0],
    ["none, and all are off", { agent: { build: { disable: true }, plan: { disable: true } } }, "build", 1],
  ]
  test.each(rows)("%s", (_name, config, chosen, issues) => {
    const resolved = resolve(config)
    expect(resolved.default).toBe(chosen)
    expect(resolved.agents[0]?.name).toBe(chosen)
    expect(resolved.issues).toHaveLength(issues)
  })
  test("a near name is suggested", () => {
    expect(resolve({ default_agent: "plam" }).issues[0]?.message).toContain("Did you mean plan?")
  })
})

describe("rules: defaults, built-in, configuration, the agent's own; the last match decides", () => {
  const action = (config: Config, name: string, permission: string, pattern = "x") =>
    evaluate(permission, pattern, agent(config, name).permission, { home: "/h" }).action
  test.each([
    [{}, "build", "bash", "allow"],
    [{}, "build", "question", "allow"],
    [{}, "plan", "edit", "deny"],
    [{ permission: { edit: "ask" } }, "plan", "edit", "ask"],
    [{ permission: "deny" }, "build", "bash", "deny"],
    [{ permission: "deny", agent: { build: { permission: { bash: "ask" } } } }, "build", "bash", "ask"],
    [{ permission: { write: "deny" } }, "build", "edit", "deny"],
    [{ agent: { docs: { permission: { edit: "deny" } } } }, "docs", "edit", "deny"],
  ] as [Config, string, string, string][])("%j: %s may %s: %s", (config, name, permission, expected) => {
    expect(action(config, name, permission)).toBe(expected)
  })

  test("no configuration widens what plan may do", () => {
    const plan = agent({ permission: "allow", agent: { plan: { permission: { edit: "allow" } } } }, "plan")
    const ask = { permission: "edit", patterns: ["src/a.ts"], always: [], metadata: {} }
    const sources = { rulesets: [plan.permission], ceiling: defaults.agents.plan.ceiling, home: "/h" }
    expect(decide([ask], sources)).toMatchObject({ type: "deny", ceiling: true })
  })
})
