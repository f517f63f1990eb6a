import type { AgentConfig } from "@opencode/protocol/agent.ts"
import type { Config } from "@opencode/protocol/config.ts"
import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import { rulesFromConfig } from "../permission/rules.ts"
import { SUBAGENT_DEPTH } from "./agents.ts"
import { dotted, type ConfigIssue } from "./issue.ts"
import { valueAt } from "./json.ts"
import { mergePermission } from "./merge-permission.ts"
import { keepAgents } from "./never-looser.ts"
import { isSelfContainedLocal } from "./local-provider.ts"
import { isRepository, leadsOut } from "./reference.ts"
import { isAsStrict } from "./sandbox.ts"
import { ASKING, tightenOnly } from "./tighten.ts"
import { elementKey } from "./variables.ts"

/**
 * Who may set what. Later layers win; `managed` is what the machine's administrator wrote, which nobody overrules.
 * `POLICIES` is the only place that says what a repository may set before its folder is trusted: what runs, sends,
 * reads outside the folder or loosens is held back, and everything else is data.
 */
export type Layer = "builtin" | "organisation" | "user" | "project" | "environment" | "command line" | "managed"

/** The rules before all configuration: for everybody, and each built-in agent's own on top of them. */
export interface RulesBefore {
  base: PermissionRuleset
  agents: Readonly<Record<string, { rules: PermissionRuleset }>>
}

/** What an untrusted project is compared with. */
export interface Below {
  /** The layers under it. */
  config: Config
  defaults: RulesBefore
  home: string
  /** Whether requests to this provider would carry a key of the user's. */
  hasCredential(providerID: string): boolean
  /** Whether a person has approved what the project wants at this member; elements of lists are named by what they are. */
  isGranted?(key: readonly string[]): boolean
}

/** Something that an untrusted project may not set. */
export interface HeldMember {
  path: string[]
  /** The same with elements of lists by what they are. */
  key: string[]
  why: string
}

interface Judged<Value> {
  value?: Value | undefined
  held: { path?: string[]; why: string }[]
}
type Judge<Key extends keyof Config> = (value: NonNullable<Config[Key]>, below: Below) => Judged<Config[Key]>
type Policy<Key extends keyof Config> = "set" | "never" | Judge<Key>

/** As a whole, whatever is said. */
function held(why: string): () => Judged<never> {
  return () => ({ held: [{ why }] })
}

const POLICIES: { [Key in keyof Required<Config>]: Policy<Key> } = {
  $schema: "set",
  logLevel: "set",
  username: "set",
  layout: "set",
  model: "set",
  small_model: "set",
  default_agent: (value, { config }) =>
    only(value, config.default_agent === undefined || value === config.default_agent, "replaces the agent you chose"),
  // Prompts are text, as AGENTS.md is; the shell pieces in them are held back where commands are expanded.
  command: "set",
  watcher: "set",
  attachment: "set",
  compaction: "set",

  shell: held("runs every command"),
  server: held("decides who can reach the server"),
  plugin: (value) => ({ held: value.map((_, index) => ({ path: [String(index)], why: "runs code" })) }),
  enterprise: held("decides where conversations are sent"),

  permission: (value, below) => {
    // What agents deny of it for themselves, they keep: see `keepAgents`.
    const base = [...withoutAsking(below.defaults.base), ...rulesFromConfig(below.config.permission)]
    const isGranted = (path: string[]): boolean => below.isGranted?.(["permission", ...path]) === true
    const { config, held } = tightenOnly(value, base, below.home, isGranted)
    return { value: config, held: held.map(({ path }) => ({ path, why: LOOSENS })) }
  },
  agent: judgeAgents,
  sandbox: (value, { config }) =>
    only(value, isAsStrict(value, config.sandbox), "lets commands touch more than your sandbox does"),
  provider: (value, below) =>
    members(value, (provider, id) =>
      isSelfContainedLocal(provider, id, below) ? undefined : "decides where your prompts are sent",
    ),
  mcp: judgeServers,
  formatter: (value, { config }) => judgePrograms(value, config.formatter),
  lsp: (value, { config }) => judgePrograms(value, config.lsp),
  instructions: (value) => elements(value, unreachable),
  skills: ({ paths, urls }) => {
    const judged = elements(paths ?? [], unreachable)
    const held = judged.held.map(({ path = [], why }) => ({ path: ["paths", ...path], why }))
    if (urls) held.push({ path: ["urls"], why: FETCHES })
    return { value: judged.value?.length ? { paths: judged.value } : undefined, held }
  },
  references: (value) =>
    members(value, (reference) => {
      const plain = typeof reference === "string" && !isRepository(reference) ? reference : undefined
      const path = typeof reference === "object" && "path" in reference ? reference.path : plain
      return path === undefined ? FETCHES : unreachable(path)
    }),
  snapshot: (value) => only(value, value, "switches undo off"),
  share: (value, { config }) =>
    only(value, SHARING.indexOf(value) <= SHARING.indexOf(config.share ?? "manual"), "shares conversations"),
  // Many write it, and nobody means the program of others: it is left out, and not worth a question.
  autoupdate: (value) => ({ value: value === false ? value : undefined, held: [] }),
  subagent_depth: (value, { config }) =>
    only(value, value <= (config.subagent_depth ?? SUBAGENT_DEPTH), "lets subagents start more of their kind"),
  tool_output: (value, { config }) =>
    only(
      value,
      (value.max_lines ?? 0) <= (config.tool_output?.max_lines ?? DEFAULT_OUTPUT.max_lines) &&
        (value.max_bytes ?? 0) <= (config.tool_output?.max_bytes ?? DEFAULT_OUTPUT.max_bytes),
      "raises a limit",
    ),
  disabled_providers: (value, { config }) => ({
    value: [...new Set([...(config.disabled_providers ?? []), ...value])],
    held: [],
  }),
  enabled_providers: (value, { config: { enabled_providers: enabled } }) => ({
    value: enabled ? value.filter((id) => enabled.includes(id)) : value,
    held: [],
  }),
  experimental: ({ disable_paste_summary, batch_tool, primary_tools, mcp_timeout, ...rest }) => ({
    value: defined({ disable_paste_summary, batch_tool, primary_tools, mcp_timeout, ...switchedOff(rest) }),
    held: Object.keys(rest)
      .filter((key) => !(key in switchedOff(rest)))
      .map((key) => ({ path: [key], why: LOOSENS })),
  }),

  // Older spellings: translated before anybody asks.
  tools: "never",
  mode: "never",
  autoshare: "never",
  reference: "never",
}

const LOOSENS = "takes back what is asked or denied"
const FETCHES = "fetches from the network"
const SHARING = ["disabled", "manual", "auto"]
/** As in OpenCode. */
const DEFAULT_OUTPUT = { max_lines: 2000, max_bytes: 51_200 }

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

function judgeAgents(agents: NonNullable<Config["agent"]>, below: Below): Judged<Config["agent"]> {
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

const withoutAsking = (rules: PermissionRuleset): PermissionRuleset =>
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
function judgeServers(servers: NonNullable<Config["mcp"]>, { isGranted }: Below): Judged<Config["mcp"]> {
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
function judgePrograms<Value extends boolean | Record<string, object>>(value: Value, below: unknown): Judged<Value> {
  if (value === false) return { value, held: [] }
  const held = { path: [], why: "starts programs" }
  // A list that only switches members off still switches the rest on.
  if (typeof value === "boolean" || !below) return { held: [held] }
  return members(value as Record<string, object>, (entry) =>
    isOnly(entry, "disabled", true) ? undefined : "starts a program",
  ) as Judged<Value>
}

function members<Member>(
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

function elements(value: string[], objection: (element: string) => string | undefined): Judged<string[]> {
  const held: Judged<unknown>["held"] = []
  const kept = value.filter((element, index) => {
    const why = objection(element)
    if (why) held.push({ path: [String(index)], why })
    return !why
  })
  return { value: kept.length ? kept : undefined, held }
}

const only = <Value>(value: Value, isTighter: boolean, why: string): Judged<Value> =>
  isTighter ? { value, held: [] } : { held: [{ why }] }

const isOnly = (value: object, key: string, wanted: unknown) =>
  Object.entries(value).every(([name, member]) => name === key && member === wanted)

function unreachable(path: string): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(path)) return FETCHES
  return leadsOut(path) ? "reads outside the project" : undefined
}

const switchedOff = (value: object): Record<string, false> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member === false))

function defined<Value extends object>(value: Value): Value | undefined {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return entries.length ? (Object.fromEntries(entries) as Value) : undefined
}
