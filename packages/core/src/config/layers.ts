import type { Config } from "@opencode/protocol/config.ts"
import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import { rulesFromConfig } from "../permission/rules.ts"
import { SUBAGENT_DEPTH } from "./agents.ts"
import {
  defined,
  elements,
  FETCHES,
  judgeAgents,
  judgePrograms,
  judgeServers,
  LOOSENS,
  members,
  only,
  switchedOff,
  unreachable,
  withoutAsking,
} from "./judges.ts"
import { isSelfContainedLocal } from "./local-provider.ts"
import { isRepository } from "./reference.ts"
import { isAsStrict } from "./sandbox.ts"
import { tightenOnly } from "./tighten.ts"

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

export interface Judged<Value> {
  value?: Value | undefined
  held: { path?: string[]; why: string }[]
}
export type Judge<Key extends keyof Config> = (value: NonNullable<Config[Key]>, below: Below) => Judged<Config[Key]>
export type Policy<Key extends keyof Config> = "set" | "never" | Judge<Key>

/** As a whole, whatever is said. */
function held(why: string): () => Judged<never> {
  return () => ({ held: [{ why }] })
}

export const POLICIES: { [Key in keyof Required<Config>]: Policy<Key> } = {
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

const SHARING = ["disabled", "manual", "auto"]
/** As in OpenCode. */
const DEFAULT_OUTPUT = { max_lines: 2000, max_bytes: 51_200 }
