import { join, resolve } from "node:path"
import type { Frame, Scope } from "../bus/bus.ts"
import { SUBAGENT_DEPTH } from "../config/agents.ts"
import { limitsFromEnvironment } from "../config/environment.ts"
import { sandboxSetting } from "../config/sandbox.ts"
import type { Home } from "../home.ts"
import type { ModelRef } from "@opencode/protocol/model-ref.ts"
import { isFault } from "../lib/fault.ts"
import type { Models, ResolvedModel } from "../model/resolve.ts"
import { createImages } from "../model/image/fit.ts"
import type { Gate } from "../permission/gate.ts"
import { childEnvironment } from "../process/environment.ts"
import { createMountPoints } from "../process/mount-points.ts"
import { resolveShell } from "../process/shell.ts"
import type { StartProcess } from "../process/spawn.ts"
import { createChangeDiffs, type ChangeDiffs } from "../session/change-diff.ts"
import { createJournal } from "../session/journal.ts"
import { planFile } from "../session/plan-file.ts"
import { createOpenRecords, type Publish } from "../session/record.ts"
import type { Sessions } from "../session/sessions.ts"
import { createStepChanges } from "../session/step-changes.ts"
import { builtinTools } from "../tool/builtin.ts"
import { createRegistry } from "../tool/registry.ts"
import { createSandbox } from "../tool/sandbox.ts"
import { createSeenBySession } from "../tool/seen.ts"
import { planExitTool } from "../tool/plan-exit.ts"
import { questionTool } from "../tool/question.ts"
import type { Questions } from "../tool/questions.ts"
import { skillTool } from "../tool/skill.ts"
import { taskTool } from "../tool/task.ts"
import { DEFAULT_LIMITS, type Tool } from "../tool/tool.ts"
import { createChildren, type ChildSessions } from "../turn/children.ts"
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

/** What the turns of a folder use: one of each, whichever session takes its turn. */
export interface Turns {
  /** What all of them use. */
  shared: Omit<TurnDeps, "host" | keyof PerGeneration>
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

type PerGeneration = Pick<
  TurnDeps,
  "images" | "models" | "agents" | "environment" | "sandbox" | "config" | "instructions" | "references"
>

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
  const { home, workspace, settings, scope, gate, questions, publish, start, sessions } = input
  const { boundary, bus, env, folders, log, store } = home
  const { host } = boundary
  const limits = { ...TURN_LIMITS, ...home.limits }
  const trees = createTrees({ store, limits })
  const depth = (): number => settings.current().config.value.subagent_depth ?? SUBAGENT_DEPTH
  const children = createChildren({
    store,
    owner: home.owner,
    peers: home.peers,
    host,
    log,
    trees,
    gate,
    questions,
    models: settings.models,
    limits,
    depth,
    primaryTools: () => settings.current().config.value.experimental?.primary_tools ?? [],
    agents: {
      list: () => [...settings.current().agentSettings.values()],
      get: (name) => settings.current().agentSettings.get(name),
    },
    sessions,
    listen: (hear) =>
      bus.subscribe({ directory: scope.directory, isInner: true }, (frame) => hear(sessionOf(frame))).close,
  })
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
  const inner = [questionTool(questions), planExitTool(planExit), skill, taskTool(children)]
  const tools = [...builtinTools, ...inner, ...home.tools]

  const own = [folders.state, folders.cache, folders.temp]
  const snapshots = await snapshotsOf(workspace.roots, folders.data, own)
  const journal = createJournal({
    store,
    log,
    place: workspace.projectID,
    snapshots,
    isOff: () => settings.current().config.value.snapshot === false,
  })
  const diffs = createChangeDiffs({ contents: store.contents, paths: workspace.paths })
  const mountPoints = createMountPoints()
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
    planFile: (session) => planFile(session, workspace, places.data),
    platform: home.platform,
    seenBy: createSeenBySession(),
  }

  const instructionsOf = openInstructions(home, workspace)

  async function ofGeneration(generation: Generation): Promise<PerGeneration> {
    const { models, agentSettings, references } = generation
    const config = generation.config.value
    return {
      references,
      instructions: instructionsOf(generation),
      images: createImages(config.attachment),
      models: { resolve: (ref) => resolveIn(models, ref) },
      // A prompt that arrives in a running turn may name what only the newer settings know.
      agents: { get: (name) => agentSettings.get(name) ?? settings.current().agentSettings.get(name) },
      environment: childEnvironment(env, { drop: models.keyVariables() }),
      sandbox: createSandbox({
        setting: sandboxSetting(config.sandbox),
        workspace,
        home: folders.home,
        hidden: [folders.data, ...databaseFiles(env, folders.data)],
        shared: [folders.temp, folders.toolOutput],
        readable: [join(folders.data, "repos")],
        path: env.PATH,
        platform: home.platform,
        start,
        mountPoints,
      }),
      config: {
        continueOnDeny: config.experimental?.continue_loop_on_deny ?? false,
        limits: {
          maxLines: config.tool_output?.max_lines ?? DEFAULT_LIMITS.maxLines,
          maxBytes: config.tool_output?.max_bytes ?? DEFAULT_LIMITS.maxBytes,
        },
        ...limitsFromEnvironment(env),
        shell: await resolveShell(config.shell, env),
        compaction: config.compaction ?? {},
      },
    }
  }

  function resolveIn(models: Models, ref: ModelRef): ResolvedModel {
    try {
      return models.resolve(ref)
    } catch (error) {
      const now = settings.current().models
      if (now === models || !isFault(error, "model_not_found")) throw error
      return now.resolve(ref)
    }
  }

  const made = new WeakMap<Generation, Promise<PerGeneration>>()
  const of: Turns["of"] = async (generation) => {
    const known = made.get(generation) ?? ofGeneration(generation)
    made.set(generation, known)
    return { ...shared, ...(await known) }
  }
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

/** Where a database lies that is not in the data folder, and where processes meet that use it. */
const databaseFiles = ({ OPENCODE_DB: file }: Home["env"], data: string): string[] =>
  file ? ["", "-wal", "-shm", ".peers"].map((end) => resolve(data, file) + end) : []

const sessionOf = ({ properties }: Frame): string | undefined =>
  "sessionID" in properties ? properties.sessionID : undefined
