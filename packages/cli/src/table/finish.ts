import { didYouMean } from "@opencode/core/lib/text.ts"
import { Help, InvalidArgumentError, Option, type Argument, type Command } from "commander"
import { version } from "../version.ts"
import { refuseUnknownNames } from "./unknown.ts"

/** Where a command stands in the help. What is not named here stands under the last. */
const GROUPS: Readonly<Record<string, string>> = {
  run: "Work:",
  attach: "Work:",
  serve: "Work:",
  web: "Work:",
  acp: "Work:",
  session: "Sessions:",
  export: "Sessions:",
  import: "Sessions:",
  stats: "Sessions:",
  models: "Models and keys:",
  auth: "Models and keys:",
  agent: "Settings:",
  config: "Settings:",
  trust: "Settings:",
}
const OTHERS = "Upkeep:"
const EVERYWHERE = "With every command:"

/** What every command takes, also before its name. */
export const everywhere = (): Option[] => [
  new Option("--print-logs", "print the log to standard error"),
  new Option("--log-level <level>", "what to log").choices(["DEBUG", "INFO", "WARN", "ERROR"]),
  new Option("--pure", "run without plugins"),
]

/** After the last command was added: what holds for all of them. */
export function finish(program: Command): void {
  for (const command of program.commands) command.helpGroup(GROUPS[command.name()] ?? OTHERS)
  forEach(program, (command) => {
    for (const option of everywhere()) if (!has(command, option)) command.addOption(option)
    for (const option of command.options) {
      if (everywhere().some(({ long }) => long === option.long) || option.long === "--help")
        option.helpGroup(EVERYWHERE)
      suggestChoices(option)
    }
    command.registeredArguments.forEach(suggestChoices)
    command.addHelpOption(helpOption()).helpCommand(false).configureHelp(HELP)
    refuseUnknownNames(command)
    if (command !== program) takeNoMore(command)
  })
  program.addHelpCommand(helpCommand(program))
  program.enablePositionalOptions().hook("preAction", (_, action) => obey(program, action))
}

/** What is left over was meant to do something. The version is asked for behind any command. */
function takeNoMore(command: Command): void {
  command.allowExcessArguments(false).version(version, "-v, --version")
  command.options.at(-1)?.hideHelp()
}

const helpCommand = (program: Command): Command =>
  program
    .createCommand("help")
    .description("Show help, of a command when one is named.")
    .argument("[command]")
    .helpOption(false)
    .helpGroup(OTHERS)

const helpOption = () => new Option("-h, --help", "show help").helpGroup(EVERYWHERE)

function forEach(command: Command, act: (command: Command) => void): void {
  act(command)
  for (const below of command.commands) forEach(below, act)
}

const has = (command: Command, option: Option): boolean => command.options.some(({ long }) => long === option.long)

/** Without the `[options]` that each of them has. */
const subcommandTerm = (command: Command): string => {
  const names = [command.name(), ...command.aliases()].join("|")
  const words = command.registeredArguments.map((one) => {
    const name = one.name() + (one.variadic ? "..." : "")
    return one.required ? `<${name}>` : `[${name}]`
  })
  return [names, ...words].join(" ")
}

/** Long names stand below each other, whether there is a short one or not. */
const optionTerm: Help["optionTerm"] = ({ flags, short }) => (short ? flags : `    ${flags}`)

const optionDescription: Help["optionDescription"] = ({ description, argChoices, defaultValue }) => {
  if (!argChoices) return description
  const usual = defaultValue === undefined || defaultValue === "default" ? "" : `; default: ${String(defaultValue)}`
  return `${description} (${argChoices.join(", ")}${usual})`
}

/** What a command does stands before what all of them take. */
const formatHelp: Help["formatHelp"] = (command, helper) => {
  const sections = Help.prototype.formatHelp.call(helper, command, helper).trimEnd().split("\n\n")
  const isCommon = (section: string): boolean => section.startsWith(EVERYWHERE)
  return [...sections.filter((section) => !isCommon(section)), ...sections.filter(isCommon)].join("\n\n") + "\n"
}

const HELP = { subcommandTerm, optionTerm, optionDescription, formatHelp }

/** A value that is not among the choices is answered with the nearest of them. */
function suggestChoices(place: Option | Argument): void {
  const { argChoices } = place
  if (!argChoices) return
  place.argParser((value: string) => {
    if (argChoices.includes(value)) return value
    const allowed = `Allowed choices are ${argChoices.join(", ")}.`
    throw new InvalidArgumentError(`${allowed}${didYouMean(value, argChoices)}`)
  })
}

/**
 * Given before the command or behind it, they hold. What is below reads them as variables of the environment, where a
 * person can set them for good.
 */
function obey(program: Command, action: Command): void {
  const given = { ...program.opts(), ...action.opts() }
  for (const name of ["printLogs", "logLevel"]) action.setOptionValue(name, given[name])
  if (given.printLogs) process.env.OPENCODE_PRINT_LOGS = "1"
  if (given.logLevel) process.env.OPENCODE_LOG_LEVEL = given.logLevel
  if (given.pure) process.env.OPENCODE_PURE = "1"
}
