import type { Frame, Scope } from "../bus/bus.ts"
import { SUBAGENT_DEPTH } from "../config/agents.ts"
import type { Home } from "../home.ts"
import { createImages } from "../model/image/fit.ts"
import type { Gate } from "../permission/gate.ts"
import { childEnvironment } from "../process/environment.ts"
import { resolveShell } from "../process/shell.ts"
import type { StartProcess } from "../process/spawn.ts"
import { createChangeDiffs, type ChangeDiffs } from "../session/change-diff.ts"
import { createJournal } from "../session/journal.ts"
import { createOpenRecords, type Publish } from "../session/record.ts"
import { createStepChanges } from "../session/step-changes.ts"
import { builtinTools } from "../tool/builtin.ts"
import { createRegistry } from "../tool/registry.ts"
import { createSeenBySession } from "../tool/seen.ts"
import { questionTool } from "../tool/question.ts"
import type { Questions } from "../tool/questions.ts"
import { taskTool } from "../tool/task.ts"
import { DEFAULT_LIMITS, type Tool } from "../tool/tool.ts"
import { createChildren, type ChildrenDeps, type ChildSessions } from "../turn/children.ts"
import { TURN_LIMITS } from "../turn/limits.ts"
import { createTrees } from "../turn/tree.ts"
import type { TurnDeps } from "../turn/turn.ts"
import { snapshotsOf } from "../workspace/snapshot.ts"
import type { Workspace } from "../workspace/workspace.ts"
import type { Settings } from "./settings.ts"

/** What the turns of a folder use: one of each, whichever session takes its turn. */
export interface Turns {
  deps: Omit<TurnDeps, "host">
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
  sessions: ChildrenDeps["sessions"]
}

export async function openTurns(input: TurnsInput): Promise<Turns> {
  const { home, workspace, settings, scope, gate, questions, publish, start, sessions } = input
  const { boundary, bus, env, folders, log, store } = home
  const { host } = boundary
  const { agentSettings, models } = settings
  const config = settings.config.value

  const limits = { ...TURN_LIMITS, ...home.limits }
  const trees = createTrees({ store, limits })
  const depth = config.subagent_depth ?? SUBAGENT_DEPTH
  const children = createChildren({
    store,
    host,
    log,
    trees,
    gate,
    questions,
    limits,
    depth,
    agents: { list: () => [...agentSettings.values()], get: (name) => agentSettings.get(name) },
    sessions,
    listen: (hear) => bus.subscribe({ directory: scope.directory }, (frame) => hear(sessionOf(frame))).close,
  })
  const tools = [...builtinTools, questionTool(questions), ...(depth > 0 ? [taskTool(children)] : [])]

  const own = [folders.state, folders.cache, folders.temp]
  const snapshots = await snapshotsOf(workspace.roots, folders.data, own)
  const journal = createJournal({
    store,
    log,
    place: workspace.projectID,
    ...(config.snapshot === false ? {} : { snapshots }),
  })
  const diffs = createChangeDiffs({ contents: store.contents, paths: workspace.paths })
  const deps: Turns["deps"] = {
    store,
    log,
    publish,
    records: createOpenRecords(),
    journal,
    stepChanges: createStepChanges({ store, host, log, publish, journal, diffs }),
    hooks: home.hooks,
    images: createImages(config.attachment),
    gate,
    registry: createRegistry(boundary.tools(tools)),
    trees,
    workspace,
    models,
    agents: agentSettings,
    start,
    environment: childEnvironment(env, { drop: models.keyVariables() }),
    outputFolder: folders.toolOutput,
    platform: home.platform,
    seenBy: createSeenBySession(),
    config: {
      continueOnDeny: config.experimental?.continue_loop_on_deny ?? false,
      limits: {
        maxLines: config.tool_output?.max_lines ?? DEFAULT_LIMITS.maxLines,
        maxBytes: config.tool_output?.max_bytes ?? DEFAULT_LIMITS.maxBytes,
      },
      shell: await resolveShell(config.shell, env),
      compaction: config.compaction ?? {},
    },
  }
  return { deps, children, diffs, tools }
}

const sessionOf = ({ properties }: Frame): string | undefined =>
  "sessionID" in properties ? properties.sessionID : undefined
