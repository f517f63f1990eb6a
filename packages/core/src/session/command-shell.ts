import type { Shell } from "../process/shell.ts"
import { collect, type Collected } from "../process/collect.ts"
import type { StartProcess } from "../process/spawn.ts"

/**
 * Runs what a template has between `` !` `` and `` ` ``: for what its author wants the model to see each time, as the
 * state of the repository. What goes wrong is said in the place of the output.
 */
export interface TemplateShellDeps {
  start: StartProcess
  shell: Pick<Shell, "path">
  directory: string
  environment: Readonly<Record<string, string>>
}

export interface ShellPiece {
  command: string
  /** Everything that was typed, as it is. */
  given: string
  /** `$1` and so on. */
  parameters: readonly string[]
  signal: AbortSignal
}

/** Somebody waits for the prompt to begin; what takes longer is for the agent to run. */
const DEADLINE_MS = 60_000
/** As much as a model gets of one call. */
const MAX_OUTPUT_BYTES = 51_200
/** Of what a command that failed said. */
const MAX_COMPLAINT = 500

/** @returns what it printed, or a note in brackets @throws the signal's reason */
export async function runShellPiece(piece: ShellPiece, deps: TemplateShellDeps): Promise<string> {
  const { command, given, parameters, signal } = piece
  const words = parameters.map(withoutNul)
  const run = await collect(deps.start, {
    file: deps.shell.path,
    args: ["-c", command, "command", ...words],
    cwd: deps.directory,
    env: { ...deps.environment, ARGUMENTS: withoutNul(given) },
    maxBytes: MAX_OUTPUT_BYTES,
    deadlineMs: DEADLINE_MS,
    signal,
  })
  signal.throwIfAborted()
  return run.stdout.toString("utf8") + noteOn(run)
}

/** No program can be given one. */
const withoutNul = (text: string): string => text.replaceAll("\0", "")

/** What the output does not show. Many a command that found nothing ends with 1, so that alone is no failure. */
function noteOn({ code, signal, stopped, failure, stdout, stderr, cut }: Collected): string {
  if (failure !== undefined) return `[This command was not run: ${failure}]`
  if (cut) return `\n[Cut here: there is more than ${MAX_OUTPUT_BYTES} bytes of it.]`
  if (stopped === "deadline") return `[This command was ended after ${DEADLINE_MS / 1_000} seconds.]`
  if (stdout.length > 0 || code === 0) return ""
  const said = stderr.trim().slice(0, MAX_COMPLAINT)
  return `[This command printed nothing and ended with ${signal ?? code}${said ? `: ${said}` : ""}]`
}
