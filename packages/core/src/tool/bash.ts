import { join } from "node:path"
import { z } from "zod"
import { toolFailure } from "../lib/fault.ts"
import { isReadOnly } from "../permission/readonly.ts"
import { dialectOf } from "../permission/shell-dialects.ts"
import { analyseShell } from "../permission/shell.ts"
import { callMark, endLeftBehind } from "../process/left-behind.ts"
import { createOutput, type CapturedOutput } from "../process/output.ts"
import type { Exit, StartOptions } from "../process/spawn.ts"
import { asksForCommand } from "./bash-asks.ts"
import { prose } from "./bash.prompt.ts"
import { requireSamePlace } from "./file-asks.ts"
import { defineTool, type ToolContext } from "./tool.ts"

/** Long enough for a build, short enough that a command that waits for input is noticed. */
const DEFAULT_TIMEOUT_MS = 120_000
/** A turn must not hang on one command; what takes longer belongs into the background. */
const MAX_TIMEOUT_MS = 600_000
/** Clients redraw at most this often, and each update goes to all of them. */
const PROGRESS_EVERY_MS = 100

export const bash = defineTool({
  name: "bash",
  prose,
  proseFor: ({ confined }) => (confined === undefined ? "" : `\n- Each command runs in a sandbox: ${confined}`),
  effect: "unsafe",
  isBound: true,
  permission: "bash",
  input: () =>
    z.object({
      command: z.string().min(1).describe("The command, as a shell reads it."),
      timeout: z
        .number()
        .min(1)
        .optional()
        .describe("Milliseconds until it is ended (default 120000, at most 600000)."),
      workdir: z.string().min(1).optional().describe("The folder to run it in (default: the workspace folder)."),
      description: z.string().optional().describe("What it does, in five to ten words, for the user."),
    }),

  async prepare({ command, timeout, workdir }, context) {
    const analysis = await analyseShell(command, context.environment, dialectOf(context.shell.name))
    const verdict = isReadOnly(analysis)
    const { sandbox } = context
    const missing = await sandbox?.missing()
    if (missing !== undefined) throw toolFailure(missing)
    if (context.readOnly && !verdict.ok && !sandbox?.onlyReads(context)) throw toolFailure(refusal(verdict.why))
    const folder = await context.workspace.paths.resolve(workdir ?? context.workspace.directory)
    const asks = await asksForCommand(analysis, folder, context.workspace.paths)
    const usual = context.commandTimeoutMs ?? DEFAULT_TIMEOUT_MS
    // Who sets the usual time may set more than a model may ask for.
    const timeoutMs = Math.min(timeout ?? usual, Math.max(usual, MAX_TIMEOUT_MS))
    const onlyReads = verdict.ok || (sandbox?.onlyReads(context) ?? false)
    return { asks, plan: { command, folder, timeoutMs }, onlyReads }
  },

  async run({ description }, { command, folder, timeoutMs }, context) {
    await requireSamePlace(folder, context.workspace.paths)
    const { limits, shell } = context
    const path = join(context.outputFolder, context.id())
    const output = createOutput({ path, keep: "tail", maxLines: limits.maxLines, maxBytes: limits.maxBytes })
    const facts = description === undefined ? {} : { description }
    // What a person is shown is what runs, and not what the model says of it.
    const title = command
    const progress = throttled(() => context.progress({ title, metadata: { output: output.preview(), ...facts } }))

    // A repository's settings can name programs that git starts while it merely shows something.
    const quiet = context.readOnly ? await context.workspace.git.quiet(folder.real) : {}
    const started = {
      file: shell.file,
      args: shell.args(command),
      cwd: folder.real,
      env: { ...context.environment, ...quiet },
      deadlineMs: timeoutMs,
      sink(chunk: Buffer) {
        progress.due()
        return output.write(chunk)
      },
    }
    const exit = await toItsEnd(started, context).finally(progress.stop)
    if (exit.failure !== undefined) throw toolFailure(exit.failure)

    const captured = await output.finish()
    return {
      title,
      output: withNote(withMarker(captured), noteOn(exit, timeoutMs, context)),
      metadata: {
        output: output.preview(),
        exit: exit.stopped ? null : exit.code,
        truncated: captured.truncated,
        ...(captured.outputPath !== undefined && { outputPath: captured.outputPath }),
        ...facts,
      },
    }
  },
})

const refusal = (why: string): string =>
  `The command was not run: this agent only reads (plan mode), and ${why}. ` +
  "Use commands that are known to only read, or put the command into the plan."

async function toItsEnd(command: StartOptions, context: ToolContext): Promise<Exit> {
  const { sandbox, readOnly, signal, start } = context
  const room = await sandbox?.enter({ readOnly, cwd: command.cwd })
  try {
    const child = start({ ...command, signal, confinement: room?.confinement })
    const exit = await child.exited
    // The shell has ended; what it started may be slower to.
    if (exit.stopped) await child.kill()
    // Who stops a command wants nothing of it left, also what it had put out of its group.
    if (exit.stopped === "abort") await endLeftBehind([callMark(context)])
    return exit
  } finally {
    await room?.leave()
  }
}

/** What the output does not show. A program that fails may well say nothing. */
function noteOn(exit: Exit, timeoutMs: number, { sandbox, readOnly }: ToolContext): string | undefined {
  const note = noteOnExit(exit, timeoutMs)
  // What was stopped did not fail for what it may not do.
  if (note === undefined || !sandbox || exit.stopped) return note
  return `${note}. It ran in a sandbox: ${sandbox.bounds({ readOnly })}`
}

function noteOnExit({ stopped, code, signal }: Exit, timeoutMs: number): string | undefined {
  if (stopped === "deadline") {
    return (
      `shell tool terminated command after exceeding timeout ${timeoutMs} ms. If it needs longer and does not wait ` +
      "for input, call it again with a larger timeout; if it never ends, put it into the background."
    )
  }
  if (stopped !== undefined) return "User aborted the command"
  if (signal !== null) return `Command was ended by ${signal}`
  return code === 0 ? undefined : `Command exited with code ${code}`
}

function withMarker({ text, truncated, outputPath }: CapturedOutput): string {
  if (!truncated) return text
  const saved = outputPath === undefined ? "The full output could not be saved." : `Full output saved to: ${outputPath}`
  return `...output truncated...\n\n${saved}\n\n${text}`
}

function withNote(text: string, note: string | undefined): string {
  if (note === undefined) return text
  const gap = text === "" ? "" : text.endsWith("\n") ? "\n" : "\n\n"
  return `${text}${gap}<shell_metadata>\n${note}\n</shell_metadata>`
}

/** Shows the start at once and then what changed, in steps; `stop` drops what is still due. */
function throttled(show: () => void): { due(): void; stop(): void } {
  show()
  let timer: NodeJS.Timeout | undefined
  return {
    due() {
      timer ??= setTimeout(() => {
        timer = undefined
        show()
      }, PROGRESS_EVERY_MS)
    },
    stop: () => clearTimeout(timer),
  }
}
