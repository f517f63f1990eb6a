import { checkOptions, type OptionList } from "./readonly-commands.ts"
import type { ShellWord } from "./shell-words.ts"

/** The git sub-commands that only look, and the options that would make them write or start a program. */

type GitCheck = (args: ShellWord[]) => string | undefined

export function checkGit(args: ShellWord[]): string | undefined {
  // Any other option before the sub-command chooses another repository, settings or programs.
  const first = args.findIndex(({ value }) => value !== "--no-pager" && value !== "-P")
  const name = args[first]?.value ?? ""
  if (name === "--version" || name === "version") return undefined
  return SUBCOMMANDS.has(name)
    ? SUBCOMMANDS.get(name)?.(args.slice(first + 1))
    : `git ${name} is not known to be read-only`
}

/** git accepts every unambiguous beginning of a long option, so a beginning of one of these counts as it. */
const RISKY = [
  "output",
  "ext-diff",
  "textconv",
  "filters",
  "open-files-in-pager",
  "ext-grep",
  "upload-pack",
  "exec",
  "show-signature",
  "paginate",
  // Looking into submodules obeys their own settings, which nothing overrides.
  "ignore-submodules",
]

function looks(args: ShellWord[]): string | undefined {
  // Behind "--" too: "git grep -e -- --open-files…" takes the "--" for its pattern.
  const risky = args.find(({ value }) => {
    if (/^--ignore-submodules(?:=all)?$/.test(value)) return false
    const name = /^--([^=]+)/.exec(value)?.[1]
    return name !== undefined && RISKY.some((option) => option.startsWith(name))
  })
  // %G… asks gpg, or whatever the settings name instead.
  const signed = args.find(({ value }) => /%G/.test(value))
  const found = risky ?? signed
  return found && `option ${found.value} may write a file or start a program`
}

const only =
  (options: OptionList): GitCheck =>
  (args) =>
    checkOptions(options, args)

const noOperands = (operands: ShellWord[]) => (operands.length > 0 ? "it changes what is named" : undefined)

const LISTING: OptionList = {
  flags: "arviq",
  long: "all remotes list verbose show-current ignore-case no-column no-color column color no-abbrev",
  longValues: "contains no-contains merged no-merged points-at",
}

/** Names after `--list` are patterns; without it they are made. `--sort=` and `--format=` only in one word. */
function listing(args: ShellWord[]): string | undefined {
  const shown = args.filter(({ value }) => !/^--(?:sort|format|color|column|abbrev)=/.test(value))
  const isList = shown.some(({ value }) => value === "--list" || value === "-l")
  const rest = shown.filter(({ value }) => value !== "-l" && !/^-n\d*$/.test(value))
  return checkOptions({ ...LISTING, operands: isList ? undefined : noOperands }, rest) ?? looks(args)
}

function remote(args: ShellWord[]): string | undefined {
  const [first] = args
  if (first?.value === "get-url") return looks(args)
  return only({ flags: "v", long: "verbose", operands: noOperands })(args)
}

const first =
  (names: string[], isBareFine: boolean): GitCheck =>
  (args) => {
    const name = args[0]?.value
    const isFine = name === undefined ? isBareFine : names.includes(name)
    return isFine ? looks(args) : "not known to be read-only"
  }

const config: GitCheck = (args) => {
  const isRead = args.some(({ value }) => /^(?:--get|--get-all|--get-regexp|--list|-l)$/.test(value))
  if (!isRead) return "it may change a setting"
  return checkOptions(
    {
      flags: "lz",
      long: "get get-all get-regexp list global local system worktree show-origin show-scope name-only null includes",
    },
    args,
  )
}

const grep: GitCheck = (args) => {
  const pager = args.find(({ value }) => /^-[^-]*O/.test(value))
  return pager ? `option ${pager.value} starts a program` : looks(args)
}

const reflog: GitCheck = (args) => {
  const name = args[0]?.value
  return name === undefined || name === "show" || name.startsWith("-") ? looks(args) : "not known to be read-only"
}

const SUBCOMMANDS = new Map<string, GitCheck>([
  ...(
    "status log diff show blame annotate rev-parse rev-list ls-files ls-tree cat-file shortlog describe merge-base name-rev " +
    "diff-tree diff-index diff-files for-each-ref show-ref show-branch count-objects check-ignore check-attr whatchanged cherry " +
    "range-diff"
  )
    .split(" ")
    .map((name): [string, GitCheck] => [name, looks]),
  ["branch", listing],
  ["tag", listing],
  ["remote", remote],
  ["stash", first(["list", "show"], false)],
  ["worktree", first(["list"], false)],
  ["reflog", reflog],
  ["config", config],
  ["grep", grep],
])
