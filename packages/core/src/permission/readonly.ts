import { checkOptions, commands, type Check } from "./readonly-commands.ts"
import { checkGit } from "./readonly-git.ts"
import type { ShellAnalysis, ShellCommand } from "./shell.ts"
import { isSystemPath } from "./shell-names.ts"
import { mayBeOption, type ShellWord } from "./shell-words.ts"

/**
 * Does a command only read? Decided by a list of what is known to; everything that is not on it, or that could become
 * something else when it runs, is taken to write.
 */
export type ReadOnly = { ok: true } | { ok: false; why: string }

export function isReadOnly(analysis: ShellAnalysis): ReadOnly {
  const why = firstReason(analysis)
  return why === undefined ? { ok: true } : { ok: false, why }
}

function firstReason({ commands: all, redirects, assignments, problems }: ShellAnalysis): string | undefined {
  if (problems[0] !== undefined) return problems[0]
  const written = redirects.find((redirect) => redirect.access === "write")
  if (written) return `it writes to ${written.path}`
  // A name in capitals may be in the environment already, and then programs see the change.
  const exported = assignments.find((name) => !/^[a-z_][a-z\d_]*$/.test(name))
  if (exported) return `it sets ${exported}, which programs may obey`
  // The folder one goes to may be a repository whose settings name programs to run.
  const moves = all.some(({ base }) => base === "cd" || base === "pushd") && all.find(({ base }) => base === "git")
  if (moves) return "git runs in another folder, whose settings may name programs to run"
  for (const command of all) {
    const reason = reasonOf(command)
    if (reason !== undefined) return `${command.text}: ${reason}`
  }
  return undefined
}

function reasonOf(command: ShellCommand): string | undefined {
  const { argv, base, isFed } = command
  const name = argv[0]?.value ?? ""
  const args = argv.slice(1)
  if (name !== base && !isSystemPath(name)) return "a program that is not the system's"
  if (args.length === 1 && VERSION.get(base)?.includes(args[0]?.value ?? "")) return undefined
  const check: Check | undefined = base === "git" ? checkGit : commands.get(base)
  if (check === undefined) return "not known to be read-only"
  if (check === "any") return undefined
  if (isFed) return "what it is given when it runs may be an option"
  // printf has one option, and it comes first.
  const unclear = unclearOption(base === "printf" ? args.slice(0, 1) : args)
  if (unclear !== undefined) return `"${unclear}" may become an option`
  return typeof check === "function" ? check(args) : checkOptions(check, args)
}

/**
 * How programs are asked for their version. Not listed: those that let the project choose which program answers
 * (yarn, pnpm, cargo, rustc, go), and "-v" where it means verbose and the program goes on to read its input.
 */
const VERSION = new Map(
  Object.entries({
    node: "--version -v",
    npm: "--version -v",
    bun: "--version -v",
    deno: "--version -V",
    python: "--version -V",
    python3: "--version -V",
    ruby: "--version",
    perl: "--version -v",
    php: "--version -v",
    tsc: "--version -v",
    java: "--version -version",
    docker: "--version",
    gcc: "--version",
    clang: "--version",
    make: "--version",
    cmake: "--version",
    bash: "--version",
    sh: "--version",
  }).map(([name, options]) => [name, options.split(" ")]),
)

/** Not even "--" makes a word safe: an option before it may take the "--" for its value. */
const unclearOption = (args: ShellWord[]) => args.find((word) => !word.isLiteral && mayBeOption(word))?.text
