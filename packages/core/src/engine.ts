import type { Project } from "@opencode/protocol/project.ts"
import type { Scope } from "./bus/bus.ts"
import { createScreen, type Screen } from "./bus/screen.ts"
import type { ConfigIssue } from "./config/issue.ts"
import type { ConfigSnapshot } from "./config/load.ts"
import { openConversations, type Conversations } from "./engine/conversations.ts"
import { openExplain } from "./engine/explain.ts"
import type { Settings } from "./engine/generations.ts"
import { openIssues } from "./engine/issues.ts"
import { openPermissions } from "./engine/permissions.ts"
import { fetchedReferences } from "./engine/references.ts"
import { openSettings } from "./engine/settings.ts"
import type { TrustDesk } from "./engine/trust-desk.ts"
import { createStartCommand, type RunStart } from "./engine/start-command.ts"
import { openTerminals, type Terminals } from "./engine/terminals.ts"
import { openTurns } from "./engine/turns.ts"
import type { Home } from "./home.ts"
import type { Approvals } from "./permission/approvals.ts"
import type { Gate } from "./permission/gate.ts"
import { childEnvironment } from "./process/environment.ts"
import { openProcesses } from "./process/processes.ts"
import type { Publish } from "./session/record.ts"
import { createQuestions, type Questions } from "./tool/questions.ts"
import type { ToolUser } from "./tool/tool.ts"
import type { Registry } from "./tool/registry.ts"
import type { ChildSessions } from "./turn/children.ts"
import type { ExplainCall } from "./turn/explain-call.ts"
import { createFileFinder, type FileFinder } from "./workspace/file-finder.ts"
import { rememberProject } from "./workspace/project.ts"
import { createVcs, type Vcs } from "./workspace/vcs.ts"
import { openWorkspace, type Workspace } from "./workspace/workspace.ts"

/** One folder at work: everything a route needs to know of it. */
export interface Engine extends Pick<Settings, "agents" | "models">, Conversations {
  settings: Settings
  trust: TrustDesk
  /** As it is now. */
  readonly config: ConfigSnapshot
  /** What of the settings, skills and instructions was not taken as it is written now. */
  issues(): Promise<ConfigIssue[]>
  scope: Scope
  workspace: Workspace
  project: Project
  gate: Gate
  approvals: Approvals
  questions: Questions
  screen: Screen
  ptys: Terminals
  explain: ExplainCall
  registry: Registry
  vcs: Vcs
  finder: FileFinder
  children: ChildSessions
  /** Runs what a person wants to be run in a new working tree. */
  runStart: RunStart
  /** Whose turn it is when an agent answers in a session of its own: decides which tools there are for it. */
  toolUser(agent: string): ToolUser
}

/** Opens the parts of a workspace in order; `close` ends them in reverse. */
export async function openEngine(home: Home, directory: string, mayBeGone = false): Promise<Engine> {
  const { store, bus, boundary, folders, env } = home
  const processes = openProcesses()
  const temp = privateTemp(home)
  const workspace = await boundary.workspace(openWorkspace, {
    directory,
    mayBeGone,
    home: folders.home,
    allowed: [folders.toolOutput, ...temp],
    own: [folders.data, folders.config, folders.state],
    opening: (real, signal) => fetched.open(real, signal),
    env: childEnvironment(env),
    start: processes.start,
    rememberedProjectID: store.projects.rememberedID,
    remember: () => {}, // the project's row, written below, is the memory
  })
  const scope: Scope = { directory: workspace.directory, projectID: workspace.projectID }
  const publish: Publish = (type, properties) => {
    const event = { type, properties } as never
    bus.publish(scope, event)
    conversations.share.heard(type, properties)
    void home.hooks.event({ event })
  }
  const project = await rememberProject(workspace, home)
  const places = boundary.folders(folders)
  const settings = await openSettings({
    home,
    workspace,
    places,
    changed: () => publish("server.instance.disposed", { directory: scope.directory }),
  })
  const fetched = fetchedReferences(
    () => settings.current().references,
    home,
    () => workspace.git,
  )
  const askID = (prefix: "per" | "que", sessionID: string) => boundary.host.lane(`asks ${sessionID}`).id(prefix)
  const questions = createQuestions({ publish, id: askID })
  const screen = createScreen({ publish, now: boundary.host.now })
  const { gate, approvals } = openPermissions({ home, workspace, publish, id: askID, userHome: places.home })
  const ptys = openTerminals({ home, workspace, settings, publish, processes, id: () => home.host.id("pty") })
  const turns = await openTurns({
    home,
    workspace,
    settings,
    scope,
    gate,
    questions,
    publish,
    start: processes.start,
    sessions: () => conversations.sessions,
  })
  const finder = createFileFinder({ directory: workspace.directory, search: workspace.search, now: home.host.now })
  const conversations = openConversations({ home, settings, turns, fetched })

  return {
    ...conversations,
    scope,
    workspace,
    project,
    settings,
    trust: turns.trust,
    get config() {
      return settings.current().config
    },
    issues: openIssues({ settings, instructionsOf: turns.instructionsOf }),
    agents: settings.agents,
    models: settings.models,
    gate,
    approvals,
    questions,
    screen,
    ptys,
    explain: openExplain({ settings, turns, gate, approvals, sessions: conversations.sessions, userHome: places.home }),
    registry: turns.shared.registry,
    vcs: createVcs(workspace),
    finder,
    children: turns.children,
    runStart: createStartCommand({ home, workspace, settings, start: processes.start }),
    toolUser: (agent) => ({
      agent,
      isChild: false,
      readOnly: settings.current().agentSettings.get(agent)?.readOnly ?? false,
    }),
    async close() {
      gate.close()
      questions.close()
      screen.close()
      await ptys.close()
      await conversations.close()
      finder.close()
      await workspace.close()
      await processes.close()
      bus.forget(scope.directory)
    },
  }
}

/** The temporary folder needs no question, provided that it is ours: in `/tmp` anybody may have put something there. */
function privateTemp({ scratch, log }: Home): string[] {
  try {
    return [scratch.open()]
  } catch (error) {
    log.warn("the temporary folder is not used", { error })
    return []
  }
}
