import type { AgentConfig } from "@opencode/protocol/agent.ts"
import type { Config } from "@opencode/protocol/config.ts"
import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import { rulesFromConfig } from "../permission/rules.ts"
import type { Below, Judged } from "./layers.ts"
import { leadsOut } from "./reference.ts"
import { ASKING, tightenOnly } from "./tighten.ts"

/**
 * How `POLICIES` looks at values that have members: which of them an untrusted project may set, and why not the others.
 * Pure.
 */

export const LOOSENS = "takes back what is asked or denied"
export const FETCHES = "fetches from the network"

export function judgeAgents(agents: NonNullable<Config["agent"]>, below: Below): Judged<Config["agent"]> {
  const held: Judged<unknown>["held"] = []
  const value: NonNullable<Config["agent"]> = {}
  for (const [name, agent] of Object.entries(agents)) {
    const { permission, ...all } = agent
    const isGranted = (path: string[]): boolean => below.isGranted?.(["agent", name, ...path]) === true
    const rest = name === below.config.default_agent ? withoutEscapes(all, name, held, isGranted) : all
    value[name] = rest
    if (permission === undefined) continue
    // One that the project brings along may be for people to talk to. Where the user denies it, that holds for it too.
    const isOwn = !below.defaults.agents[name] && !below.config.agent?.[name]
    const base = [
      ...(isOwn ? withoutAsking(below.defaults.base) : below.defaults.base),
      ...(below.defaults.agents[name]?.rules ?? []),
      ...rulesFromConfig(below.config.permission),
      ...rulesFromConfig(below.config.agent?.[name]?.permission),
    ]
    const tightened = tightenOnly(permission, base, below.home, (path) => isGranted(["permission", ...path]))
    if (tightened.config !== undefined) value[name] = { ...rest, permission: tightened.config }
    for (const { path } of tightened.held) held.push({ path: [name, "permission", ...path], why: LOOSENS })
  }
  return { value, held }
}

export const withoutAsking = (rules: PermissionRuleset): PermissionRuleset =>
  rules.filter(({ permission }) => !ASKING.has(permission))

/** Who chose an agent, perhaps for its strictness, gets no other one because a project switched it off. */
function withoutEscapes(
  agent: AgentConfig,
  name: string,
  held: Judged<unknown>["held"],
  isGranted: (path: string[]) => boolean,
): AgentConfig {
  const { disable, hidden, mode, ...rest } = agent
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries({ disable, hidden, mode })) {
    if (value === undefined) continue
    if (isGranted([key])) kept[key] = value
    else held.push({ path: [name, key], why: "replaces the agent you chose" })
  }
  return { ...rest, ...kept }
}

/** One that is switched off starts nothing: that is all that is taken of it, and there is nothing to ask. */
export function judgeServers(servers: NonNullable<Config["mcp"]>, { isGranted }: Below): Judged<Config["mcp"]> {
  const held: Judged<unknown>["held"] = []
  const value: NonNullable<Config["mcp"]> = {}
  for (const [name, server] of Object.entries(servers)) {
    if (server.enabled === false) value[name] = { enabled: false }
    else if (isGranted?.(["mcp", name])) value[name] = server
    else held.push({ path: [name], why: "starts a program or opens a connection" })
  }
  return { value: Object.keys(value).length ? value : undefined, held }
}

/** Formatters and language servers run programs; switching them off is anybody's right. */
export function judgePrograms<Value extends boolean | Record<string, object>>(
  value: Value,
  below: unknown,
): Judged<Value> {
  if (value === false) return { value, held: [] }
  const held = { path: [], why: "starts programs" }
  // A list that only switches members off still switches the rest on.
  if (typeof value === "boolean" || !below) return { held: [held] }
  return members(value as Record<string, object>, (entry) =>
    isOnly(entry, "disabled", true) ? undefined : "starts a program",
  ) as Judged<Value>
}

export function members<Member>(
  value: Record<string, Member>,
  objection: (member: Member, key: string) => string | undefined,
): Judged<Record<string, Member>> {
  const held: Judged<unknown>["held"] = []
  const kept = Object.entries(value).filter(([key, member]) => {
    const why = objection(member, key)
    if (why) held.push({ path: [key], why })
    return !why
  })
  return { value: kept.length ? Object.fromEntries(kept) : undefined, held }
}

export function elements(value: string[], objection: (element: string) => string | undefined): Judged<string[]> {
  const held: Judged<unknown>["held"] = []
  const kept = value.filter((element, index) => {
    const why = objection(element)
    if (why) held.push({ path: [String(index)], why })
    return !why
  })
  return { value: kept.length ? kept : undefined, held }
}

export const only = <Value>(value: Value, isTighter: boolean, why: string): Judged<Value> =>
  isTighter ? { value, held: [] } : { held: [{ why }] }

const isOnly = (value: object, key: string, wanted: unknown) =>
  Object.entries(value).every(([name, member]) => name === key && member === wanted)

export function unreachable(path: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) return FETCHES
  return leadsOut(path) ? "reads outside the project" : undefined
}

export const switchedOff = (value: object): Record<string, false> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member === false))

export function defined<Value extends object>(value: Value): Value | undefined {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return entries.length ? (Object.fromEntries(entries) as Value) : undefined
}
