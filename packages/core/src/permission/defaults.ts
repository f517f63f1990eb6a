import { join } from "node:path"
import type { PermissionAction, PermissionRule, PermissionRuleset } from "@opencode/protocol/permission.ts"

/**
 * The rules that hold before anybody configured anything, as data. Configuration is appended to them and may override
 * any, the ceilings excepted: these are given to `decide` apart.
 */
export interface DefaultRules {
  base: PermissionRuleset
  agents: Record<BuiltinAgent, AgentRules>
}

export type BuiltinAgent = "build" | "plan" | "general" | "explore" | "compaction" | "title" | "summary"

export interface AgentRules {
  /** On top of the base rules, below the user's configuration. */
  rules: PermissionRuleset
  /** What configuration cannot widen. Sessions that the agent starts must inherit it. */
  ceiling: PermissionRuleset
  /**
   * The bash tool must refuse, as a tool failure and before it asks, every command for which `isReadOnly` gives a
   * reason. What passes is still asked for by the rules. Sessions that the agent starts inherit this too.
   */
  readOnlyShell: boolean
}

/** Absolute, canonical folders. */
export interface DefaultPaths {
  /** The data folder; plans live in its `plans/`. */
  data: string
  temp: string
  toolOutput: string
  /** Folders outside the workspace that may be read in without a question. Changing something there is asked about. */
  references?: readonly string[]
}

export function defaultRules({ data, temp, toolOutput, references = [] }: DefaultPaths): DefaultRules {
  const plans = join(data, "plans")
  // Paths reach the rules resolved, so no ".." can lead from a plans folder to somewhere else.
  const plansOnly = [
    rule("edit", "*", "deny"),
    rule("edit", ".opencode/plans/*.md", "allow"),
    rule("edit", join(plans, "*.md"), "allow"),
  ]
  // A subagent with more powers would be a way around the plan.
  const noGeneral = rule("task", "general", "deny")
  return {
    base: [
      rule("*", "*", "allow"),
      rule("doom_loop", "*", "ask"),
      rule("external_directory", "*", "ask"),
      rule("control_file", "*", "ask"),
      rule("private_address", "*", "ask"),
      ...[toolOutput, temp, plans, ...references].map((folder) =>
        rule("external_directory", join(folder, "*"), "allow"),
      ),
      ...references.map((folder) => rule("edit", join(folder, "*"), "ask")),
      rule("question", "*", "deny"),
      rule("plan_enter", "*", "deny"),
      rule("plan_exit", "*", "deny"),
      rule("read", "*", "allow"),
      rule("read", "*.env", "ask"),
      rule("read", "*.env.*", "ask"),
      rule("read", "*.env.example", "allow"),
    ],
    agents: {
      build: agent([rule("question", "*", "allow"), rule("plan_enter", "*", "allow")]),
      plan: {
        rules: [rule("question", "*", "allow"), rule("plan_exit", "*", "allow"), noGeneral, ...plansOnly],
        // Who plans does not decide that the plan is good.
        ceiling: [...plansOnly, noGeneral, rule("plan_exit", "*", "ask")],
        readOnlyShell: true,
      },
      general: agent([rule("todowrite", "*", "deny")]),
      explore: agent([
        rule("*", "*", "deny"),
        ...["grep", "glob", "list", "bash", "webfetch", "websearch"].map((tool) => rule(tool, "*", "allow")),
        rule("read", "*", "allow"),
        rule("read", "*.env", "ask"),
        rule("read", "*.env.*", "ask"),
        rule("read", "*.env.example", "allow"),
        rule("external_directory", "*", "ask"),
        rule("private_address", "*", "ask"),
        ...[toolOutput, temp, ...references].map((folder) => rule("external_directory", join(folder, "*"), "allow")),
      ]),
      compaction: agent([rule("*", "*", "deny")]),
      title: agent([rule("*", "*", "deny")]),
      summary: agent([rule("*", "*", "deny")]),
    },
  }
}

const rule = (permission: string, pattern: string, action: PermissionAction): PermissionRule => ({
  permission,
  pattern,
  action,
})

const agent = (rules: PermissionRuleset): AgentRules => ({
  rules,
  ceiling: [],
  readOnlyShell: false,
})
