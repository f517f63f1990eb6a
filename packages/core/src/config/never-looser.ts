import type { Config } from "@opencode/protocol/config.ts"
import type { PermissionAction, PermissionConfig, PermissionRuleset } from "@opencode/protocol/permission.ts"
import { rulesFromConfig } from "../permission/rules.ts"
import { ASK_BEFORE_HARM } from "./fail-closed.ts"
import type { Below } from "./layers.ts"
import { mergePermission } from "./merge-permission.ts"
import { findLoosened, patternsOf, withExceptions } from "./tighten.ts"

/**
 * The rules of built-in agents come before the common ones, so that a common rule can take back what an agent denies.
 * A user may want that; a project that nobody trusts, or a file that cannot be read, must not do it.
 */

/** What asks before harm where rules cannot be read, and is nowhere looser than what holds without them. */
export function askBeforeHarm(below: Below): Config {
  const asking = rulesFromConfig(ASK_BEFORE_HARM)
  const permission = neverLooser(asking, commonRules(below), below.home)
  return { permission, ...keepAgents(permission, below) }
}

/** The same for one agent, whose own file cannot be read. */
export const askBeforeHarmOf = (name: string, below: Below): Config => ({
  agent: { [name]: { permission: neverLooser(rulesFromConfig(ASK_BEFORE_HARM), agentRules(name, below), below.home) } },
})

/** Rules for built-in agents that say again what they deny, where common rules of a project would take it back. */
export function keepAgents(permission: PermissionConfig | undefined, below: Below): Pick<Config, "agent"> {
  const common = rulesFromConfig(permission)
  const agents = Object.keys(below.defaults.agents).flatMap((name) => {
    if (hasNoTools(name, below)) return []
    const before = agentRules(name, below)
    const looser = common.filter((rule) => findLoosened(rule, before, below.home) !== "none")
    const own = unlike(neverLooser(looser, before, below.home), permission)
    return Object.keys(own).length ? [[name, { permission: own }] as const] : []
  })
  return agents.length ? { agent: Object.fromEntries(agents) } : {}
}

/** What the common rules say in the same words holds without being said again. */
function unlike(own: PermissionConfig, common: PermissionConfig | undefined): PermissionConfig {
  if (typeof own === "string" || typeof common !== "object") return own
  const isSame = (key: string): boolean => JSON.stringify(own[key]) === JSON.stringify(common[key])
  return Object.fromEntries(Object.entries(own).filter(([key]) => !isSame(key)))
}

/** It writes titles, say: there is nothing that could be allowed to it. */
function hasNoTools(name: string, { defaults }: Below): boolean {
  const [only, ...more] = defaults.agents[name]?.rules ?? []
  return more.length === 0 && only?.permission === "*" && only.action === "deny"
}

const commonRules = ({ defaults, config }: Below): PermissionRuleset => [
  ...defaults.base,
  ...rulesFromConfig(config.permission),
]

const agentRules = (name: string, below: Below): PermissionRuleset => [
  ...below.defaults.base,
  ...(below.defaults.agents[name]?.rules ?? []),
  ...rulesFromConfig(below.config.permission),
  ...rulesFromConfig(below.config.agent?.[name]?.permission),
]

/** `wanted`, and after each of its rules what `before` says of the same, where that is stricter. Pure. */
const neverLooser = (wanted: PermissionRuleset, before: PermissionRuleset, home: string): PermissionConfig =>
  asConfig(wanted.flatMap((rule) => withExceptions(rule, before, home)))

function asConfig(rules: PermissionRuleset): PermissionConfig {
  let config: PermissionConfig = {}
  for (let from = 0; from < rules.length;) {
    const permission = rules[from]?.permission ?? ""
    const after = rules.findIndex((rule, index) => index > from && rule.permission !== permission)
    const until = after === -1 ? rules.length : after
    config = mergePermission(config, { [permission]: shortest(patternsOf(rules.slice(from, until))) })
    from = until
  }
  return config
}

function shortest(patterns: Record<string, PermissionAction>) {
  const only = patterns["*"]
  return only !== undefined && Object.values(patterns).every((action) => action === only) ? only : patterns
}
