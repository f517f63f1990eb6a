import { join } from "node:path"
import type { Agent } from "@opencode/protocol/agent.ts"
import type { ModelRef } from "@opencode/protocol/model-ref.ts"
import type { PermissionRuleset } from "@opencode/protocol/permission.ts"
import { agentModelIssues } from "../config/agent-models.ts"
import { resolveAgents } from "../config/agents.ts"
import type { Environment, Folders } from "../config/folders.ts"
import { loadConfig, type ConfigSnapshot, type LoadOptions } from "../config/load.ts"
import type { ConfigIssue } from "../config/issue.ts"
import { hasKeyVariable } from "../config/local-provider.ts"
import { placeIssues } from "../config/place-issues.ts"
import type { Reference } from "../config/references.ts"
import type { RuleIssuesInput } from "../config/rule-issues.ts"
import { isSet } from "../config/sources.ts"
import { openSkills, type Skills, type SkillsDeps } from "../extension/skills.ts"
import type { Home } from "../home.ts"
import { offlineLanguage, offlineProvider } from "../model/offline.ts"
import { openModels } from "../model/open-models.ts"
import type { Models } from "../model/resolve.ts"
import { defaultRules } from "../permission/defaults.ts"
import type { RuleSection } from "../permission/explain.ts"
import { rulesFromConfig } from "../permission/rules.ts"
import type { Store } from "../store/store.ts"
import type { AgentSetting } from "../turn/turn.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { createGenerations, isSameConfig, type GenerationsInput, type Read, type Settings } from "./generations.ts"
import { openReferences } from "./references.ts"

/** What a folder and its user say at one moment: the configuration, and the agents and models that come of it. */
export interface Generation {
  /** With the issues of agents and models too. */
  config: ConfigSnapshot
  agents: { list(): Agent[]; get(name: string): Agent | undefined; names(): string[]; default: string }
  /** The agents with what no configuration can change. */
  agentSettings: ReadonlyMap<string, AgentSetting>
  models: Models
  /**
   * What the rules of an agent are made of.
   * @param read the configuration as it was last read: the same rules, where they stand today
   */
  ruleSections(agent: string, read: Pick<ConfigSnapshot, "rules">): Promise<RuleSection[]>
  /** The issues of a reading that says the same, with the places where they stand today. */
  issuesOf(read: ConfigSnapshot): Promise<ConfigIssue[]>
  skills: Skills
  references: readonly Reference[]
  /** What holds whoever the agent is: the program's own rules and the configured ones. */
  rules: PermissionRuleset
}

export interface SettingsInput {
  home: Home
  workspace: Workspace
  /** The user's folders, as rules and asks name them. */
  places: Folders
}

/** Reads them, and again whenever that is asked for. */
export async function openSettings(input: SettingsInput & Pick<GenerationsInput, "changed">): Promise<Settings> {
  const read = (before?: Read): Promise<Read> => readGeneration(input, before)
  return createGenerations({ first: await read(), read, changed: input.changed })
}

/** @param before what was read last; its generation stays when nothing is different */
async function readGeneration(input: SettingsInput, before: Read | undefined): Promise<Read> {
  const { home, workspace, places } = input
  const { boundary, folders, log } = home
  const env = home.organisations.withTokens(home.env)
  const open = { data: places.data, temp: places.temp, toolOutput: places.toolOutput }
  const config = await boundary.config(loadConfig, {
    ...whatToLoad({ home, workspace, env }),
    defaults: defaultRules(open),
    before: before?.loaded.reading,
    ...(before ? { generation: before.generation.config.generation + 1 } : {}),
  })
  if (before && isSameConfig(config, before.loaded))
    return { generation: before.generation, loaded: config, issues: await before.generation.issuesOf(config) }
  if (config.value.logLevel) home.setLogLevel?.(config.value.logLevel)
  const references = await openReferences({ home, workspace, config })
  const defaults = defaultRules({ ...open, references: references.folders })
  const resolved = resolveAgents({ config: config.value, defaults })
  const { models, issues: modelIssues } = await boundary.models(openModels, modelsOf({ home, workspace, env, config }))
  const { directory, worktree } = workspace
  const ruleFolders = [
    ...[directory, worktree, folders.home].map((folder) => join(folder, ".opencode")),
    folders.config,
  ]
  const unplaced = [...resolved.issues, ...agentModelIssues(resolved.agents, models.settle), ...modelIssues]
  const issuesOf = async (read: ConfigSnapshot): Promise<ConfigIssue[]> => [
    ...read.issues,
    ...references.issues,
    ...(await warningsOfRules({ config: read, defaults, folders: ruleFolders, home: folders.home })),
    ...(await placeIssues(unplaced, read)),
  ]
  const issues = await issuesOf(config)
  for (const issue of issues) log.warn(issue.message, { ...issue })

  const agents = new Map(resolved.agents.map((agent) => [agent.name, agent]))
  const generation: Generation = {
    config: { ...config, issues },
    agents: {
      list: () => resolved.agents,
      get: (name) => agents.get(name),
      names: () => [...agents.keys()],
      default: resolved.default,
    },
    agentSettings: new Map(resolved.agents.map((agent) => [agent.name, settingOf(agent, defaults)])),
    models,
    ruleSections: async (agent, { rules }) => {
      const { ruleSections } = await import("../config/rule-sections.ts")
      return ruleSections(agent, { defaults, written: rules })
    },
    issuesOf,
    skills: openSkills(skillsOf({ home, workspace, env, config })),
    references: references.list,
    rules: [...defaults.base, ...rulesFromConfig(config.value.permission)],
  }
  return { generation, loaded: config, issues }
}

interface Around extends Pick<SettingsInput, "home" | "workspace"> {
  /** With the tokens of organisations, which only settings and models are told. */
  env: Environment
}

function whatToLoad({ home, workspace, env }: Around): LoadOptions {
  return {
    env,
    folders: home.folders,
    organisations: home.organisations.published,
    directory: workspace.directory,
    worktree: workspace.worktree,
    trusted: home.trusted,
    hasCredential: (providerID) =>
      home.auth.key(providerID) !== undefined ||
      hasKeyVariable(env, providerID) ||
      (home.catalog.entries().get(providerID)?.env ?? []).some((name) => env[name]),
    ...(home.username === undefined ? {} : { username: home.username }),
    ...(home.managedFolder === undefined ? {} : { managedFolder: home.managedFolder }),
    ...(home.commandLine === undefined ? {} : { commandLine: { text: home.commandLine } }),
    trust: home.trust,
  }
}

interface Configured extends Around {
  config: ConfigSnapshot
}

function modelsOf({ home, workspace, env, config }: Configured): Parameters<typeof openModels>[0] {
  const { boundary, log, store, trust } = home
  return {
    config: config.value,
    origin: config.origin,
    isTrusted: () => home.trusted,
    isApproved: (providerID) =>
      config.trust.items.some((item) => item.kind === "provider" && item.path[1] === providerID && trust.allows(item)),
    auth: home.auth,
    loginUse: home.loginUse,
    freshen: home.logins.freshen,
    env,
    request: home.request,
    modelRequest: boundary.request,
    opened: boundary.opened,
    allowHost: home.allowHost,
    userAgent: `opencode/${home.version}`,
    known: home.catalog,
    withExperimental: isSet(env.OPENCODE_ENABLE_EXPERIMENTAL_MODELS),
    offline: { ...offlineProvider(), language: offlineLanguage },
    lastUsed: () => lastModel(store, workspace.projectID),
    warn: (message) => log.warn(message),
  }
}

function skillsOf({ home, workspace, env, config }: Configured): SkillsDeps {
  const { boundary, folders, log } = home
  return {
    around: {
      env,
      folders,
      directory: workspace.directory,
      worktree: workspace.worktree,
      config: config.value,
      origin: config.origin,
      isTrusted: home.trusted,
    },
    request: home.request,
    allowHost: home.allowHost,
    log,
    now: boundary.host.now,
    effect: boundary.effect,
    allow: workspace.paths.allow,
  }
}

/** Most people have no rules, and need nothing to look at them. */
async function warningsOfRules(input: RuleIssuesInput): Promise<ConfigIssue[]> {
  if (input.config.rules.length === 0) return []
  const { ruleIssues } = await import("../config/rule-issues.ts")
  return ruleIssues(input)
}

function settingOf(agent: Agent, defaults: ReturnType<typeof defaultRules>): AgentSetting {
  const own = defaults.agents[agent.name as keyof typeof defaults.agents]
  return { agent, ceiling: own?.ceiling ?? [], readOnly: own?.readOnlyShell ?? false }
}

function lastModel(store: Store, projectID: string): ModelRef | undefined {
  const model = store.sessions.list({ projectID, roots: true, limit: 1 })[0]?.model
  return model && { providerID: model.providerID, modelID: model.id }
}
