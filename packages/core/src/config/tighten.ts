import type {
  PermissionAction,
  PermissionConfig,
  PermissionRule,
  PermissionRuleset,
} from "@opencode/protocol/permission.ts"
import { counts, NAMED_ONLY, permissionOf } from "../permission/rules.ts"
import { expandHome } from "../permission/wildcard.ts"

export const STRICTNESS: Record<PermissionAction, number> = { allow: 0, ask: 1, deny: 2 }
/** Longer patterns are taken to overlap everything: the comparison takes length times length. */
const MAX_PATTERN = 256

export interface Tightened {
  /** What is left: rules that take nothing back. Undefined when nothing is. */
  config: PermissionConfig | undefined
  /** The rules that would have loosened, and what they would have loosened. */
  held: { path: string[]; rule: PermissionRule; over: PermissionRule | undefined }[]
}

/**
 * Takes the rules out of `config` that would allow, or only ask, where `base` is stricter, but those that a person has
 * approved. Pure.
 */
export function tightenOnly(
  config: PermissionConfig,
  base: PermissionRuleset,
  home: string,
  isGranted: (path: string[]) => boolean = () => false,
): Tightened {
  const held: Tightened["held"] = []
  const keep = (path: string[], permission: string, pattern: string, action: PermissionAction): PermissionRuleset => {
    const rule = { permission, pattern, action }
    const loosened = findLoosenedOfAny(rule, base, home)
    if (loosened === "none" || isGranted(path) || asksOfAll(rule, base, home)) return [rule]
    if (saysAgain(rule, base, home)) return withExceptions(rule, base, home)
    held.push({ path, rule, over: loosened === "default" ? undefined : loosened })
    return []
  }
  if (typeof config === "string") {
    if (keep([], "*", "*", config).length === 0) return { config: undefined, held }
    const denied = config === "ask" ? stillDenied(base, home) : {}
    return { config: Object.keys(denied).length ? { "*": config, ...denied } : config, held }
  }

  const kept: Record<string, (PermissionConfig & object) | PermissionAction> = {}
  for (const [key, value] of Object.entries(config)) {
    const permission = permissionOf(key)
    if (typeof value === "string") {
      const rules = keep([key], permission, "*", value)
      if (rules.length) kept[key] = rules.length === 1 ? value : patternsOf(rules)
      if (rules.length && key === "*" && value === "ask") Object.assign(kept, stillDenied(base, home))
      continue
    }
    const each = Object.entries(value).map(([pattern, action]) => keep([key, pattern], permission, pattern, action))
    const rules = each.flat()
    // As it was written where no exception came between, so that it can be told what in it decides nothing.
    const isWritten = each.every(({ length }) => length <= 1)
    if (rules.length) kept[key] = isWritten ? inOrder(rules) : patternsOf(rules)
  }
  return { config: Object.keys(kept).length ? (kept as PermissionConfig) : undefined, held }
}

/**
 * `read: allow` says what holds anyway, and whoever writes it does not mean the files that are asked about all the same,
 * such as `.env`. So it is taken, and the exceptions with it, instead of asking a person about it.
 */
function saysAgain(rule: PermissionRule, base: PermissionRuleset, home: string): boolean {
  if (rule.permission !== "read") return false
  const isException = ({ permission, pattern, action }: PermissionRule): boolean =>
    permission === rule.permission && STRICTNESS[action] > STRICTNESS[rule.action] && !covers(pattern, rule.pattern)
  return (
    findLoosened(
      rule,
      base.filter((other) => !isException(other)),
      home,
    ) === "none"
  )
}

/**
 * What these do is to ask a person. By default they are denied, but for the agents that people talk to: nothing else is
 * kept from happening by it.
 */
export const ASKING: ReadonlySet<string> = new Set(["question", "plan_enter", "plan_exit"])

/** Who wants to be asked about everything does not want to be asked about that; what is denied of `ASKING` stays so. */
function asksOfAll(rule: PermissionRule, base: PermissionRuleset, home: string): boolean {
  if (rule.permission !== "*" || rule.pattern !== "*" || rule.action !== "ask") return false
  const others = base.filter(({ permission }) => !ASKING.has(permission))
  return findLoosenedOfAny(rule, others, home) === "none"
}

const stillDenied = (base: PermissionRuleset, home: string): Record<string, PermissionAction> =>
  Object.fromEntries(
    [...ASKING]
      .filter((permission) => findLoosened({ permission, pattern: "*", action: "ask" }, base, home) !== "none")
      .map((permission) => [permission, "deny"]),
  )

/** A rule, and after it what `before` says of the same where that is stricter. */
export function withExceptions(rule: PermissionRule, before: PermissionRuleset, home: string): PermissionRuleset {
  if (findLoosened(rule, before, home) === "none") return [rule]
  const isAbout = (other: PermissionRule): boolean =>
    mayOverlap(other.permission, rule.permission) && mayOverlap(other.pattern, rule.pattern)
  return [
    rule,
    ...before.filter(isAbout).map((other) => ({
      permission: narrower(other.permission, rule.permission),
      pattern: narrower(other.pattern, rule.pattern),
      action: STRICTNESS[other.action] > STRICTNESS[rule.action] ? other.action : rule.action,
    })),
  ]
}

/** What both match; where neither holds the other, all that the first one does. */
const narrower = (a: string, b: string): string => (covers(a, b) ? b : a)

const inOrder = (rules: PermissionRuleset): Record<string, PermissionAction> =>
  Object.fromEntries(rules.map(({ pattern, action }) => [pattern, action]))

/** The order of patterns is that of the last rule for each; one for everything ends what came before. */
export function patternsOf(rules: PermissionRuleset): Record<string, PermissionAction> {
  const patterns = new Map<string, PermissionAction>()
  for (const { pattern, action } of rules) {
    if (pattern === "*") patterns.clear()
    patterns.delete(pattern)
    patterns.set(pattern, action)
  }
  return Object.fromEntries(patterns)
}

/** A rule for more than one permission is compared also with what holds for those that not every such rule allows. */
function findLoosenedOfAny(rule: PermissionRule, base: PermissionRuleset, home: string) {
  const apart = NAMED_ONLY.filter((name) => name !== rule.permission && mayOverlap(rule.permission, name))
  const own = findLoosened(rule, base, home)
  if (own !== "none") return own
  for (const permission of apart) {
    const loosened = counts(rule, permission)
      ? findLoosened({ ...rule, permission }, base, home)
      : findReplaced({ ...rule, permission }, base, home)
    if (loosened !== "none") return loosened
  }
  return "none"
}

/**
 * One that allows everything says nothing of these. But merged with what the user wrote under the same key it takes the
 * place of a rule that did: see `merge-permission.ts`.
 */
function findReplaced(rule: PermissionRule, base: PermissionRuleset, home: string): PermissionRule | "none" {
  const isReplaced = (other: PermissionRule): boolean =>
    other.action !== "allow" &&
    other.permission !== rule.permission &&
    mayOverlap(other.permission, rule.permission) &&
    mayOverlap(expandHome(other.pattern, home), expandHome(rule.pattern, home))
  return base.findLast(isReplaced) ?? "none"
}

/**
 * The rule of `base` that is in effect for something `rule` is about and is stricter than it. `default` when no rule is
 * in effect there, which means ask. Errs on the strict side where patterns overlap in part.
 */
export function findLoosened(
  rule: PermissionRule,
  base: PermissionRuleset,
  home: string,
): PermissionRule | "default" | "none" {
  const pattern = expandHome(rule.pattern, home)
  for (const other of base.toReversed()) {
    const otherPattern = expandHome(other.pattern, home)
    if (!counts(other, rule.permission)) continue
    if (!mayOverlap(other.permission, rule.permission) || !mayOverlap(otherPattern, pattern)) continue
    if (STRICTNESS[other.action] > STRICTNESS[rule.action]) return other
    // What came before is not in effect for anything that `rule` is about.
    if (covers(other.permission, rule.permission) && covers(otherPattern, pattern)) return "none"
  }
  return rule.action === "allow" ? "default" : "none"
}

/** Whether everything that `inner` matches is matched by `outer` too. May say no where it is so. */
export function covers(outer: string, inner: string): boolean {
  return bothForms(inner).every((form) => bothForms(outer).some((pattern) => coversForm(pattern, form)))
}

/** Whether some text is matched by both. */
export function mayOverlap(a: string, b: string): boolean {
  if (a === "*" || b === "*") return true
  if (a.length > MAX_PATTERN || b.length > MAX_PATTERN) return true
  return bothForms(a).some((x) => bothForms(b).some((y) => meet(x, y)))
}

/** `git *` also matches the bare `git`. */
const bothForms = (pattern: string) => (pattern.endsWith(" *") ? [pattern, pattern.slice(0, -2)] : [pattern])

/** `inner` is read as text, in which `*` can only be matched by `*`. */
function coversForm(outer: string, inner: string): boolean {
  if (outer === "*") return true
  if (outer.length > MAX_PATTERN || inner.length > MAX_PATTERN) return false
  return walk(outer, inner, (o, i) => o === i || (o === "?" && i !== "*"), { outerStars: true, innerStars: false })
}

const meet = (a: string, b: string): boolean =>
  walk(a, b, (x, y) => x === y || x === "?" || y === "?", { outerStars: true, innerStars: true })

/** Both patterns from their starts to their ends, one row of reachable positions at a time. */
function walk(
  a: string,
  b: string,
  isSame: (x: string, y: string) => boolean,
  { innerStars }: { outerStars: true; innerStars: boolean },
): boolean {
  const isStar = (text: string, at: number) => text[at] === "*"
  let row = new Set([0])
  for (let i = 0; i <= a.length; i++) {
    const next = new Set<number>()
    for (let j = 0; j <= b.length; j++) {
      if (!row.has(j)) continue
      const x = a[i]
      const y = b[j]
      if (x === "*") {
        next.add(j)
        if (j < b.length) row.add(j + 1)
      }
      if (innerStars && isStar(b, j)) {
        row.add(j + 1)
        if (i < a.length) next.add(j)
      }
      if (x !== undefined && y !== undefined && x !== "*" && !(innerStars && y === "*") && isSame(x, y)) next.add(j + 1)
    }
    if (i === a.length) return row.has(b.length)
    row = next
  }
  return false
}
