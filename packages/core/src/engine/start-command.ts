import type { Home } from "../home.ts"
import { collect } from "../process/collect.ts"
import { childEnvironment } from "../process/environment.ts"
import { resolveShell } from "../process/shell.ts"
import type { StartProcess } from "../process/spawn.ts"
import type { Workspace } from "../workspace/workspace.ts"
import type { Settings } from "./generations.ts"

/**
 * What a person wants to be run in a new working tree. It comes from a client, or was given to the project by one, and
 * never from the repository. What it starts may well: a project is all clones of one history, a stranger's fork as well.
 * @returns what went wrong, as the end of a sentence
 */
export type RunStart = (command: string, signal: AbortSignal) => Promise<string | undefined>

interface StartCommandInput {
  home: Pick<Home, "env">
  workspace: Workspace
  settings: Settings
  start: StartProcess
}

/** Dependencies of a large project on a slow line. What is still not done hangs. */
const DEADLINE_MS = 1_800_000
/** Nobody reads it but somebody who looks for what went wrong. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024
const MAX_COMPLAINT = 500

export function createStartCommand({ home: { env }, workspace, settings, start }: StartCommandInput): RunStart {
  return async (command, signal) => {
    const { config, models } = settings.current()
    const shell = await resolveShell(config.value.shell, env)
    const {
      code,
      signal: killed,
      stopped,
      failure,
      stderr,
      cut,
    } = await collect(start, {
      file: shell.path,
      args: ["-c", command],
      cwd: workspace.directory,
      env: childEnvironment(env, { drop: models.keyVariables() }),
      maxBytes: MAX_OUTPUT_BYTES,
      deadlineMs: DEADLINE_MS,
      signal,
    })
    if (code === 0) return undefined
    if (failure !== undefined) return `could not be run: ${failure}`
    if (stopped === "deadline") return `was ended after ${DEADLINE_MS / 60_000} minutes.`
    if (cut) return `was ended: it printed more than ${MAX_OUTPUT_BYTES} bytes.`
    const said = stderr.trim().slice(-MAX_COMPLAINT)
    return `failed (${killed ?? `exit code ${code}`})${said ? `: ${said}` : "."}`
  }
}
