import type { PermissionRule, PermissionRuleset } from "@opencode/protocol/permission.ts"
import { didYouMean } from "../lib/text.ts"
import { placedRules } from "../permission/rules.ts"
import { expandHome } from "../permission/wildcard.ts"
import { KNOWN_PERMISSIONS } from "./fail-closed.ts"
import { complaintOfPattern, type Why } from "./lint-pattern.ts"
import { covers, mayOverlap } from "./tighten.ts"
import { agentOf, type WrittenRules } from "./written-rules.ts"

/**
 * Rules that do not do what whoever wrote them must have meant: they match nothing, or never decide. Only what is certain
 * from one source alone is told, because that one layer overrules another is what layers are for. What is wrong with
 * several for one reason is told once. Pure.
 */
export interface RuleComplaint {
  source: WrittenRules
  /** The first of them. */
  path: string[]
  message: string
}

export interface LintOptions {
  /** What stands above an agent's rules. */
  ceilingOf(agent: string): PermissionRuleset
  isDisabled(agent: string): boolean
  /** Agents that come with the program. */
  nativeAgents: readonly string[]
  /** Nothing is known of them but their rules. */
  isOnlyRules(agent: string): boolean
  /** Whether a tool by another name may be there: of a server of tools, a plugin or a file. */
  mayHaveTool(name: string): boolean
  home: string
}

interface Placed {
  rule: PermissionRule
  /** Outermost first, from the top of the configuration. */
  path: string[]
}

interface Found extends Why {
  path: string[]
}

/** Each is compared with those after it; nobody writes more by hand, and generated rules are not read by anybody. */
const MAX_COMPARED = 400
/** The others are near the first. */
const MAX_NAMED = 4

export function lintRules(sources: readonly WrittenRules[], options: LintOptions): RuleComplaint[] {
  return sources.flatMap((source) => {
    const placed = placedRules(source.config).map(({ rule, path }) => ({ rule, path: [...source.path, ...path] }))
    const whole = complaintOfAgent(source, options)
    const found = whole ? [whole] : placed.flatMap((one, index) => complaintOf(one, { placed, index, source, options }))
    return together(found).map((complaint) => ({ source, ...complaint }))
  })
}

function together(found: Found[]): Omit<RuleComplaint, "source">[] {
  const groups = new Map<string, Found[]>()
  for (const one of found) {
    const key = JSON.stringify([one.path.slice(0, -1), one.claim, one.why])
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    if (!first) return []
    const names = group.slice(0, MAX_NAMED).map(({ path }) => `\`${path.at(-1)}\``)
    const more = group.length > MAX_NAMED ? ` and ${group.length - MAX_NAMED} more` : ""
    const within = first.path.length > 1 ? `\`${first.path.slice(0, -1).join(".")}\`: ` : ""
    return [{ path: first.path, message: `${within}${first.claim} by ${names.join(", ")}${more}: ${first.why}` }]
  })
}

function complaintOfAgent(source: WrittenRules, options: LintOptions): Found | undefined {
  const agent = agentOf(source)
  if (agent === undefined) return undefined
  const { path } = source
  if (options.isDisabled(agent)) return { path, claim: "nothing is decided", why: "the agent is disabled." }
  const meant = didYouMean(agent, options.nativeAgents)
  if (options.nativeAgents.includes(agent) || !options.isOnlyRules(agent) || !meant) return undefined
  return { path, claim: "an agent of its own is made", why: `nothing else is said of it.${meant}` }
}

interface Among {
  placed: Placed[]
  index: number
  source: WrittenRules
  options: LintOptions
}

/** One at most for each rule: what matches nothing need not be told to be overruled too. */
function complaintOf({ rule, path }: Placed, among: Among): Found[] {
  const patterns = among.placed
    .filter((other) => other.rule.permission === rule.permission)
    .map((other) => other.rule.pattern)
  const name = complaintOfName(rule.permission, among.options)
  // Its patterns have nothing to add.
  if (name) return [{ path: path.slice(0, among.source.path.length + 1), ...name }]
  const why = complaintOfPattern(rule, patterns) ?? overruled(rule, among) ?? capped(rule, among)
  return why ? [{ path, ...why }] : []
}

function complaintOfName(name: string, { mayHaveTool }: LintOptions): Why | undefined {
  if (/[*?]/.test(name) || KNOWN_PERMISSIONS.has(name) || mayHaveTool(name)) return undefined
  // A name that is nearly one of ours is told of where names are checked.
  if (didYouMean(name, KNOWN_PERMISSIONS)) return undefined
  return { claim: "nothing is matched", why: "no tool has such a name." }
}

/** A later rule that says something else of everything that this one is about. */
function overruled(rule: PermissionRule, { placed, index, source, options: { home } }: Among): Why | undefined {
  if (placed.length > MAX_COMPARED) return undefined
  const pattern = expandHome(rule.pattern, home)
  const by = placed
    .slice(index + 1)
    .findLast(
      (later) =>
        covers(later.rule.permission, rule.permission) && covers(expandHome(later.rule.pattern, home), pattern),
    )
  if (!by || by.rule.action === rule.action) return undefined
  const claim = rule.action === "deny" ? "nothing is denied" : "nothing is decided"
  const [key, other] = [placed[index], by].map((one) => one?.path[source.path.length])
  if (key !== other && by.rule.permission === rule.permission)
    return { claim, why: `\`${other}\` is the same permission, comes later and says ${by.rule.action} of all that.` }
  const member = by.path.at(-1) ?? ""
  return { claim, why: `\`${member}\` comes later and says ${by.rule.action} of all that. General rules go first.` }
}

/** What nothing can lift, an agent's own rules need not try to. */
function capped({ permission, pattern, action }: PermissionRule, { source, options }: Among): Why | undefined {
  const agent = agentOf(source)
  if (agent === undefined || action === "deny" || permission === "*") return undefined
  const ceiling = options.ceilingOf(agent)
  const denial = ceiling.findLastIndex(
    (rule) => rule.action === "deny" && covers(rule.permission, permission) && covers(rule.pattern, pattern),
  )
  if (denial < 0) return undefined
  const exceptions = ceiling
    .slice(denial + 1)
    .filter((rule) => mayOverlap(rule.permission, permission) && mayOverlap(rule.pattern, pattern))
    .map((rule) => rule.pattern)
  if (exceptions.some((exception) => covers(exception, pattern))) return undefined
  const but = exceptions.length > 0 ? `, ${exceptions.join(" and ")} excepted` : ""
  return {
    claim: "nothing is allowed",
    why: `the agent ${agent} is denied ${permission} whatever the configuration says${but}.`,
  }
}
