import { existsSync } from "node:fs"
import { didYouMean } from "@opencode/core/lib/text.ts"
import type { Command } from "commander"

/** Commands of OpenCode that are still to come. What is nearest to such a name is not what was meant. */
const NOT_YET = ["mcp", "plugin", "plug", "github", "pr"]

/** Ends the program with what was meant by a name that no command has. */
export function refuseName(command: Command, name: string): never {
  if (!command.parent && NOT_YET.includes(name)) {
    command.error(`error: '${name}' is a command of OpenCode that is not part of this version yet.`)
  }
  const near =
    name === ""
      ? ""
      : didYouMean(
          name,
          command.commands.filter(isShown).map((one) => one.name()),
        )
  command.error(`error: unknown command '${name}'.${near}`)
}

/**
 * Commander prints the help where `--help` stands behind a name that it does not know, and runs the default command
 * where a wrong name stands for one of its kind. Both look like an answer.
 */
export function refuseUnknownNames(command: Command): void {
  if (command.commands.length === 0) return
  command.on("beforeHelp", () => {
    const [first, second] = command.args
    const name = !command.parent && first === "help" ? second : first
    if (name !== undefined && isWrong(command, name)) refuseName(command, name)
  })
  command.hook("preSubcommand", () => {
    const [name] = command.args
    if (name !== undefined && isWrong(command, name)) refuseName(command, name)
  })
}

function isWrong(command: Command, name: string): boolean {
  if (name.startsWith("-") || hasCommand(command, name)) return false
  // What is no command may be the argument: a folder, or a query.
  const [argument] = command.registeredArguments
  return argument === undefined || (!command.parent && !existsSync(name))
}

const hasCommand = ({ commands, parent }: Command, name: string): boolean =>
  (!parent && name === "help") || commands.some((one) => one.name() === name || one.aliases().includes(name))

/** Commander keeps to itself which commands are hidden; ours begin like this. */
const isShown = (command: Command): boolean => !command.name().startsWith("_")
