import { expect, test } from "vitest"
import { defaultRules } from "@opencode/core/permission/defaults.ts"
import { decide, evaluate, isOffered, rulesFromConfig } from "@opencode/core/permission/rules.ts"

const home = "/home/u"
const { base, agents } = defaultRules({ data: "/data", temp: "/tmp/opencode", toolOutput: "/data/tool-output" })
const verdict = (agent: keyof typeof agents, permission: string, pattern: string) =>
  evaluate(permission, pattern, [...base, ...agents[agent].rules], { home }).action

test.each([
  ["build", "bash", "rm x", "allow"],
  ["build", "read", "src/a.ts", "allow"],
  ["build", "read", ".env", "ask"],
  ["build", "read", "app/.env.local", "ask"],
  ["build", "read", ".env.example", "allow"],
  ["build", "external_directory", "/etc/*", "ask"],
  ["build", "external_directory", "/data/tool-output/*", "allow"],
  ["build", "external_directory", "/tmp/opencode/*", "allow"],
  ["build", "control_file", ".git/config", "ask"],
  ["build", "private_address", "localhost:3000", "ask"],
  ["explore", "private_address", "localhost:3000", "ask"],
  ["explore", "control_file", ".git/config", "deny"],
  ["build", "doom_loop", "bash", "ask"],
  ["build", "question", "*", "allow"],
  ["build", "plan_exit", "*", "deny"],
  ["plan", "edit", "src/a.ts", "deny"],
  ["plan", "edit", ".opencode/plans/a.md", "allow"],
  ["plan", "edit", "/data/plans/a.md", "allow"],
  ["plan", "task", "general", "deny"],
  ["plan", "task", "explore", "allow"],
  ["general", "todowrite", "*", "deny"],
  ["general", "question", "*", "deny"],
  ["explore", "edit", "a", "deny"],
  ["explore", "read", "a", "allow"],
  ["explore", "read", ".env", "ask"],
  ["explore", "bash", "ls", "allow"],
  ["title", "read", "a", "deny"],
] as const)("%s: %s %s is %s", (agent, permission, pattern, expected) => {
  expect(verdict(agent, permission, pattern)).toBe(expected)
})

test("plan keeps its limits whatever is configured", () => {
  const rulesets = [
    base,
    agents.plan.rules,
    rulesFromConfig("allow"),
    rulesFromConfig({ edit: "allow", task: "allow" }),
  ]
  const type = (permission: string, pattern: string) =>
    decide([{ permission, patterns: [pattern], always: [], metadata: {} }], {
      rulesets,
      ceiling: agents.plan.ceiling,
      home,
    }).type
  expect(type("edit", "src/a.ts")).toBe("deny")
  expect(type("edit", ".opencode/plans/a.md")).toBe("allow")
  expect(type("task", "general")).toBe("deny")
  expect(agents.plan.readOnlyShell).toBe(true)
  expect(isOffered("edit", [...base, ...agents.plan.rules])).toBe(true)
  expect(isOffered("edit", [...base, ...agents.explore.rules])).toBe(false)
})
