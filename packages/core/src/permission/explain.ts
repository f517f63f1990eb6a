import type { PermissionRule, PermissionRuleset } from "@opencode/protocol/permission.ts"
import type { PermissionExplanation, PermissionReason } from "@opencode/protocol/permission-explanation.ts"
import type { Ask } from "./ask.ts"
import { weigh, type WeighedPattern } from "./rules.ts"
import { matches } from "./wildcard.ts"

/**
 * Why an ask comes out as it does. The decision is the gate's own (`weigh`); what is added is where its rule was written.
 * A rule on the wire does not say that, so it is looked for among the sections that the list was made of: the last one
 * that has it, because of equal rules the last decides. Pure.
 */
export interface RuleSection {
  source: Exclude<PermissionReason["source"], "none">
  /** Said of each of its rules: `a built-in rule`. */
  what: string
  rules: PermissionRuleset
  /** Where its n-th rule was written. */
  written?: (index: number) => Place
}

type Place = Pick<PermissionReason, "layer" | "file" | "member" | "line" | "column">

export interface ExplainSources {
  /** What decides, lowest first. */
  rulesets: readonly PermissionRuleset[]
  /** What the rulesets were made of, in the same order. */
  sections: readonly RuleSection[]
  /** What stands above them. */
  ceiling: RuleSection
  /** What a person has answered, the saved ones first. */
  approvals: readonly RuleSection[]
  home: string
}

type ExplainedAsk = PermissionExplanation["asks"][number]

export function explainAsk(ask: Ask, sources: ExplainSources): ExplainedAsk {
  const weighed = weigh(ask, {
    rulesets: sources.rulesets,
    ceiling: sources.ceiling.rules,
    approved: sources.approvals.flatMap(({ rules }) => rules),
    home: sources.home,
  })
  return {
    permission: ask.permission,
    action: weighed.action,
    patterns: weighed.patterns.map((pattern) => ({
      pattern: pattern.pattern,
      action: pattern.action,
      reason: reasonOf(pattern, sources),
    })),
    always: ask.always,
    ...(ask.problems?.length ? { problems: ask.problems } : {}),
    doubted: weighed.isDoubted && weighed.patterns.every(({ action }) => action === "allow"),
  }
}

function reasonOf(
  { action, above, below, approval }: WeighedPattern,
  { sections, ceiling, approvals }: ExplainSources,
): PermissionReason {
  if (above.rule && above.action !== "allow" && above.action === action) return found(above.rule, [ceiling])
  if (approval) return found(approval, approvals)
  if (below.rule) {
    const reason = found(below.rule, sections)
    // Part of it is known only when it runs, and a stricter rule may be meant for that.
    const isRisk = action !== below.action
    return isRisk ? { ...reason, text: `${reason.text} A stricter rule may mean what is not known of it.` } : reason
  }
  return { source: "none", text: "No rule matches, and then it is asked." }
}

function found(rule: PermissionRule, sections: readonly RuleSection[]): PermissionReason {
  // Where layers are merged, what a wildcard says of a narrower name may be written down under that name.
  for (const fits of [isSame, isCarried]) {
    const section = sections.findLast(({ rules }) => rules.some((other) => fits(other, rule)))
    if (!section) continue
    const { source, what, rules, written } = section
    const place = written?.(rules.findLastIndex((other) => fits(other, rule))) ?? {}
    return { source, rule, ...place, text: `${shown(rule)}: ${nameOf(place) ?? what}.` }
  }
  return { source: "config", rule, text: `${shown(rule)} decides.` }
}

/** As editors take it. */
const nameOf = ({ file, line, column, member }: Place): string | undefined =>
  file && `${[file, line, column].filter((part) => part !== undefined).join(":")}, ${member}`

const isSame = (a: PermissionRule, b: PermissionRule): boolean =>
  a.permission === b.permission && a.pattern === b.pattern && a.action === b.action

const isCarried = (from: PermissionRule, to: PermissionRule): boolean =>
  matches(from.permission, to.permission) && from.pattern === to.pattern && from.action === to.action

const shown = ({ permission, pattern, action }: PermissionRule): string => `${action} ${permission} "${pattern}"`
