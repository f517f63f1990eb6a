import type { Agent, AgentConfig } from "@opencode/protocol/agent.ts"
import type { Config } from "@opencode/protocol/config.ts"
import { parseModelRef } from "@opencode/protocol/model-ref.ts"
import { didYouMean } from "../lib/text.ts"
import { rulesFromConfig } from "../permission/rules.ts"
import { COMPACTION } from "./prompt/compaction.prompt.ts"
import { EXPLORE } from "./prompt/explore.prompt.ts"
import { SUMMARY } from "./prompt/summary.prompt.ts"
import { TITLE } from "./prompt/title.prompt.ts"
import { dotted, type ConfigIssue } from "./issue.ts"
import type { RulesBefore } from "./layers.ts"

export interface ResolvedAgents {
  /** The default agent first, then by name: as clients list them and step through them. */
  agents: Agent[]
  /** The name of the agent that answers when nobody chose one. */
  default: string
  issues: ConfigIssue[]
}

interface NativeAgent extends Pick<Agent, "description" | "mode" | "hidden" | "prompt" | "temperature"> {
  name: string
}

/** Levels of subagents when nothing is set: none starts others, because each level multiplies what a prompt costs. */
export const SUBAGENT_DEPTH = 1

/** What comes with the program. Their rules are in `permission/defaults.ts`, their ceilings too. */
const NATIVE_AGENTS: readonly NativeAgent[] = [
  {
    name: "build",
    mode: "primary",
    description: "Works on the project: reads, edits and runs commands, asking where the rules say so.",
  },
  {
    name: "plan",
    mode: "primary",
    description: "Looks and thinks, and proposes what to do. Changes nothing but plan files.",
  },
  {
    name: "general",
    mode: "subagent",
    description:
      "Does a task of several steps by itself, or one of several at once: looks, edits and runs commands as its caller may.",
  },
  {
    name: "explore",
    mode: "subagent",
    description:
      "Finds its way through code: files by name, code by content, how something works. Changes nothing. Say what you want to know, and whether a quick look is enough or everything matters.",
    prompt: EXPLORE,
  },
  { name: "compaction", mode: "primary", hidden: true, prompt: COMPACTION },
  { name: "title", mode: "primary", hidden: true, prompt: TITLE, temperature: 0.5 },
  { name: "summary", mode: "primary", hidden: true, prompt: SUMMARY },
]

export const NATIVE_NAMES: readonly string[] = NATIVE_AGENTS.map(({ name }) => name)

export const isNativeAgent = (name: string): boolean => NATIVE_AGENTS.some((agent) => agent.name === name)

/**
 * The agents of one configuration. The rules of each are the defaults, its own built-in ones, `permission`, and
 * `agent.<name>.permission`, in this order, of which the last match wins. Ceilings are no part of them: they are
 * looked up beside them and nothing here can widen them. Pure.
 */
export function resolveAgents({ config, defaults }: { config: Config; defaults: RulesBefore }): ResolvedAgents {
  const issues: ConfigIssue[] = []
  const configured = config.agent ?? {}
  const common = rulesFromConfig(config.permission)
  const rulesOf = (name: string) => [
    ...defaults.base,
    ...(defaults.agents[name]?.rules ?? []),
    ...common,
    ...rulesFromConfig(configured[name]?.permission),
  ]
  const own = Object.keys(configured).filter((name) => !isNativeAgent(name))
  const bases: Agent[] = [
    ...NATIVE_AGENTS.map((agent) => ({ ...agent, native: true, permission: rulesOf(agent.name), options: {} })),
    ...own.map((name) => ({ name, mode: "all" as const, native: false, permission: rulesOf(name), options: {} })),
  ]
  const agents = bases
    .filter(({ name }) => configured[name]?.disable !== true)
    .map((agent) => applyConfig(agent, configured[agent.name] ?? {}, issues))

  const chosen = chooseDefault(agents, config.default_agent, issues)
  // There is always somebody to answer, even if everybody was switched off.
  const build = bases.find(({ name }) => name === "build")
  const first = chosen ?? build
  if (!chosen) issues.push(issue(["agent"], "No primary agent is left, so `build` stays."))
  const others = agents.filter((agent) => agent !== first).sort((a, b) => (a.name < b.name ? -1 : 1))
  return { agents: first ? [first, ...others] : others, default: first?.name ?? "build", issues }
}

/** Set by name; everything else an agent's settings hold is meant for its provider. */
const OWN_FIELDS = new Set<string>([
  "model",
  "variant",
  "temperature",
  "top_p",
  "prompt",
  "tools",
  "disable",
  "description",
  "mode",
  "hidden",
  "options",
  "color",
  "steps",
  "maxSteps",
  "permission",
  "name",
])

function applyConfig(agent: Agent, config: AgentConfig, issues: ConfigIssue[]): Agent {
  const { model, variant, temperature, top_p, prompt, description, mode, hidden, options, color } = config
  const steps = config.steps ?? config.maxSteps
  const ref = model === undefined ? undefined : parseModelRef(model)
  if (model !== undefined && !ref) {
    const path = ["agent", agent.name, "model"]
    issues.push(issue(path, `${dotted(path)} must be written as provider/model; the usual model is used.`))
  }
  const unknown = Object.fromEntries(Object.entries(config).filter(([key]) => !OWN_FIELDS.has(key)))
  return {
    ...agent,
    ...set({ variant, temperature, topP: top_p, prompt, description, mode, hidden, color, steps, model: ref }),
    options: { ...agent.options, ...unknown, ...options },
  }
}

const set = <Value extends object>(value: Value): Partial<Value> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<Value>

/** `default_agent` when a person could choose it, else `build`, else any that a person could choose. */
function chooseDefault(agents: Agent[], wanted: string | undefined, issues: ConfigIssue[]): Agent | undefined {
  const eligible = agents.filter(({ mode, hidden }) => mode !== "subagent" && !hidden)
  const usual = eligible.find(({ name }) => name === "build") ?? eligible[0]
  if (wanted === undefined) return usual
  const found = eligible.find(({ name }) => name === wanted)
  if (found) return found
  const agent = agents.find(({ name }) => name === wanted)
  const why = !agent
    ? `there is no agent "${wanted}"`
    : agent.hidden
      ? `the agent "${wanted}" is hidden`
      : `the agent "${wanted}" is a subagent`
  const names = eligible.map(({ name }) => name)
  const hint = agent ? "" : didYouMean(wanted, names)
  issues.push(issue(["default_agent"], `\`default_agent\`: ${why}; ${usual?.name ?? "build"} is used.${hint}`))
  return usual
}

const issue = (path: string[], message: string): ConfigIssue => ({ severity: "warning", kind: "agent", message, path })
