import { Command, CommanderError } from "commander"
import { report } from "./fail.ts"
import { out } from "./out.ts"
import { addAcp } from "./table/acp.ts"
import { addAgent } from "./table/agent.ts"
import { addAuth } from "./table/auth.ts"
import { addConfig } from "./table/config.ts"
import { addDebug } from "./table/debug.ts"
import { addModels } from "./table/models.ts"
import { addAttach, addRun } from "./table/run.ts"
import { addScreen } from "./table/screen.ts"
import { addServe } from "./table/serve.ts"
import { addSession } from "./table/session.ts"
import { addStats } from "./table/stats.ts"
import { addTransfer } from "./table/transfer.ts"
import { addTrust } from "./table/trust.ts"
import { addUpkeep } from "./table/upkeep.ts"
import { finish } from "./table/finish.ts"
import type { Result } from "./table/result.ts"
import { version } from "./version.ts"

/**
 * The table of commands. Each body is loaded when it is called, so that help and errors cost nothing.
 * @returns the exit code
 */
export async function runCommand(args: string[]): Promise<number> {
  const result = { code: 0 }
  const program = createProgram(result, ALONE.get(args[0] ?? ""))
  try {
    await program.parseAsync(args, { from: "user" })
    return result.code
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0 && isRun(args)) {
        const { tellBadUsage } = await import("./commands/run-usage.ts")
        return tellBadUsage(args, error.message.replace(/^error: /, ""))
      }
      return error.exitCode
    }
    return report(error, process.env.OPENCODE_LOG_LEVEL === "DEBUG")
  }
}

/** Options that every command takes may stand before its name. */
function isRun(args: string[]): boolean {
  const name = args.findIndex((word, at) => !word.startsWith("-") && args[at - 1] !== "--log-level")
  return args[name] === "run"
}

/**
 * What scripts, supervisors and editors start and wait for. The table then holds nothing else: all of it is 8 ms of CPU, a
 * twentieth of what `serve` needs until it listens.
 */
const ALONE: ReadonlyMap<string, AddCommand> = new Map([
  ["run", addRun],
  ["serve", addServe],
  ["acp", addAcp],
])
type AddCommand = (program: Command, result: Result) => void

/** @param alone the command that was called, where it is known without the table */
function createProgram(result: Result, alone: AddCommand = addAll): Command {
  const program = new Command("opencode")
    .description("An AI coding agent for the terminal.")
    .version(version, "-v, --version", "print the version")
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ writeOut: (text) => out.line(text.trimEnd()), writeErr: (text) => out.note(text.trimEnd()) })
    .addHelpText("after", EXAMPLES)

  alone(program, result)
  finish(program)
  return program
}

function addAll(program: Command, result: Result): void {
  addScreen(program, result)
  addRun(program, result)
  addAttach(program, result)
  addServe(program)
  addAcp(program)
  addSession(program, result)
  addStats(program)
  addTransfer(program, result)
  addModels(program, result)
  addAuth(program, result)
  addConfig(program)
  addAgent(program)
  addTrust(program, result)
  addDebug(program, result)
  addUpkeep(program, result, () => createProgram(result))
}

const EXAMPLES = `
Examples:
  opencode run "why does the build fail?"
  opencode run -c "and now fix it"            goes on with the last session of this folder
  opencode auth login                         stores a key, so that models can be used
  opencode serve --port 4096                  for editors and programs

opencode <command> --help says more of each.`
