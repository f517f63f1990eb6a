import { join } from "node:path"
import type { Agent } from "@opencode/protocol/agent.ts"
import type { ModelRef } from "@opencode/protocol/model-ref.ts"
import type { Project } from "@opencode/protocol/project.ts"
import type { Frame, Scope } from "./bus/bus.ts"
import { resolveAgents, SUBAGENT_DEPTH } from "./config/agents.ts"
import { ensureFolder } from "./config/folders.ts"
import { hasKeyVariable } from "./config/local-provider.ts"
import { loadConfig, type ConfigSnapshot } from "./config/load.ts"
import { isSet } from "./config/sources.ts"
import { noHooks } from "./extension/hooks.ts"
import type { Home } from "./home.ts"
import { createImages } from "./model/image/fit.ts"
import { offlineLanguage, offlineProvider } from "./model/offline.ts"
import { openModels } from "./model/open-models.ts"
import type { Models } from "./model/resolve.ts"
import { defaultRules } from "./permission/defaults.ts"
import { createGate, type Gate } from "./permission/gate.ts"
import { childEnvironment } from "./process/environment.ts"
import { openProcesses } from "./process/processes.ts"
import { resolveShell } from "./process/shell.ts"
import type { AdmitDeps } from "./session/admit.ts"
import { attachments } from "./session/attachment.ts"
import { createChangeDiffs } from "./session/change-diff.ts"
import { createJournal } from "./session/journal.ts"
import { createEditHistory, type EditHistory } from "./session/edit-history.ts"
import { listEverywhere, type ListEverywhere } from "./session/everywhere.ts"
import { createExport, type ExportSession } from "./session/export.ts"
import { createFork, type Fork } from "./session/fork.ts"
import { createImport, type ImportSession } from "./session/import.ts"
import { createLanes, type TurnSeat } from "./session/lane.ts"
import { createOpenRecords, type Publish } from "./session/record.ts"
import { createRecovery } from "./session/recover.ts"
import { createSessions, type Sessions } from "./session/sessions.ts"
import { createCompactions, type Compactions } from "./session/summarize.ts"
import { createSweep } from "./session/sweep.ts"
import { createShare, type Share } from "./session/share.ts"
import { createTitles } from "./session/title-request.ts"
import { createUsage, type SessionUsage } from "./session/usage.ts"
import { createStepChanges } from "./session/step-changes.ts"
import { createUndo, type Undo } from "./session/undo.ts"
import type { Store } from "./store/store.ts"
import { builtinTools } from "./tool/builtin.ts"
import { createRegistry, type Registry } from "./tool/registry.ts"
import { createSeenFiles } from "./tool/seen.ts"
import { taskTool } from "./tool/task.ts"
import { DEFAULT_LIMITS, type SeenFiles } from "./tool/tool.ts"
import { createChildren, type ChildSessions } from "./turn/children.ts"
import { TURN_LIMITS } from "./turn/limits.ts"
import { runTurnIn } from "./turn/seat.ts"
import { createShell, type RunShell } from "./turn/shell.ts"
import { createTrees } from "./turn/tree.ts"
import type { AgentSetting, TurnDeps } from "./turn/turn.ts"
import { rememberProject } from "./workspace/project.ts"
import { snapshotsOf } from "./workspace/snapshot.ts"
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
  compaction: Compactions
  usage: SessionUsage
  children: ChildSessions
  undo: Undo
  fork: Fork
  editHistory: EditHistory
  runShell: RunShell
  exportSession: ExportSession
  importSession: ImportSession
  share: Share
  listEverywhere: ListEverywhere
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
  const publish: Publish = (type, properties) => {
    bus.publish(scope, { type, properties } as never)
    share.heard(type, properties)
  }
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
  const limits = { ...TURN_LIMITS, ...home.limits }
  const trees = createTrees({ store, limits })
  const depth = config.value.subagent_depth ?? SUBAGENT_DEPTH
  const children = createChildren({
    store,
    host,
    log,
    trees,
    gate,
    limits,
    depth,
    agents: { list: () => [...settings.values()], get: (name) => settings.get(name) },
    sessions: () => sessions,
    listen: (hear) => bus.subscribe({ directory: scope.directory }, (frame) => hear(sessionOf(frame))).close,
  })
  const tools = boundary.tools([...builtinTools, ...(depth > 0 ? [taskTool(children)] : [])])
  const registry = createRegistry(tools)
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
  const outputLimits = {
    maxLines: config.value.tool_output?.max_lines ?? DEFAULT_LIMITS.maxLines,
    maxBytes: config.value.tool_output?.max_bytes ?? DEFAULT_LIMITS.maxBytes,
  }
  const own = [folders.state, folders.cache, folders.temp]
  const snapshots = await snapshotsOf(workspace.roots, folders.data, own)
  const journal = createJournal({
    store,
    log,
    place: projectID,
    ...(config.value.snapshot === false ? {} : { snapshots }),
  })
  const diffs = createChangeDiffs({ contents: store.contents, paths: workspace.paths })
  const images = createImages(config.value.attachment)
  const shell = await resolveShell(config.value.shell, env)
  const turnDeps: Omit<TurnDeps, "host"> = {
    store,
    log,
    publish,
    records,
    journal,
    stepChanges: createStepChanges({ store, host, log, publish, journal, diffs }),
    hooks: noHooks,
    images,
    gate,
    registry,
    trees,
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
      limits: outputLimits,
      shell,
      compaction: config.value.compaction ?? {},
    },
  }
  const runTurn = (seat: TurnSeat) => runTurnIn({ ...turnDeps, host: host.lane(`turn ${seat.sessionID}`) })(seat)
  const lanes = createLanes({
    store,
    owner: home.owner,
    peers: home.peers,
    now: host.now,
    publish,
    log,
    runTurn,
    makeFinal: (tx, sessionID) => undo.makeFinal(tx, sessionID),
  })
  const recover = createRecovery({
    store,
    host,
    lanes,
    publish,
    owner: home.owner,
    sweep: createSweep({ env, log }),
    isUnsafe: (tool) => (registry.get(tool)?.effect ?? "unsafe") === "unsafe",
  })
  const undo = createUndo({
    store,
    host,
    workspace,
    lanes,
    publish,
    diffs,
    recover,
    recordsChanges: (tool) => registry.get(tool)?.recordsChanges ?? false,
  })
  const beforeSpeaking = async (sessionID: string): Promise<void> => {
    await recover(sessionID)
    await undo.finish(sessionID)
  }
  const titles = createTitles({
    models,
    log,
    now: host.now,
    agent: agents.get("title"),
    rename: (sessionID, found) => sessions.rename(sessionID, found),
  })
  const openAttachment = attachments({ workspace, limits: outputLimits, images, seenBy })
  const admit: AdmitDeps = {
    host,
    models,
    openAttachment: (part, sessionID) => boundary.effect(`attach ${sessionID}`, () => openAttachment(part, sessionID)),
    agents: { get: (name) => agents.get(name), names: () => [...agents.keys()], default: () => resolved.default },
  }
  const sessions: Sessions = createSessions({
    ...admit,
    store,
    host,
    workspace,
    lanes,
    records,
    publish,
    recover,
    finishUndo: undo.finish,
    peers: home.peers,
    hooks: noHooks,
    nameAfter: titles.ask,
    version: home.version,
  })
  const { version } = home
  const exportSession = createExport({ store, records, sessions })
  const share = createShare({
    store,
    host,
    log,
    publish,
    sessions,
    exportSession,
    config: config.value,
    folder: join(folders.data, "share"),
    request: home.request,
    allowHost: home.allowHost,
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
    compaction: createCompactions({ store, host, lanes, publish, recover: beforeSpeaking, models, agents }),
    usage: createUsage(store),
    children,
    undo,
    fork: createFork({ store, host, publish, sessions, recover, version }),
    editHistory: createEditHistory({ store, host, publish, lanes, sessions, recover, edited: share.edited }),
    runShell: createShell({
      turn: { ...turnDeps, host: host.lane("shell") },
      admit,
      lanes,
      makeFinal: undo.makeFinal,
      sessions,
      recover: beforeSpeaking,
    }),
    exportSession,
    importSession: createImport({ ...admit, host, store, workspace, publish }),
    share,
    listEverywhere: listEverywhere(store),
    async close() {
      gate.close()
      await titles.close()
      await sessions.close()
      journal.close()
      await share.close()
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

const sessionOf = ({ properties }: Frame): string | undefined =>
  "sessionID" in properties ? properties.sessionID : undefined

function settingOf(agent: Agent, defaults: ReturnType<typeof defaultRules>): AgentSetting {
  const own = defaults.agents[agent.name as keyof typeof defaults.agents]
  return { agent, ceiling: own?.ceiling ?? [], readOnly: own?.readOnlyShell ?? false }
}

function lastModel(store: Store, projectID: string): ModelRef | undefined {
  const model = store.sessions.list({ projectID, roots: true, limit: 1 })[0]?.model
  return model && { providerID: model.providerID, modelID: model.id }
}
