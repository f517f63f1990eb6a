import { existsSync } from "node:fs"
import { didYouMean } from "@opencode/core/lib/text.ts"
import { Command, CommanderError } from "commander"
import { report } from "./fail.ts"
import { out } from "./out.ts"
import { addAgent } from "./table/agent.ts"
import { addAuth } from "./table/auth.ts"
import { addConfig } from "./table/config.ts"
import { addDebug } from "./table/debug.ts"
import { addModels } from "./table/models.ts"
import { addAttach, addRun } from "./table/run.ts"
import { addServe } from "./table/serve.ts"
import { addSession } from "./table/session.ts"
import { addTransfer } from "./table/transfer.ts"
import { addTrust } from "./table/trust.ts"
import type { Result } from "./table/result.ts"
import { version } from "./version.ts"

/**
 * The table of commands. Each body is loaded when it is called, so that help and errors cost nothing.
 * @returns the exit code
 */
export async function runCommand(args: string[]): Promise<number> {
  const result = { code: 0 }
  const program = createProgram(result)
  try {
    await program.parseAsync(args, { from: "user" })
    return result.code
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0 && args[0] === "run") {
        const { tellBadUsage } = await import("./commands/run-usage.ts")
        return tellBadUsage(args, error.message.replace(/^error: /, ""))
      }
      return error.exitCode
    }
    return report(error, process.env.OPENCODE_LOG_LEVEL === "DEBUG")
  }
}

function createProgram(result: Result): Command {
  const program = new Command("opencode")
    .description("An AI coding agent for the terminal.")
    .version(version, "-v, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ writeOut: (text) => out.line(text.trimEnd()), writeErr: (text) => out.note(text.trimEnd()) })
    .argument("[project]", "folder to work in")
    .allowExcessArguments(true)
    .action((project: string | undefined) => {
      if (project !== undefined && !existsSync(project)) {
        program.error(
          `error: unknown command '${project}'${didYouMean(
            project,
            program.commands.map((command) => command.name()),
          )}`,
        )
      }
      out.note('The terminal screen is not part of this version yet. Use `opencode run "…"` or `opencode serve`.\n')
      program.outputHelp({ error: true })
      result.code = 1
    })

  addRun(program, result)
  addAttach(program, result)
  addServe(program)
  addSession(program)
  addTransfer(program)
  addModels(program, result)
  addAuth(program, result)
  addConfig(program)
  addAgent(program)
  addTrust(program, result)
  addDebug(program, result)
  return program
}
