import type { ShellWord } from "./shell-words.ts"
import { sedUse } from "./shell-sed.ts"

/**
 * Options by which programs that are no shells start other programs, or run text as commands. What they start is not
 * taken out of them: it is enough that a person is asked.
 */
interface Starters {
  /** Long options; what programs accept as a beginning of one counts too. */
  long?: string
  /** Short options, alone or first in a group. */
  short?: RegExp
}

const STARTERS: Record<string, Starters> = {
  tar: {
    long: "checkpoint-action to-command use-compress-program rsh-command info-script new-volume-script",
    short: /^-\w*[IF]/,
  },
  rsync: { long: "rsh rsync-path", short: /^-\w*e/ },
  sort: { long: "compress-program" },
  rg: { long: "pre hostname-bin" },
  split: { long: "filter" },
  zip: { long: "unzip-command", short: /^-TT/ },
  man: { long: "pager html", short: /^-[PH]/ },
  ssh: { short: /^-\w*[oF]|(?:proxy|local|knownhosts)command/i },
  scp: { short: /^-\w*[oFSD]/ },
  sftp: { short: /^-\w*[oFSD]/ },
  make: { long: "eval", short: /^--?f(?:ile)?=?-$|^-E/ },
  gmake: { long: "eval", short: /^--?f(?:ile)?=?-$|^-E/ },
  ...Object.fromEntries("npm pnpm yarn".split(" ").map((name) => [name, { long: "script-shell shell" }])),
  go: { short: /^--?(?:exec|toolexec|vettool)(?:=|$)/ },
  cargo: { long: "config" },
  sqlite3: { long: "init", short: /^\s*\.(?:sh|sy|lo|im|re|on|ou|ex)|^-(?:cmd|init)$/ },
  tcpdump: { short: /^-\w*z/ },
  gcc: { short: /^-(?:wrapper|B|specs)/ },
  ctags: { long: "options" },
  emacs: { long: "eval execute funcall load script", short: /^-(?:l|f|-?eval)/ },
  ...Object.fromEntries(
    "vi vim nvim ex view ed".split(" ").map((name) => [name, { long: "cmd", short: /^\+|^-(?:c|S|s|W|u)/ }]),
  ),
}

/** Settings of git that name nothing to be run; any other that is set by the way may. */
const HARMLESS_SETTING = new RegExp(
  `^(?:${[
    "color\\..*|advice\\..*|column\\..*|user\\.(?:name|email)|author\\.(?:name|email)|committer\\.(?:name|email)",
    "core\\.(?:quotepath|autocrlf|eol|abbrev|ignorecase|longpaths|safecrlf|filemode|symlinks|bare|compression)",
    "init\\.defaultbranch|pull\\.(?:rebase|ff)|push\\.(?:default|autosetupremote|followtags)|fetch\\.prune",
    "merge\\.(?:conflictstyle|ff|log)|rebase\\.(?:autosquash|autostash)|commit\\.gpgsign|tag\\.gpgsign|tag\\.sort",
    "diff\\.(?:algorithm|renames|renamelimit|noprefix|mnemonicprefix|context|colormoved)|branch\\.sort|log\\.(?:date|decorate)",
    "http\\.(?:postbuffer|lowspeed.*)|gc\\.auto|safe\\.directory|branch\\..*\\.(?:remote|merge|rebase)|remote\\.[^.]*\\.(?:url|fetch)",
  ].join("|")})$`,
  "i",
)

const GIT_LONG = "upload-pack receive-pack exec open-files-in-pager extcmd ext-diff exec-path config-env template"

function gitStarts(args: readonly ShellWord[]): string[] {
  const found: string[] = []
  const isSet = (word: ShellWord | undefined) =>
    !HARMLESS_SETTING.test(/^[^=]*/.exec(word?.isLiteral ? word.value : (word?.lead ?? ""))?.[0] ?? "")
  let at = 0
  for (; at < args.length && args[at]?.lead.startsWith("-"); at++) {
    const value = args[at]?.value ?? ""
    if (value === "-c" && isSet(args[++at])) found.push(`git -c ${args[at]?.text ?? ""} may name a program to run`)
    else if (/^(?:-C|--git-dir|--work-tree|--namespace)$/.test(value)) at++
    else if (/^--(?:exec-path=|config-env)/.test(value)) found.push(`git ${value} chooses the programs to run`)
  }
  const name = args[at]?.value ?? ""
  const rest = args.slice(at + 1)
  const has = (option: RegExp) => rest.find((word) => option.test(word.value))
  if (args[at]?.isLiteral === false) found.push("what git does is known only when it runs")
  const isRunning =
    /^(?:filter-branch|for-each-repo|daemon|instaweb|web--browse|send-email)$/.test(name) ||
    (name === "bisect" && has(/^run$/)) ||
    (name === "submodule" && has(/^foreach$/)) ||
    (name === "rebase" && has(/^-x/)) ||
    (/^(?:difftool|mergetool)$/.test(name) && has(/^-\w*x|^--tool/)) ||
    (name === "grep" && has(/^-[^-]*O/)) ||
    (name === "clone" && has(/^-[uc]|^--config/)) ||
    has(/^ext::/)
  if (isRunning) found.push(`git ${name} runs commands`)
  if (
    name === "config" &&
    !has(/^--?(?:get|get-all|get-regexp|get-urlmatch|list|l|unset|unset-all)$|^(?:get|list|unset)$/)
  ) {
    const operands = rest.filter((word) => !word.lead.startsWith("-") && word.value !== "set")
    if (operands.length > 1 && isSet(operands[0]))
      found.push(`git config ${operands[0]?.text} may name a program to run`)
    if (has(/^-e$|^--e/) || rest[0]?.value === "edit") found.push("git config opens an editor")
  }
  return [...found, ...longStarts("git", GIT_LONG, rest)]
}

/** Programs in awk; a bar after a print, or around a string, is a pipe. */
const AWK_RUNS = /\bsystem\s*\(|\|&|"\s*\|(?!\|)|\|\s*(?:"|getline)|\bprintf?\b[^;{}\n|]*\|(?!\|)|@(?:load|include)/
/** Longer programs have not been read by anybody, and this bounds the work. */
const MAX_AWK = 2_000

function awkStarts(args: readonly ShellWord[]): string[] {
  const text = args.map((word) => word.value).join("\n")
  return text.length > MAX_AWK || AWK_RUNS.test(text) ? ["the program of awk may run commands"] : []
}

/** @param base the command's name without its folder */
export function startHazards(base: string, argv: readonly ShellWord[]): string[] {
  const args = argv.slice(1)
  if (base === "git") return gitStarts(args)
  if (/^(?:[gmn]?awk|original-awk)$/.test(base)) return awkStarts(args)
  if (base === "sed" || base === "gsed") {
    const { problem } = sedUse(args)
    return problem === undefined ? [] : [problem]
  }
  const starters = Object.hasOwn(STARTERS, base) ? STARTERS[base] : undefined
  if (!starters) return []
  // The old way to call tar has no dash: "tar xIf program archive".
  const isOldWay = base === "tar" && /^\w*[IF]\w*$/.test(args[0]?.value ?? "")
  const short = isOldWay ? args[0] : starters.short && args.find((word) => starters.short?.test(word.value))
  return [...(short ? [`${base} ${short.text} may run a command`] : []), ...longStarts(base, starters.long ?? "", args)]
}

function longStarts(base: string, names: string, args: readonly ShellWord[]): string[] {
  const found = args.find(({ value }) => {
    const name = /^--([a-z-]{2,})/.exec(value)?.[1]
    return name !== undefined && names !== "" && names.split(" ").some((long) => long.startsWith(name))
  })
  return found ? [`${base} ${found.text} may run a command`] : []
}
