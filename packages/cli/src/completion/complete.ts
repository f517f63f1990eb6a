import type { Argument, Command, Option } from "commander"

/**
 * What may stand where the cursor is, from the table of commands alone. Pure: names that are only known at run time
 * (sessions, models, …) are left to the caller, and files to the shell.
 */
export type Completion = { candidates: Candidate[] } | { source: Source; prefix: string }

export interface Candidate {
  value: string
  about: string
}

export type Source = "sessions" | "models" | "agents" | "providers" | "commands" | "files" | "folders"

/** What an option takes, by its long name. Those with choices tell them; any other value is free text. */
const OPTIONS: Readonly<Record<string, Source>> = {
  "--session": "sessions",
  "--model": "models",
  "--agent": "agents",
  "--command": "commands",
  "--provider": "providers",
  "--file": "files",
  "--output-schema": "files",
  "--dir": "folders",
  "--cwd": "folders",
  "--path": "folders",
}

/** What an argument is, by its command and place. */
const ARGUMENTS: Readonly<Record<string, Source>> = {
  "session show": "sessions",
  "session doctor": "sessions",
  "session delete": "sessions",
  export: "sessions",
  import: "files",
  models: "providers",
  "auth login": "providers",
  "auth logout": "providers",
  "debug agent": "agents",
  "debug replay": "files",
  "debug file read": "files",
  "debug file list": "folders",
  "": "folders",
}

interface Place {
  command: Command
  /** Names from below the program. */
  path: string[]
  operands: number
  /** The option whose value is typed. */
  awaits?: Option
  /** `--` was typed. */
  onlyOperands: boolean
  given: Set<string>
}

/** @param words what was typed after the program's name; the last one is unfinished, and may be empty */
export function complete(program: Command, words: readonly string[]): Completion {
  const typed = words.at(-1) ?? ""
  const place = walk(program, words.slice(0, -1))
  if (place.awaits) return valueOf(place.awaits, typed, "")
  const [, name, value] = /^(--[\w-]+)=(.*)$/s.exec(typed) ?? []
  if (!place.onlyOperands && name !== undefined && value !== undefined) {
    const option = find(place.command, name)
    return option ? valueOf(option, value, `${name}=`) : { candidates: [] }
  }
  if (!place.onlyOperands && typed.startsWith("-")) return { candidates: among(optionsOf(place), typed) }
  return operandAt(place, typed)
}

function walk(program: Command, words: readonly string[]): Place {
  const place: Place = { command: program, path: [], operands: 0, onlyOperands: false, given: new Set() }
  for (const word of words) step(place, word)
  return place
}

function step(place: Place, word: string): void {
  if (place.awaits) {
    delete place.awaits
    return
  }
  if (place.onlyOperands) place.operands++
  else if (word === "--") place.onlyOperands = true
  else if (word.startsWith("-") && word !== "-") {
    const option = find(place.command, word.split("=", 1)[0] ?? word)
    if (!option) return
    if (option.long) place.given.add(option.long)
    if ((option.required || option.optional) && !word.includes("=")) place.awaits = option
  } else {
    const below = place.operands === 0 && !isHelp(place) ? commandNamed(place.command, word) : undefined
    if (place.operands === 0 && place.path.length === 0 && word === HELP) place.path = [HELP]
    else if (!below) place.operands++
    else Object.assign(place, { command: below, path: [...place.path, below.name()], given: new Set() })
  }
}

/** The program's own command for help is none of its table; behind it stands one name. */
const HELP = "help"
const isHelp = ({ path }: Place): boolean => path[0] === HELP

const commandNamed = ({ commands }: Command, word: string): Command | undefined =>
  commands.find((one) => one.name() === word || one.aliases().includes(word))

const find = ({ options }: Command, word: string): Option | undefined =>
  options.find(({ short, long }) => short === word || long === word)

/** Hidden ones are not told; one that may be given again is. */
function optionsOf({ command, given }: Place): Candidate[] {
  const help = command.createHelp()
  return help
    .visibleOptions(command)
    .filter(({ long, parseArg, argChoices }) => long && (!given.has(long) || (parseArg && !argChoices)))
    .map(({ long, description }) => ({ value: long ?? "", about: description }))
}

function operandAt(place: Place, typed: string): Completion {
  const { command, operands, path } = place
  const below = operands === 0 && !place.onlyOperands ? command.createHelp().visibleCommands(command) : []
  const named = among(
    below.flatMap((one) => [one.name(), ...one.aliases()].map((value) => ({ value, about: one.description() }))),
    typed,
  )
  const argument = argumentAt(command, operands)
  if (named.length > 0 || !argument) return { candidates: named }
  if (argument.argChoices) return { candidates: among(choices(argument.argChoices), typed) }
  const source = ARGUMENTS[path.join(" ")]
  return source ? { source, prefix: "" } : { candidates: [] }
}

function argumentAt({ registeredArguments }: Command, operands: number): Argument | undefined {
  const last = registeredArguments.at(-1)
  return registeredArguments[operands] ?? (last?.variadic ? last : undefined)
}

function valueOf({ argChoices, long = "" }: Option, typed: string, prefix: string): Completion {
  if (argChoices) {
    const fitting = among(choices(argChoices), typed)
    return { candidates: fitting.map(({ value, about }) => ({ value: prefix + value, about })) }
  }
  const source = OPTIONS[long]
  return source ? { source, prefix } : { candidates: [] }
}

const choices = (values: readonly string[]): Candidate[] => values.map((value) => ({ value, about: "" }))

const among = (candidates: Candidate[], typed: string): Candidate[] =>
  candidates.filter(({ value }) => value.startsWith(typed))
