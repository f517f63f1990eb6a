import { join, resolve } from "node:path"
import type { ModelRef } from "@opencode/protocol/model-ref.ts"
import { limitsFromEnvironment } from "../config/environment.ts"
import { sandboxSetting } from "../config/sandbox.ts"
import type { Home } from "../home.ts"
import { isFault } from "../lib/fault.ts"
import { rememberedAnswer } from "../lib/remembered-answer.ts"
import { createImages } from "../model/image/fit.ts"
import type { Models, ResolvedModel } from "../model/resolve.ts"
import { childEnvironment } from "../process/environment.ts"
import { createMountPoints } from "../process/mount-points.ts"
import { resolveShell } from "../process/shell.ts"
import type { StartProcess } from "../process/spawn.ts"
import { createSandbox } from "../tool/sandbox.ts"
import { DEFAULT_LIMITS } from "../tool/tool.ts"
import type { TurnDeps } from "../turn/turn.ts"
import type { Workspace } from "../workspace/workspace.ts"
import type { Settings } from "./generations.ts"
import type { OpenInstructions } from "./instructions.ts"
import type { Generation } from "./settings.ts"

/** What a turn has of the generation that it began with, and keeps until it ends. */
export type TurnSettings = Pick<
  TurnDeps,
  "images" | "models" | "agents" | "environment" | "sandbox" | "config" | "instructions" | "references"
>

export interface TurnSettingsInput {
  home: Pick<Home, "env" | "folders" | "platform">
  workspace: Workspace
  settings: Pick<Settings, "current">
  start: StartProcess
  instructionsOf(generation: Generation): OpenInstructions
}

/** Worked out once for each generation, when the first turn begins with it. */
export function openTurnSettings(input: TurnSettingsInput): (generation: Generation) => Promise<TurnSettings> {
  const { home, settings, instructionsOf } = input
  const sandboxOf = openSandboxes(input)

  function resolveIn(models: Models, ref: ModelRef): ResolvedModel {
    try {
      return models.resolve(ref)
    } catch (error) {
      const now = settings.current().models
      if (now === models || !isFault(error, "model_not_found")) throw error
      return now.resolve(ref)
    }
  }

  return rememberedAnswer(async (generation) => {
    const { models, agentSettings, references } = generation
    const config = generation.config.value
    return {
      references,
      instructions: instructionsOf(generation),
      images: createImages(config.attachment),
      models: { resolve: (ref) => resolveIn(models, ref) },
      // A prompt that arrives in a running turn may name what only the newer settings know.
      agents: { get: (name) => agentSettings.get(name) ?? settings.current().agentSettings.get(name) },
      environment: childEnvironment(home.env, { drop: models.keyVariables() }),
      sandbox: sandboxOf(generation),
      config: await configOf(generation, home.env),
    }
  })
}

function openSandboxes({ home, workspace, start }: TurnSettingsInput) {
  const { env, folders, platform } = home
  const mountPoints = createMountPoints()
  return ({ config }: Generation): TurnSettings["sandbox"] =>
    createSandbox({
      setting: sandboxSetting(config.value.sandbox),
      workspace,
      home: folders.home,
      hidden: [folders.data, ...databaseFiles(env, folders.data)],
      shared: [folders.temp, folders.toolOutput],
      readable: [join(folders.data, "repos")],
      path: env.PATH,
      platform,
      start,
      mountPoints,
    })
}

async function configOf({ config: { value } }: Generation, env: Home["env"]): Promise<TurnSettings["config"]> {
  return {
    continueOnDeny: value.experimental?.continue_loop_on_deny ?? false,
    limits: {
      maxLines: value.tool_output?.max_lines ?? DEFAULT_LIMITS.maxLines,
      maxBytes: value.tool_output?.max_bytes ?? DEFAULT_LIMITS.maxBytes,
    },
    ...limitsFromEnvironment(env),
    shell: await resolveShell(value.shell, env),
    compaction: value.compaction ?? {},
  }
}

/** Where a database lies that is not in the data folder, and where processes meet that use it. */
const databaseFiles = ({ OPENCODE_DB: file }: Home["env"], data: string): string[] =>
  file ? ["", "-wal", "-shm", ".peers"].map((end) => resolve(data, file) + end) : []
