import type { Config } from "@opencode/protocol/config.ts"
import { dotted, type ConfigIssue } from "./issue.ts"
import { valueAt } from "./json.ts"
import { POLICIES, type Below, type Judge, type Judged, type Policy } from "./layers.ts"
import { mergePermission } from "./merge-permission.ts"
import { keepAgents } from "./never-looser.ts"
import { elementKey } from "./variables.ts"

/** Something that an untrusted project may not set. */
export interface HeldMember {
  path: string[]
  /** The same with elements of lists by what they are. */
  key: string[]
  why: string
}

/** The part of a project's configuration that is in effect before the folder is trusted. Pure. */
export function restrictProject(
  config: Config,
  below: Below,
): { value: Config; issues: ConfigIssue[]; held: HeldMember[] } {
  const issues: ConfigIssue[] = []
  const held: HeldMember[] = []
  const value: Record<string, unknown> = {}
  let common: Config["permission"]
  for (const [key, wanted] of Object.entries(config) as [keyof Config, never][]) {
    const policy = POLICIES[key] as Policy<keyof Config>
    if (wanted === undefined) continue
    const judged: Judged<unknown> =
      policy === "set"
        ? { value: wanted, held: [] }
        : policy === "never"
          ? { held: [{ why: "is not for a project to decide" }] }
          : policy(wanted, below)
    // What was approved is the user's word, also against what agents deny.
    if (key === "permission")
      common = (policy as Judge<"permission">)(wanted, { ...below, isGranted: () => false }).value
    const found = judged.held.map(({ path = [], why }) => ({ path, key: [key, ...keysAt(wanted, path)], why }))
    const open = found.filter((one) => !below.isGranted?.(one.key))
    const kept = open.length === found.length ? judged.value : without(wanted, open)
    if (kept !== undefined) value[key] = kept
    for (const { path, key: name, why } of open) {
      const member = [key, ...path]
      held.push({ path: member, key: name, why })
      const message = `${dotted(member)} ${why}; it is held back until you trust this project.`
      issues.push({ severity: "warning", kind: "held_back", message, path: member })
    }
  }
  const kept = common === undefined ? {} : keepAgents(common, below)
  return { value: { ...(value as Config), ...withRules((value as Config).agent, kept.agent) }, issues, held }
}

/** What agents keep denying comes before what the project says of each, which is held to it already. */
function withRules(agents: Config["agent"], kept: Config["agent"]): Pick<Config, "agent"> {
  if (!kept) return {}
  const merged = { ...agents }
  for (const [name, { permission }] of Object.entries(kept)) {
    const own = merged[name]?.permission
    const rules = permission && own ? mergePermission(permission, own) : (own ?? permission)
    merged[name] = { ...merged[name], ...(rules === undefined ? {} : { permission: rules }) }
  }
  return { agent: merged }
}

function keysAt(value: unknown, path: readonly string[]): string[] {
  let found = value
  return path.map((name) => {
    const within = found
    found = valueAt(within, [name])
    return Array.isArray(within) ? elementKey(found, Number(name)) : name
  })
}

/** What was approved is in effect as it is written, with what stands beside it in its order. */
function without(value: unknown, held: readonly { path: readonly string[] }[]): unknown {
  if (held.some(({ path }) => path.length === 0)) return undefined
  if (typeof value !== "object" || value === null || held.length === 0) return value
  const below = (name: string) =>
    held.filter(({ path }) => path[0] === name).map(({ path }) => ({ path: path.slice(1) }))
  const kept = Object.entries(value)
    .map(([name, member]) => [name, without(member, below(name)), member] as const)
    .filter(([, member, before]) => member !== undefined && !(isEmpty(member) && !isEmpty(before)))
  if (Array.isArray(value)) return kept.map(([, member]) => member)
  return Object.fromEntries(kept.map(([name, member]) => [name, member]))
}

const isEmpty = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.keys(value).length === 0
