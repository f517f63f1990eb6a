import type { Frame, Scope } from "../bus/bus.ts"
import { SUBAGENT_DEPTH } from "../config/agents.ts"
import type { Home } from "../home.ts"
import type { Gate } from "../permission/gate.ts"
import type { StartProcess } from "../process/spawn.ts"
import { createChangeDiffs, type ChangeDiffs } from "../session/change-diff.ts"
import { createJournal, type ChangeJournal } from "../session/journal.ts"
import { planFile } from "../session/plan-file.ts"
import { createOpenRecords } from "../session/open-records.ts"
import type { Publish } from "../session/record.ts"
import type { Sessions } from "../session/sessions.ts"
import { createStepChanges } from "../session/step-changes.ts"
import { builtinTools } from "../tool/builtin.ts"
import { createRegistry } from "../tool/registry.ts"
import { createSeenBySession } from "../tool/seen.ts"
import { planExitTool } from "../tool/plan-exit.ts"
import { questionTool } from "../tool/question.ts"
import type { Questions } from "../tool/questions.ts"
import { skillTool } from "../tool/skill.ts"
import { taskTool } from "../tool/task.ts"
import type { Tool } from "../tool/tool.ts"
import { createChildren, type ChildrenDeps, type ChildSessions } from "../turn/children.ts"
import { TURN_LIMITS } from "../turn/limits.ts"
import { createTrees } from "../turn/tree.ts"
import type { TurnDeps } from "../turn/turn.ts"
import { snapshotsOf } from "../workspace/snapshot.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { createPlanExit } from "./plan-exit.ts"
import type { TurnSeat } from "../session/lane.ts"
import type { Settings } from "./generations.ts"
import { createTrustDesk, type TrustDesk } from "./trust-desk.ts"
import type { Generation } from "./settings.ts"
import { openInstructions, type OpenInstructions } from "./instructions.ts"
import { openTurnSettings, type TurnSettings } from "./turn-settings.ts"

/** What the turns of a folder use: one of each, whichever session takes its turn. */
export interface Turns {
  /** What all of them use. */
  shared: Omit<TurnDeps, "host" | keyof TurnSettings>
  /** What those use that begin with these settings. */
  of(generation: Generation): Promise<Omit<TurnDeps, "host">>
  /** What one uses that begins now: the settings as they are on disk, after the question whom to trust. */
  begin(seat?: Pick<TurnSeat, "sessionID" | "signal">): Promise<Omit<TurnDeps, "host">>
  instructionsOf(generation: Generation): OpenInstructions
  trust: TrustDesk
  children: ChildSessions
  diffs: ChangeDiffs
  /** The tools as they are, whoever listens to their work. */
  tools: readonly Tool[]
}

export interface TurnsInput {
  home: Home
  workspace: Workspace
  settings: Settings
  scope: Scope
  gate: Gate
  questions: Questions
  publish: Publish
  start: StartProcess
  /** Opened after the turns, which are first run in them. */
  sessions: () => Sessions
}

export async function openTurns(input: TurnsInput): Promise<Turns> {
  const { home, workspace, settings, scope, gate, publish, start } = input
  const { boundary, bus, folders, log, store } = home
  const { host } = boundary
  const limits = { ...TURN_LIMITS, ...home.limits }
  const trees = createTrees({ store, limits })
  const depth = (): number => settings.current().config.value.subagent_depth ?? SUBAGENT_DEPTH
  const children = openChildren(input, { trees, limits, depth })
  const tools = toolsOf(input, children)
  const journal = await openJournal(input)
  const diffs = createChangeDiffs({ contents: store.contents, paths: workspace.paths })
  const shared: Turns["shared"] = {
    store,
    log,
    publish,
    records: createOpenRecords(),
    journal,
    stepChanges: createStepChanges({ store, host, log, publish, journal, diffs }),
    hooks: home.hooks,
    gate,
    registry: createRegistry(boundary.tools(tools), (name) => name !== "task" || depth() > 0),
    trees,
    workspace,
    start,
    outputFolder: folders.toolOutput,
    planFile: (session) => planFile(session, workspace, boundary.folders(folders).data),
    platform: home.platform,
    seenBy: createSeenBySession(),
  }

  const instructionsOf = openInstructions(home, workspace)
  const settingsOf = openTurnSettings({ home, workspace, settings, start, instructionsOf })
  const of: Turns["of"] = async (generation) => ({ ...shared, ...(await settingsOf(generation)) })
  const trust = createTrustDesk({
    trust: home.trust,
    settings,
    gate,
    store,
    log,
    directory: scope.directory,
    worktree: workspace.worktree,
    hasListener: (sessionID) =>
      boundary.effect(`somebody to ask ${sessionID}`, async () => bus.isHeard(scope.directory)),
  })
  const begin: Turns["begin"] = async (seat) => {
    await settings.fresh()
    if (seat) await trust.ask(seat)
    if (seat) await settings.current().skills.load(seat.sessionID)
    return of(settings.current())
  }
  return { shared, of, begin, instructionsOf, trust, children, diffs, tools }
}

function openChildren(
  { home, settings, scope, gate, questions, sessions }: TurnsInput,
  bounds: Pick<ChildrenDeps, "trees" | "limits" | "depth">,
): ChildSessions {
  const { boundary, bus, log, owner, peers, store } = home
  return createChildren({
    ...bounds,
    store,
    owner,
    peers,
    host: boundary.host,
    log,
    gate,
    questions,
    models: settings.models,
    primaryTools: () => settings.current().config.value.experimental?.primary_tools ?? [],
    agents: {
      list: () => [...settings.current().agentSettings.values()],
      get: (name) => settings.current().agentSettings.get(name),
    },
    sessions,
    listen: (hear) =>
      bus.subscribe({ directory: scope.directory, isInner: true }, (frame) => hear(sessionOf(frame))).close,
  })
}

function toolsOf({ home, workspace, settings, questions, sessions }: TurnsInput, children: ChildSessions): Tool[] {
  const { boundary, folders, log, store } = home
  const places = boundary.folders(folders)
  const skill = skillTool({
    known: () => settings.current().skills.known(),
    text: (name) => settings.current().skills.text(name),
    home: places.home,
  })
  const planExit = createPlanExit({
    boundary,
    log,
    store,
    workspace,
    agents: settings.agents,
    data: places.data,
    sessions,
  })
  return [...builtinTools, questionTool(questions), planExitTool(planExit), skill, taskTool(children), ...home.tools]
}

async function openJournal({ home, workspace, settings }: TurnsInput): Promise<ChangeJournal> {
  const { folders, log, store } = home
  const own = [folders.state, folders.cache, folders.temp]
  return createJournal({
    store,
    log,
    place: workspace.projectID,
    snapshots: await snapshotsOf(workspace.roots, folders.data, own),
    isOff: () => settings.current().config.value.snapshot === false,
  })
}

const sessionOf = ({ properties }: Frame): string | undefined =>
  "sessionID" in properties ? properties.sessionID : undefined
