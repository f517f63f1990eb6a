import type {
  PermissionAction,
  PermissionConfig,
  PermissionRule,
  PermissionRuleset,
} from "@opencode/protocol/permission.ts"
import type { Ask } from "./ask.ts"
import { expandHome, matches } from "./wildcard.ts"

export interface Verdict {
  action: PermissionAction
  /** The rule that decided; none when nothing matched and the answer is the default, ask. */
  rule?: PermissionRule
}

export type Decision =
  | { type: "allow" }
  | { type: "ask"; asks: Ask[] }
  | { type: "deny"; ask: Ask; pattern: string; rule: PermissionRule; ceiling: boolean }

export interface RuleSources {
  /** Lowest layer first; they are read as one list. */
  rulesets: readonly PermissionRuleset[]
  /** Evaluated besides the rulesets: where it denies or asks, no ruleset and no approval can widen it. */
  ceiling?: PermissionRuleset | undefined
  /** What the user answered "always" to. Turns an ask into an allow, never a deny. */
  approved?: PermissionRuleset | undefined
  home: string
}

/** The tools that change files answer to one permission, and so do rules written with their names. */
const EDITING = new Set(["edit", "write", "apply_patch", "patch", "multiedit"])

export const permissionOf = (tool: string): string => (EDITING.has(tool) ? "edit" : tool)

/** The last rule whose permission and pattern both match decides. */
export function evaluate(permission: string, pattern: string, rules: PermissionRuleset, at: { home: string }): Verdict {
  const rule = rules[lastMatch(permission, pattern, rules, at.home)]
  return rule ? { action: rule.action, rule } : { action: "ask" }
}

/** Rules in the order in which they were written. A bare action is a rule for `*`. */
export function rulesFromConfig(config: PermissionConfig | undefined): PermissionRuleset {
  if (config === undefined) return []
  if (typeof config === "string") return [{ permission: "*", pattern: "*", action: config }]
  const rules: PermissionRuleset = []
  for (const [key, value] of Object.entries(config)) {
    if (value === undefined) continue
    const permission = permissionOf(key)
    const patterns = typeof value === "string" ? { "*": value } : value
    for (const [pattern, action] of Object.entries(patterns)) rules.push({ permission, pattern, action })
  }
  return rules
}

/** False when every use of the tool is denied, by the rules or above them: then the model need not know about it. */
export function isOffered(tool: string, rules: PermissionRuleset, ceiling: PermissionRuleset = []): boolean {
  const permission = permissionOf(tool)
  return [rules, ceiling].every((list) => {
    const last = list.findLast(
      (rule) => matches(rule.permission, permission) && (rule.action !== "deny" || /^\*+$/.test(rule.pattern)),
    )
    return last?.action !== "deny"
  })
}

/** A denial of any pattern of any ask wins; otherwise the asks that nobody has answered yet are left. */
export function decide(asks: readonly Ask[], sources: RuleSources): Decision {
  const open: Ask[] = []
  for (const ask of asks) {
    const decision = decideOne(ask, sources)
    if (decision.type === "deny") return decision
    if (decision.type === "ask") open.push(ask)
  }
  return open.length > 0 ? { type: "ask", asks: open } : { type: "allow" }
}

function decideOne(ask: Ask, { rulesets, ceiling = [], approved = [], home }: RuleSources): Decision {
  const puzzling = (ask.problems?.length ?? 0) > 0
  const trusted = (rules: PermissionRuleset) =>
    puzzling ? rules.filter((rule) => rule.action !== "allow" || rule.pattern === "*") : rules
  const all = rulesets.flat()
  const rules = trusted(all)
  const answers = trusted(approved)

  // An access that names nothing was not understood.
  let needsAnswer = ask.patterns.length === 0
  // What was not understood may be just what a rule is there for.
  if (puzzling && [all, ceiling].some((list) => isSelective(ask.permission, list))) needsAnswer = true
  for (const pattern of ask.patterns) {
    // Patterns are the model's words; "constructor" may be one.
    const aliases = ask.aliases && Object.hasOwn(ask.aliases, pattern) ? ask.aliases[pattern] : undefined
    const names = { permission: ask.permission, pattern, aliases: aliases ?? [] }
    const above = strictest(names, ceiling, home)
    const below = strictest(names, rules, home)
    for (const { action, rule } of [above, below]) {
      if (action === "deny" && rule) return { type: "deny", ask, pattern, rule, ceiling: rule === above.rule }
    }
    const isCapped = above.rule?.action === "ask"
    const isAllowed = below.action === "allow" || strictest(names, answers, home).action === "allow"
    if (isCapped || !isAllowed) needsAnswer = true
  }
  return needsAnswer ? { type: "ask", asks: [ask] } : { type: "allow" }
}

/** Do any rules deny or ask for some patterns only? Those before the last rule for `*` decide nothing any more. */
function isSelective(permission: string, rules: PermissionRuleset): boolean {
  const own = rules.filter((rule) => matches(rule.permission, permission))
  const general = own.findLastIndex((rule) => rule.pattern === "*")
  return own.slice(general + 1).some((rule) => rule.action !== "allow")
}

const STRICTNESS: Record<PermissionAction, number> = { allow: 0, ask: 1, deny: 2 }

/**
 * The pattern's own verdict, unless a *later* rule for one of its aliases is stricter. Later, because `./gradlew *`
 * allowed after `*` asked must stay allowed although its alias `gradlew` only meets `*`.
 */
function strictest(
  names: { permission: string; pattern: string; aliases: readonly string[] },
  rules: PermissionRuleset,
  home: string,
): Verdict {
  let decided = lastMatch(names.permission, names.pattern, rules, home)
  let action = rules[decided]?.action ?? "ask"
  for (const alias of names.aliases) {
    const index = lastMatch(names.permission, alias, rules, home)
    const rule = rules[index]
    if (rule && index > decided && STRICTNESS[rule.action] > STRICTNESS[action]) {
      decided = index
      action = rule.action
    }
  }
  const rule = rules[decided]
  return rule ? { action, rule } : { action }
}

function lastMatch(permission: string, pattern: string, rules: PermissionRuleset, home: string): number {
  return rules.findLastIndex(
    (rule) =>
      matches(rule.permission, permission) &&
      (matches(rule.pattern, pattern) || matches(expandHome(rule.pattern, home), pattern)),
  )
}
