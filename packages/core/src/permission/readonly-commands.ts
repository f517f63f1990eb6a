import { awkProblem } from "./shell-awk.ts"
import type { ShellWord } from "./shell-words.ts"

/**
 * The commands that plan mode may run, with the options that keep them harmless. An option that is not listed is
 * refused; programs accept abbreviations of long options, so a list of forbidden ones would have gaps.
 *
 * "any" is for commands that no argument can make write or start something.
 */
export type Check = "any" | OptionList | ((args: ShellWord[]) => string | undefined)

export interface OptionList {
  flags?: string
  /** Short options with a value, attached or in the next word. */
  values?: string
  long?: string
  /** Long options with a value, after "=" or in the next word. */
  longValues?: string
  operands?: (operands: ShellWord[]) => string | undefined
}

const ANY =
  "ls cat head tail wc echo cut tr stat du df pwd which whereis type basename dirname realpath readlink true false : test [ " +
  "nl tac rev fold fmt comm paste join expand unexpand cmp od hexdump strings md5sum sha1sum sha224sum sha256sum sha384sum " +
  "sha512sum cksum sum b2sum id whoami groups uname nproc arch uptime tty seq sleep free grep egrep fgrep cd pushd popd " +
  "exit return break continue shift read column getconf lscpu lsblk tsort"

export const commands = new Map<string, Check>([
  ...ANY.split(" ").map((name): [string, Check] => [name, "any"]),
  // These only hand on to a command that is judged by itself. xargs adds words to it, which "isFed" says.
  ["timeout", "any"],
  ["nice", "any"],
  ["command", "any"],
  ["xargs", "any"],
  ["printf", (args) => (args[0]?.value.startsWith("-v") ? "it sets a variable" : undefined)],
  [
    "set",
    (args) =>
      args.length > 0 && args.every(({ value }) => /^[-+][eufo]+$|^pipefail$/.test(value))
        ? undefined
        : "it may print every variable",
  ],
  [
    "sort",
    {
      flags: "bdfghinrRsuVzcCmM",
      values: "kt",
      long: "reverse unique numeric-sort human-numeric-sort version-sort ignore-case stable check zero-terminated",
      longValues: "key field-separator sort",
    },
  ],
  [
    "uniq",
    {
      flags: "cdDiuz",
      values: "fsw",
      long: "count repeated unique ignore-case zero-terminated",
      longValues: "skip-fields skip-chars check-chars",
      operands: atMostOne,
    },
  ],
  [
    "date",
    {
      flags: "uRI",
      values: "dr",
      long: "utc universal rfc-email iso-8601",
      longValues: "date reference rfc-3339",
      operands: onlyFormats,
    },
  ],
  [
    "file",
    {
      flags: "bikLhnNprs0E",
      values: "FeP",
      long: "brief mime mime-type mime-encoding dereference no-dereference keep-going",
    },
  ],
  [
    "diff",
    {
      flags: "abBcdeEiNpqrstTuwyZ",
      values: "CFIUWxXL",
      long: "brief recursive unified side-by-side ignore-all-space ignore-blank-lines ignore-case new-file minimal report-identical-files text no-dereference context color",
      longValues: "label exclude ignore-matching-lines width",
    },
  ],
  [
    "tree",
    {
      flags: "adfiCnpsughDFNQqAlxvtcrSJX",
      values: "LPI",
      long: "dirsfirst gitignore noreport prune du si matchdirs ignore-case inodes sort filelimit charset",
    },
  ],
  [
    "hostname",
    {
      flags: "fsiId",
      operands: (operands) => (operands.length > 0 ? "it sets the host's name" : undefined),
    },
  ],
  // -r is the way back: it writes.
  ["xxd", { flags: "abeEiupC", values: "clogsn", operands: atMostOne }],
  ...["awk", "gawk", "mawk", "nawk"].map((name): [string, Check] => [name, checkAwk]),
  ["npm", checkNpm],
  ["find", checkFind],
  ["rg", checkRipgrep],
  ["sed", checkSed],
  ["jq", checkJq],
])

/** @returns why the arguments are not harmless, or undefined */
export function checkOptions(
  { flags = "", values = "", long = "", longValues = "", operands }: OptionList,
  args: ShellWord[],
): string | undefined {
  const isIn = (list: string, name: string) => list.split(" ").includes(name)
  const rest: ShellWord[] = []
  for (let at = 0; at < args.length; at++) {
    const word = args[at]
    if (!word) continue
    const { value } = word
    const refused = `option ${value} is not known to be harmless`
    if (value === "--") {
      rest.push(...args.slice(at + 1))
      break
    }
    if (!value.startsWith("-") || value === "-") {
      rest.push(word)
      continue
    }
    let takesNext = false
    if (value.startsWith("--")) {
      const [name = "", given] = value.slice(2).split(/=(.*)/s)
      takesNext = isIn(longValues, name) && given === undefined
      if (!isIn(longValues, name) && !isIn(long, name)) return refused
    } else {
      const valued = [...value].findIndex((letter, index) => index > 0 && values.includes(letter))
      const plain = value.slice(1, valued < 0 ? undefined : valued)
      if ([...plain].some((letter) => !flags.includes(letter))) return refused
      takesNext = valued === value.length - 1
    }
    // Whether a program would take "-o" for a value or for an option is not left to guessing.
    if (takesNext && args[++at]?.value.startsWith("-")) return refused
  }
  return operands?.(rest)
}

function atMostOne(operands: ShellWord[]) {
  return operands.length > 1 ? "the second file is written" : undefined
}

function onlyFormats(operands: ShellWord[]) {
  return operands.every((word) => word.value.startsWith("+")) ? undefined : "it sets the clock"
}

const FIND_TESTS = new Set(
  (
    "-H -L -P ( ) ! , -a -and -o -or -not -true -false -daystart -depth -follow -maxdepth -mindepth -mount -xdev -noleaf -warn -nowarn " +
    "-regextype -amin -anewer -atime -cmin -cnewer -ctime -empty -executable -gid -group -ilname -iname -inum -ipath -iregex " +
    "-iwholename -links -lname -mmin -mtime -name -newer -nogroup -nouser -path -perm -readable -regex -samefile -size -type -uid " +
    "-used -user -wholename -writable -xtype -ls -print -print0 -printf -prune -quit"
  ).split(" "),
)

function checkFind(args: ShellWord[]): string | undefined {
  const unknown = args.find(
    ({ value }) => /^[-(),!]/.test(value) && !FIND_TESTS.has(value) && !/^-(?:newer[aBcmt]{2}|\d+)$/.test(value),
  )
  return unknown && `${unknown.value} is not known to be harmless`
}

/** ripgrep takes no abbreviations; these options start programs or name files with more options. */
function checkRipgrep(args: ShellWord[]): string | undefined {
  const risky = args.find(({ value }) => /^--(?:pre|pre-glob|hostname-bin|search-zip)(?:=|$)|^-[^-]*z/.test(value))
  return risky && `option ${risky.value} may start a program`
}

const SED_ADDRESS = String.raw`(?:\d+(?:~\d+)?|\$|/(?:[^/\\\n]|\\[^\n])*/I?)`
const SED_REPLACE = ["/", "|", "#", ","].map(
  (mark) => String.raw`s[${mark}](?:(?:[^${mark}\\\n]|\\[^\n])*[${mark}]){2}[gpiI\d]*`,
)
const SED_ONE = String.raw`[ \t]*(?:${SED_ADDRESS}(?:,\+?${SED_ADDRESS})?[ \t]*!?[ \t]*)?(?:[pdqQ=]|${SED_REPLACE.join("|")})[ \t]*`
/** Printing, deleting, leaving and replacing; no command that reads, writes or runs something. */
const SED_SCRIPT = new RegExp(`^${SED_ONE}(?:[;\\n]${SED_ONE})*;?$`)
/** Longer scripts are programs; this also bounds the work of the expression above. */
const MAX_SED_SCRIPT = 500

/** Options first, then the script, then files: the one order that every sed reads alike. */
function checkSed(args: ShellWord[]): string | undefined {
  const scripts: string[] = []
  let at = 0
  for (; args[at]?.value.startsWith("-") && args[at]?.value !== "-"; at++) {
    const { value } = args[at] ?? { value: "" }
    const script = /^-[nErsuz]*e(.*)$/s.exec(value)
    if (script) scripts.push(script[1] || (args[++at]?.value ?? ""))
    else if (!/^-[nErsuz]+$|^--(?:quiet|silent|regexp-extended|separate|null-data)$/.test(value)) {
      return `option ${value} is not known to be harmless`
    }
  }
  if (scripts.length === 0) scripts.push(args[at++]?.value ?? "")
  const late = args.slice(at).find(({ value }) => value.startsWith("-") && value !== "-")
  if (late) return `option ${late.value} comes after the script`
  const isHarmless = scripts.every((script) => script.length <= MAX_SED_SCRIPT && SED_SCRIPT.test(script))
  return isHarmless ? undefined : "its script is not known to be harmless"
}

function checkAwk(args: ShellWord[]): string | undefined {
  return checkOptions({ values: "Fv" }, args) ?? awkProblem(args)
}

/** What is installed is told from the files alone. */
function checkNpm([name, ...args]: ShellWord[]): string | undefined {
  if (!/^(?:ls|list|ll|la)$/.test(name?.value ?? "")) return `npm ${name?.value ?? ""} is not known to be read-only`
  return checkOptions(
    {
      flags: "ag",
      long: "all json long parseable global link package-lock-only prod production dev",
      longValues: "depth omit include",
    },
    args,
  )
}

function checkJq(args: ShellWord[]): string | undefined {
  if (args.some(({ value }) => /\benv\b|\$ENV|\$__prog_args/.test(value))) return "it may print every variable"
  return checkOptions(
    {
      flags: "rceanjsSMCR",
      long: "raw-output compact-output exit-status null-input slurp sort-keys tab raw-input join-output monochrome-output",
    },
    args,
  )
}
