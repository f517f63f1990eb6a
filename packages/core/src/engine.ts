import type { Agent } from "@opencode/protocol/agent.ts"
import type { ModelRef } from "@opencode/protocol/model-ref.ts"
import type { Project } from "@opencode/protocol/project.ts"
import type { Scope } from "./bus/bus.ts"
import { resolveAgents } from "./config/agents.ts"
import { ensureFolder } from "./config/folders.ts"
import { hasKeyVariable } from "./config/local-provider.ts"
import { loadConfig, type ConfigSnapshot } from "./config/load.ts"
import { isSet } from "./config/sources.ts"
import { noHooks } from "./extension/hooks.ts"
import type { Home } from "./home.ts"
import { offlineLanguage, offlineProvider } from "./model/offline.ts"
import { openModels } from "./model/open-models.ts"
import type { Models } from "./model/resolve.ts"
import { defaultRules } from "./permission/defaults.ts"
import { createGate, type Gate } from "./permission/gate.ts"
import { childEnvironment } from "./process/environment.ts"
import { openProcesses } from "./process/processes.ts"
import { resolveShell } from "./process/shell.ts"
import { attachments } from "./session/attachment.ts"
import { createLanes, type TurnSeat } from "./session/lane.ts"
import { createOpenRecords, type Publish } from "./session/record.ts"
import { createRecovery } from "./session/recover.ts"
import { createSessions, type Sessions } from "./session/sessions.ts"
import { createTitles } from "./session/title-request.ts"
import type { Store } from "./store/store.ts"
import { builtinTools } from "./tool/builtin.ts"
import { createRegistry, type Registry } from "./tool/registry.ts"
import { createSeenFiles } from "./tool/seen.ts"
import { DEFAULT_LIMITS, type SeenFiles } from "./tool/tool.ts"
import { runTurnIn } from "./turn/seat.ts"
import type { AgentSetting } from "./turn/turn.ts"
import { rememberProject } from "./workspace/project.ts"
import { openWorkspace, type Workspace } from "./workspace/workspace.ts"

/** One folder at work: everything a route needs to know of it. */
export interface Engine {
  scope: Scope
  workspace: Workspace
  project: Project
  config: ConfigSnapshot
  agents: { list(): Agent[]; get(name: string): Agent | undefined; default: string }
  models: Models
  gate: Gate
  registry: Registry
  sessions: Sessions
  close(): Promise<void>
}

/** Sessions whose read files are remembered; an older one reads a file again before it overwrites it. */
const MAX_SEEN_SESSIONS = 200

/** Opens the parts of a workspace in order; `close` ends them in reverse. */
export async function openEngine(home: Home, directory: string, mayBeGone = false): Promise<Engine> {
  const { store, bus, log, folders, env, boundary } = home
  const { host } = boundary
  const processes = openProcesses()
  const temp = await privateTemp(home)
  const workspace = await boundary.workspace(openWorkspace, {
    directory,
    mayBeGone,
    home: folders.home,
    allowed: [folders.toolOutput, ...temp],
    env: childEnvironment(env),
    start: processes.start,
    rememberedProjectID: store.projects.rememberedID,
    remember: () => {}, // the project's row, written below, is the memory
  })
  const { projectID } = workspace
  const scope: Scope = { directory: workspace.directory, projectID }
  const publish: Publish = (type, properties) => bus.publish(scope, { type, properties } as never)
  const project = await rememberProject(workspace, home)

  const places = boundary.folders(folders)
  const defaults = defaultRules({ data: places.data, temp: places.temp, toolOutput: places.toolOutput })
  const config = await boundary.config(loadConfig, {
    env,
    folders,
    defaults,
    directory: workspace.directory,
    worktree: workspace.worktree,
    trusted: home.trusted,
    hasCredential: (providerID) =>
      home.auth.key(providerID) !== undefined ||
      hasKeyVariable(env, providerID) ||
      (home.catalog.entries().get(providerID)?.env ?? []).some((name) => env[name]),
    ...(home.username === undefined ? {} : { username: home.username }),
    ...(home.commandLine === undefined ? {} : { commandLine: { text: home.commandLine } }),
  })
  const resolved = resolveAgents({ config: config.value, defaults })
  const agents = new Map(resolved.agents.map((agent) => [agent.name, agent]))
  const settings = new Map(resolved.agents.map((agent) => [agent.name, settingOf(agent, defaults)]))
  const { models, issues: modelIssues } = await boundary.models(openModels, {
    config: config.value,
    origin: config.origin,
    isTrusted: () => home.trusted,
    auth: home.auth,
    env,
    request: home.request,
    modelRequest: boundary.request,
    opened: boundary.opened,
    allowHost: home.allowHost,
    userAgent: `opencode/${home.version}`,
    known: home.catalog,
    withExperimental: isSet(env.OPENCODE_ENABLE_EXPERIMENTAL_MODELS),
    offline: { ...offlineProvider(), language: offlineLanguage },
    lastUsed: () => lastModel(store, projectID),
    warn: (message) => log.warn(message),
  })

  const askID = (prefix: "per", sessionID: string) => host.lane(`asks ${sessionID}`).id(prefix)
  const gate = createGate({ publish, id: askID, home: places.home })
  const registry = createRegistry(boundary.tools(builtinTools))
  const records = createOpenRecords()
  const seen = new Map<string, SeenFiles>()
  const seenBy = (sessionID: string): SeenFiles => {
    const files = seen.get(sessionID) ?? createSeenFiles()
    // Deleted first so that the order is that of last use.
    seen.delete(sessionID)
    seen.set(sessionID, files)
    const [oldest] = seen.keys()
    if (seen.size > MAX_SEEN_SESSIONS && oldest !== undefined) seen.delete(oldest)
    return files
  }
  const limits = {
    maxLines: config.value.tool_output?.max_lines ?? DEFAULT_LIMITS.maxLines,
    maxBytes: config.value.tool_output?.max_bytes ?? DEFAULT_LIMITS.maxBytes,
  }
  const shell = await resolveShell(config.value.shell, env)
  const turnDeps = {
    store,
    log,
    publish,
    records,
    hooks: noHooks,
    gate,
    registry,
    workspace,
    models,
    agents: settings,
    start: processes.start,
    environment: childEnvironment(env, { drop: models.keyVariables() }),
    outputFolder: folders.toolOutput,
    platform: home.platform,
    seenBy,
    config: {
      continueOnDeny: config.value.experimental?.continue_loop_on_deny ?? false,
      limits,
      shell,
    },
  }
  const runTurn = (seat: TurnSeat) => runTurnIn({ ...turnDeps, host: host.lane(`turn ${seat.sessionID}`) })(seat)
  const lanes = createLanes({ store, owner: home.owner, now: host.now, publish, log, runTurn })
  const recover = createRecovery({
    store,
    host,
    lanes,
    publish,
    owner: home.owner,
    isUnsafe: (tool) => (registry.get(tool)?.effect ?? "unsafe") === "unsafe",
  })
  const titles = createTitles({
    models,
    log,
    now: host.now,
    agent: agents.get("title"),
    rename: (sessionID, found) => sessions.rename(sessionID, found),
  })
  const openAttachment = attachments({ workspace, limits, seenBy })
  const sessions: Sessions = createSessions({
    store,
    host,
    workspace,
    lanes,
    records,
    publish,
    recover,
    hooks: noHooks,
    nameAfter: titles.ask,
    openAttachment: (part, sessionID) => boundary.effect(`attach ${sessionID}`, () => openAttachment(part, sessionID)),
    version: home.version,
    agents: { get: (name) => agents.get(name), names: () => [...agents.keys()], default: () => resolved.default },
    models,
  })
  const issues = [...config.issues, ...resolved.issues, ...modelIssues]
  for (const issue of issues) log.warn(issue.message, { ...issue })

  return {
    scope,
    workspace,
    project,
    config: { ...config, issues },
    agents: { list: () => resolved.agents, get: (name) => agents.get(name), default: resolved.default },
    models,
    gate,
    registry,
    sessions,
    async close() {
      gate.close()
      await titles.close()
      await sessions.close()
      await workspace.close()
      await processes.close()
      bus.forget(scope.directory)
    },
  }
}

/** The temporary folder needs no question, provided that it is ours: in `/tmp` anybody may have put something there. */
async function privateTemp({ folders, uid, log }: Home): Promise<string[]> {
  try {
    return [await ensureFolder(folders.temp, uid === undefined ? {} : { uid })]
  } catch (error) {
    log.warn("the temporary folder is not used", { error })
    return []
  }
}

function settingOf(agent: Agent, defaults: ReturnType<typeof defaultRules>): AgentSetting {
  const own = defaults.agents[agent.name as keyof typeof defaults.agents]
  return { agent, ceiling: own?.ceiling ?? [], readOnly: own?.readOnlyShell ?? false }
}

function lastModel(store: Store, projectID: string): ModelRef | undefined {
  const model = store.sessions.list({ projectID, roots: true, limit: 1 })[0]?.model
  return model && { providerID: model.providerID, modelID: model.id }
}
