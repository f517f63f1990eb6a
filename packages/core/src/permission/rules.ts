import type {
  PermissionAction,
  PermissionConfig,
  PermissionRule,
  PermissionRuleset,
} from "@opencode/protocol/permission.ts"
import type { Ask } from "./ask.ts"
import { expandHome, matches, mayMatch } from "./wildcard.ts"

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
export const rulesFromConfig = (config: PermissionConfig | undefined): PermissionRuleset =>
  config === undefined ? [] : placedRules(config).map(({ rule }) => rule)

/** The same, each with the member of the configuration that it is. */
export function placedRules(config: PermissionConfig): { rule: PermissionRule; path: string[] }[] {
  if (typeof config === "string") return [{ rule: { permission: "*", pattern: "*", action: config }, path: [] }]
  return Object.entries(config).flatMap(([key, value]) => {
    if (value === undefined) return []
    const permission = permissionOf(key)
    if (typeof value === "string") return [{ rule: { permission, pattern: "*", action: value }, path: [key] }]
    return Object.entries(value).map(([pattern, action]) => ({
      rule: { permission, pattern, action },
      path: [key, pattern],
    }))
  })
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
    const weighed = weigh(ask, sources)
    for (const { pattern, above, below } of weighed.patterns) {
      for (const { action, rule } of [above, below]) {
        if (action === "deny" && rule) return { type: "deny", ask, pattern, rule, ceiling: rule === above.rule }
      }
    }
    if (weighed.action === "ask") open.push(ask)
  }
  return open.length > 0 ? { type: "ask", asks: open } : { type: "allow" }
}

/** How an ask comes out, and which rules make it so. */
export interface WeighedAsk {
  ask: Ask
  action: PermissionAction
  patterns: WeighedPattern[]
  /** It was not wholly understood, and may be what a rule for some patterns is there for. */
  isDoubted: boolean
}

export interface WeighedPattern {
  pattern: string
  action: PermissionAction
  /** What the ceiling says; allow where it says nothing. */
  above: Verdict
  below: Verdict
  /** The answer of a person that makes an allow of an ask. */
  approval?: PermissionRule
}

export function weigh(ask: Ask, { rulesets, ceiling = [], approved = [], home }: RuleSources): WeighedAsk {
  const puzzling = (ask.problems?.length ?? 0) > 0
  const trusted = (rules: PermissionRuleset) =>
    puzzling ? rules.filter((rule) => rule.action !== "allow" || rule.pattern === "*") : rules
  const all = rulesets.flat()
  const rules = trusted(all)
  const answers = trusted(approved)
  // What was not understood may be just what a rule is there for.
  const isDoubted = puzzling && [all, ceiling].some((list) => isSelective(ask.permission, list))

  const patterns = ask.patterns.map((pattern): WeighedPattern => {
    // Patterns are the model's words; "constructor" may be one.
    const aliases = ask.aliases && Object.hasOwn(ask.aliases, pattern) ? ask.aliases[pattern] : undefined
    const names = { permission: ask.permission, pattern, aliases: aliases ?? [] }
    const found = strictest(names, ceiling, home)
    const above = found.rule ? found : { action: "allow" as const }
    const below = strictest(names, rules, home)
    const open = ask.open && Object.hasOwn(ask.open, pattern) ? (ask.open[pattern] ?? []) : []
    const risk = riskOf({ ...names, open }, rules, home) ?? riskOf({ ...names, open }, ceiling, home)
    const known = { pattern, above, below }
    if (above.action === "deny" || below.action === "deny") return { ...known, action: "deny" }
    if (below.action === "allow" && risk === undefined) return { ...known, action: above.action }
    const answer = strictest(names, answers, home)
    if (risk === "deny" || answer.action !== "allow" || !answer.rule) return { ...known, action: "ask" }
    return { ...known, action: above.action, approval: answer.rule }
  })
  return { ask, patterns, isDoubted, action: together(patterns, isDoubted) }
}

function together(patterns: WeighedPattern[], isDoubted: boolean): PermissionAction {
  const actions = patterns.map(({ action }) => action)
  if (actions.includes("deny")) return "deny"
  // An access that names nothing was not understood.
  return isDoubted || patterns.length === 0 || actions.includes("ask") ? "ask" : "allow"
}

/** Who allows everything did not think of these: only a rule that names them allows them. */
export const NAMED_ONLY: readonly string[] = ["control_file"]

/** Whether a rule has a say about this permission, if it matches. */
export const counts = (rule: PermissionRule, permission: string): boolean =>
  rule.action !== "allow" || !NAMED_ONLY.includes(permission) || rule.permission === permission

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

/** What a later rule would say if the parts that are not known made the text one that it matches. */
function riskOf(
  { permission, pattern, open }: { permission: string; pattern: string; open: readonly string[] },
  rules: PermissionRuleset,
  home: string,
): "ask" | "deny" | undefined {
  if (open.length === 0) return undefined
  const decided = lastMatch(permission, pattern, rules, home)
  const action = rules[decided]?.action ?? "ask"
  let risk: "ask" | "deny" | undefined
  for (const rule of rules.slice(decided + 1)) {
    if (STRICTNESS[rule.action] <= STRICTNESS[action] || !matches(rule.permission, permission)) continue
    if (open.some((text) => mayMatch(rule.pattern, text)) && rule.action !== "allow" && risk !== "deny")
      risk = rule.action
  }
  return risk
}

function lastMatch(permission: string, pattern: string, rules: PermissionRuleset, home: string): number {
  return rules.findLastIndex(
    (rule) =>
      counts(rule, permission) &&
      matches(rule.permission, permission) &&
      (matches(rule.pattern, pattern) || matches(expandHome(rule.pattern, home), pattern)),
  )
}
