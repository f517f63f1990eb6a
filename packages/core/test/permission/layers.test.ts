import { resolveAgents } from "@opencode/core/config/agents.ts"
import { ruleSections } from "@opencode/core/config/rule-sections.ts"
import type { Ask } from "@opencode/core/permission/ask.ts"
import { defaultRules } from "@opencode/core/permission/defaults.ts"
import { explainAsk } from "@opencode/core/permission/explain.ts"
import { decide, rulesFromConfig } from "@opencode/core/permission/rules.ts"
import type { PermissionConfig } from "@opencode/protocol/permission.ts"
import { expect, test } from "vitest"
import { place } from "../config/place.ts"

/** Who said what, lowest first. */
interface Layers {
  user?: PermissionConfig
  project?: PermissionConfig
  content?: PermissionConfig
  variable?: string
  /** `agent.<name>.permission` of the user. */
  agentUser?: PermissionConfig
  agentProject?: PermissionConfig
  session?: PermissionConfig
  saved?: PermissionConfig
  approved?: PermissionConfig
  agent?: string
}
type Row = [what: string, layers: Layers, ask: [permission: string, pattern: string], expected: string]

const TABLE: Row[] = [
  // Built in
  ["nobody said anything", {}, ["bash", "ls"], "allow built-in"],
  ["an unknown tool", {}, ["mymcp_get", "x"], "allow built-in"],
  ["a .env file", {}, ["read", "app/.env"], "ask built-in"],
  ["its example", {}, ["read", "app/.env.example"], "allow built-in"],
  ["places outside", {}, ["external_directory", "/etc/*"], "ask built-in"],
  ["the folder of long outputs", {}, ["external_directory", "/data/tool-output/x"], "allow built-in"],
  ["control files", {}, ["control_file", ".git/config"], "ask built-in"],
  ["questions, for build", {}, ["question", "*"], "allow agent"],
  ["questions, for a subagent", { agent: "general" }, ["question", "*"], "deny built-in"],
  ["edits, for explore", { agent: "explore" }, ["edit", "a"], "deny agent"],
  // One layer over the other
  ["the user over the built-in", { user: { read: "allow" } }, ["read", ".env"], "allow config"],
  [
    "the user over the agent's own",
    { user: { todowrite: "allow" }, agent: "general" },
    ["todowrite", "*"],
    "allow config",
  ],
  ["the project over the user", { user: { bash: "allow" }, project: { bash: "ask" } }, ["bash", "ls"], "ask config"],
  [
    "a project that loosens does not",
    { user: { bash: "ask" }, project: { bash: "allow" } },
    ["bash", "ls"],
    "ask config",
  ],
  ["content over the user", { user: { bash: "deny" }, content: { bash: "allow" } }, ["bash", "ls"], "allow config"],
  [
    "the variable over all files",
    { user: { bash: "allow" }, variable: '{"bash":"deny"}' },
    ["bash", "ls"],
    "deny config",
  ],
  ["a word in the variable", { user: { bash: "allow" }, variable: "ask" }, ["bash", "ls"], "ask config"],
  ["a word allows what the built-in rules ask", { variable: "allow" }, ["read", ".env"], "allow config"],
  ["a broken variable asks", { user: { bash: "allow" }, variable: '{"bash":"allow"' }, ["bash", "ls"], "ask config"],
  ["a broken variable lifts no denial", { user: { bash: "deny" }, variable: "{" }, ["bash", "ls"], "deny config"],
  [
    "the agent over everybody's",
    { user: { bash: "deny" }, agentUser: { bash: "allow" } },
    ["bash", "ls"],
    "allow config",
  ],
  ["the agent over the variable", { variable: "deny", agentUser: { bash: "allow" } }, ["bash", "ls"], "allow config"],
  ["rules of another agent", { agentUser: { bash: "deny" }, agent: "plan" }, ["bash", "ls"], "allow built-in"],
  [
    "a project's agent may tighten",
    { agentUser: { bash: "allow" }, agentProject: { bash: "ask" } },
    ["bash", "ls"],
    "ask config",
  ],
  [
    "a project's agent may not loosen",
    { user: { bash: "ask" }, agentProject: { bash: "allow" } },
    ["bash", "ls"],
    "ask config",
  ],
  [
    "the session over the agent",
    { agentUser: { bash: "allow" }, session: { bash: "deny" } },
    ["bash", "ls"],
    "deny session",
  ],
  ["a session may loosen", { user: { bash: "deny" }, session: { bash: "allow" } }, ["bash", "ls"], "allow session"],
  // Answers
  [
    "an answer lifts an ask",
    { user: { bash: "ask" }, approved: { bash: { "git *": "allow" } } },
    ["bash", "git log"],
    "allow approved",
  ],
  [
    "a saved one too",
    { user: { bash: "ask" }, saved: { bash: { "git *": "allow" } } },
    ["bash", "git log"],
    "allow saved",
  ],
  [
    "none for anything else",
    { user: { bash: "ask" }, saved: { bash: { "git *": "allow" } } },
    ["bash", "ls"],
    "ask config",
  ],
  [
    "none lifts a denial",
    { user: { bash: "deny" }, approved: { bash: "allow" }, saved: { bash: "allow" } },
    ["bash", "ls"],
    "deny config",
  ],
  [
    "none lifts a session's denial",
    { session: { bash: "deny" }, approved: { bash: "allow" } },
    ["bash", "ls"],
    "deny session",
  ],
  [
    "where a rule allows, it is the rule",
    { user: { bash: "allow" }, approved: { bash: "allow" } },
    ["bash", "ls"],
    "allow config",
  ],
  // Ceilings
  ["plan does not edit", { agent: "plan" }, ["edit", "a"], "deny ceiling"],
  [
    "whatever everybody says",
    { user: "allow", variable: "allow", session: "allow", approved: { edit: "allow" }, agent: "plan" },
    ["edit", "a"],
    "deny ceiling",
  ],
  ["plan files it does", { agent: "plan" }, ["edit", ".opencode/plans/a.md"], "allow agent"],
  [
    "a ceiling allows nothing",
    { user: { edit: "deny" }, agent: "plan" },
    ["edit", ".opencode/plans/a.md"],
    "deny config",
  ],
  // The last match
  ["general first", { user: { bash: { "*": "ask", "git *": "allow" } } }, ["bash", "git log"], "allow config"],
  ["general last", { user: { bash: { "git *": "allow", "*": "ask" } } }, ["bash", "git log"], "ask config"],
  ["a wildcard for names", { user: { "mymcp_*": "deny" } }, ["mymcp_get", "x"], "deny config"],
  ["a wildcard after a name", { user: { bash: "allow", "*": "ask" } }, ["bash", "ls"], "ask config"],
  [
    "one name in two layers",
    { user: { bash: { "git *": "allow" } }, content: { bash: { "git push *": "ask" } } },
    ["bash", "git push x"],
    "ask config",
  ],
  // Patterns
  ["a star and separators", { user: { edit: { "src/*": "deny" } } }, ["edit", "src/a/b.ts"], "deny config"],
  ["one character", { user: { bash: { "l?": "deny" } } }, ["bash", "ls"], "deny config"],
  ["not two", { user: { bash: { "l?": "deny" } } }, ["bash", "lsx"], "allow built-in"],
  ["without its arguments", { user: { bash: { "git status *": "deny" } } }, ["bash", "git status"], "deny config"],
  ["with them", { user: { bash: { "git status *": "deny" } } }, ["bash", "git status -s"], "deny config"],
  ["a longer word", { user: { bash: { "git status *": "deny" } } }, ["bash", "git statusx"], "allow built-in"],
  ["a bare word", { user: { bash: { rm: "deny" } } }, ["bash", "rm x"], "allow built-in"],
  [
    "the home folder",
    { user: { external_directory: { "~/x/*": "deny" } } },
    ["external_directory", "/home/u/x/*"],
    "deny config",
  ],
  [
    "its variable",
    { user: { external_directory: { "$HOME/x/*": "deny" } } },
    ["external_directory", "/home/u/x/*"],
    "deny config",
  ],
  [
    "not in the middle",
    { user: { external_directory: { "/a/~/*": "deny" } } },
    ["external_directory", "/a/home/u/x"],
    "ask built-in",
  ],
  ["other names of editing", { user: { write: "deny" } }, ["edit", "a"], "deny config"],
]

const defaults = defaultRules({ data: "/data", temp: "/tmp/opencode", toolOutput: "/data/tool-output" })
const home = "/home/u"

test.each(TABLE)("%s", async (_, layers, [permission, pattern], expected) => {
  const name = layers.agent ?? "build"
  const file = (rules: PermissionConfig | undefined, own: PermissionConfig | undefined) => ({
    ...(rules === undefined ? {} : { permission: rules }),
    ...(own === undefined ? {} : { agent: { build: { permission: own } } }),
  })
  await using at = await place({
    "home/.config/opencode/opencode.json": file(layers.user, layers.agentUser),
    "project/opencode.json": file(layers.project, layers.agentProject),
  })
  const config = await at.load({
    defaults,
    env: {
      ...(layers.variable === undefined ? {} : { OPENCODE_PERMISSION: layers.variable }),
      ...(layers.content === undefined
        ? {}
        : { OPENCODE_CONFIG_CONTENT: JSON.stringify({ permission: layers.content }) }),
    },
  })
  const agent = resolveAgents({ config: config.value, defaults }).agents.find((one) => one.name === name)
  const ceiling = defaults.agents[name as "plan"].ceiling
  const section = (
    source: "session" | "saved" | "approved" | "ceiling",
    rules = rulesFromConfig(layers[source as "saved"]),
  ) => ({
    source,
    what: source,
    rules,
  })
  const rulesets = [agent?.permission ?? [], rulesFromConfig(layers.session)]
  const approvals = [section("saved"), section("approved")]
  const ask: Ask = { permission, patterns: [pattern], always: [], metadata: {} }
  const explained = explainAsk(ask, {
    rulesets,
    sections: [...(await ruleSections(name, { defaults, written: config.rules })), section("session")],
    ceiling: section("ceiling", ceiling),
    approvals,
    home,
  })
  const [first] = explained.patterns
  expect(`${first?.action} ${first?.reason.source}`).toBe(expected)
  // What is explained is what is decided.
  const approved = approvals.flatMap(({ rules }) => rules)
  expect(decide([ask], { rulesets, ceiling, approved, home }).type).toBe(explained.action)
})

test("nothing matches: it is asked", () => {
  const ask: Ask = { permission: "bash", patterns: ["ls"], always: [], metadata: {} }
  const nothing = { source: "ceiling" as const, what: "", rules: [] }
  const explained = explainAsk(ask, { rulesets: [], sections: [], ceiling: nothing, approvals: [], home })
  expect(explained).toMatchObject({ action: "ask", patterns: [{ action: "ask", reason: { source: "none" } }] })
})
