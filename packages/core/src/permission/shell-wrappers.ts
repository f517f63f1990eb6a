import { dialectOf, type Dialect } from "./shell-dialects.ts"
import { builtinHazards, variableProblem } from "./shell-hazards.ts"
import { mayBeOption, type ShellWord } from "./shell-words.ts"

/**
 * Commands that run other commands. What they run is taken out so that it is judged by its own name; where it cannot
 * be taken out for certain, that is a problem, and a problem means that a person is asked.
 */
export interface Unwrapped {
  /** The commands it runs, as words of the same command line. */
  inner: InnerCommand[]
  /** Scripts that it hands to a shell. */
  scripts: InnerScript[]
  problems: string[]
  /** It runs some of its words, but which is not known: every tail of them may be a command. */
  isOpaque: boolean
}

export interface InnerCommand {
  argv: ShellWord[]
  /** Where it begins in the words of the wrapper. */
  start: number
  /** More arguments are added when it runs (xargs, find). */
  isFed: boolean
  /** Where this stands in its words, one of these arguments is put. */
  mark?: string | undefined
}

export interface InnerScript {
  text: string
  /** That of the shell which runs the wrapper, unless it is given. */
  dialect?: Dialect
}

interface Options {
  flags?: string
  /** Short options with a value, attached or in the next word. */
  values?: string
  /** Short options whose value can only be attached. */
  attached?: string
  long?: string
  longValues?: string
}

interface Wrapper extends Options {
  /** Words of its own between the options and the command. */
  operands?: number
  /** `NAME=value` words come before the command. */
  assigns?: boolean
  /** With one of these it only talks about the command. */
  informs?: string
  feeds?: boolean
}

const WRAPPERS: Record<string, Wrapper> = {
  env: {
    flags: "i0v",
    values: "uC",
    long: "ignore-environment null debug",
    longValues: "unset chdir",
    assigns: true,
  },
  sudo: {
    flags: "ABEHKPSbknv",
    values: "CDghpRrTtUu",
    long: "background non-interactive preserve-env set-home stdin reset-timestamp",
    longValues: "user group host prompt chdir chroot role type close-from",
    assigns: true,
  },
  doas: { flags: "nL", values: "uC" },
  timeout: {
    flags: "fpv",
    values: "ks",
    long: "foreground preserve-status verbose",
    longValues: "kill-after signal",
    operands: 1,
  },
  nice: { flags: "0123456789", values: "n", longValues: "adjustment" },
  ionice: { flags: "t", values: "cn", long: "ignore", longValues: "class classdata" },
  nohup: {},
  setsid: { flags: "cfw", long: "ctty fork wait" },
  stdbuf: { values: "ioe", longValues: "input output error" },
  time: {
    flags: "apqv",
    values: "fo",
    long: "append portability quiet verbose",
    longValues: "format output",
  },
  command: { flags: "pvV", informs: "vV" },
  builtin: {},
  exec: { flags: "cl", values: "a" },
  xargs: {
    flags: "0oprtx",
    values: "adEILnPsJRS",
    attached: "eil",
    long: "null no-run-if-empty verbose interactive exit open-tty show-limits replace eof max-lines",
    longValues: "arg-file delimiter max-args max-procs max-chars process-slot-var",
    feeds: true,
  },
}

const SHELLS = new Set("sh bash dash ash ksh mksh rbash posh".split(" "))

/** Launchers whose own grammar is not known here, and shells that are not of the Bourne family. */
const OPAQUE = new Set(
  (
    "watch parallel su script flock strace ltrace gdb lldb valgrind chroot unshare nsenter systemd-run systemd-inhibit " +
    "pkexec run0 runuser setpriv setarch linux32 linux64 xvfb-run dbus-run-session dbus-launch caffeinate unbuffer " +
    "proxychains proxychains4 torsocks torify firejail bwrap busybox toybox coreutils entr chrt taskset numactl at batch " +
    "daemonize start-stop-daemon setuidgid chpst gosu su-exec fakeroot faketime expect rlwrap dumb-init tini catchsegv " +
    "cpulimit prlimit screen tmux zsh fish csh tcsh nu xonsh elvish pwsh powershell cmd wsl"
  ).split(" "),
)

/** Naming such a command alone says nothing of what is done. */
export const runsOthers = (base: string): boolean => Object.hasOwn(WRAPPERS, base) || OPAQUE.has(base)

/**
 * @param base the command's name without its folder
 * @param input what the command reads as its standard input, when that is written out in full
 */
export function unwrap(
  base: string,
  argv: ShellWord[],
  { isFed, mark, input }: Pick<InnerCommand, "isFed" | "mark"> & { input?: string | undefined },
): Unwrapped {
  const found: Unwrapped = { inner: [], scripts: [], problems: [], isOpaque: false }
  const wrapper = Object.hasOwn(WRAPPERS, base) ? WRAPPERS[base] : undefined
  if (wrapper) unwrapPlain(base, wrapper, { argv, isFed, mark }, found)
  else if (SHELLS.has(base)) unwrapShell(base, argv, { mark, input }, found)
  else if (base === "find") unwrapFind(argv, found)
  else if (base === "eval") unwrapEval(argv.slice(1), found)
  else if (base === "trap") unwrapTrap(argv.slice(1), found)
  else if (base === "ssh") unwrapRemote(argv, found)
  else if (OPAQUE.has(base) || /^ld(?:-linux.*|-musl.*|\.so.*)$/.test(base)) {
    if (argv.length > 1 || isFed) opaque(`${base} runs a command that is not analysed`, found)
  }
  found.problems.push(...builtinHazards(base, argv.slice(1)))
  return found
}

function unwrapPlain(
  base: string,
  wrapper: Wrapper,
  { argv, isFed, mark }: Pick<InnerCommand, "argv" | "isFed" | "mark">,
  found: Unwrapped,
) {
  const options = skipOptions(argv, wrapper)
  let at = options.next
  if (options.unknown !== undefined) opaque(`${base} ${options.unknown} is not analysed`, found)
  if (wrapper.informs && [...wrapper.informs].some((letter) => options.seen.includes(letter))) return
  if (base === "env" && argv[at]?.value === "-") at++
  for (let word = argv[at]; wrapper.assigns && word; word = argv[++at]) {
    const name = /^([^=]*)=/.exec(word.isLiteral ? word.value : word.lead)?.[1]
    if (name === undefined) break
    // "env =x cmd" runs cmd; not every wrapper agrees.
    const problem = name === "" ? `what ${base} makes of "${word.text}" is not certain` : variableProblem(name)
    if (problem) found.problems.push(problem)
  }
  const own = argv.slice(1, at + (wrapper.operands ?? 0))
  at += wrapper.operands ?? 0
  if (own.some((word) => !word.isLiteral && word.splits))
    opaque(`the command that ${base} runs is known only when it runs`, found)
  const inner = { argv: argv.slice(at), start: at, isFed: isFed || wrapper.feeds === true }
  if (at < argv.length) found.inner.push({ ...inner, mark: wrapper.feeds ? replacedBy(argv.slice(1, at)) : mark })
  else if (isFed) found.problems.push(`the command that ${base} runs is known only when it runs`)
}

/** What xargs replaces in the words of the command; nothing when it only adds to them. */
function replacedBy(options: readonly ShellWord[]): string | undefined {
  const at = options.findLastIndex(({ value }) => /^-\w*[IiJ]|^--replace/.test(value))
  const found = /^(?:-\w*?([IiJ])|--replace=?)(.*)$/s.exec(options[at]?.value ?? "")
  if (!found) return undefined
  return found[2] || (/[IJ]/.test(found[1] ?? "") ? options[at + 1]?.value : undefined) || "{}"
}

interface Skipped {
  next: number
  /** Short option letters met. */
  seen: string
  unknown: string | undefined
}

function skipOptions(
  argv: ShellWord[],
  { flags = "", values = "", attached = "", long = "", longValues = "" }: Options,
): Skipped {
  const isIn = (list: string, name: string) => list.split(" ").includes(name)
  let unknown: string | undefined
  let seen = ""
  let at = 1
  for (let word = argv[at]; word; word = argv[at]) {
    if (!word.isLiteral || !word.value.startsWith("-") || word.value === "-") break
    at++
    if (word.value === "--") break
    if (word.value.startsWith("--")) {
      const [name = "", value] = word.value.slice(2).split(/=(.*)/s)
      if (isIn(longValues, name)) at += value === undefined ? 1 : 0
      else if (!isIn(long, name)) unknown ??= word.value
      continue
    }
    for (let letter = 1; letter < word.value.length; letter++) {
      const option = word.value.charAt(letter)
      seen += option
      if (values.includes(option)) {
        if (letter === word.value.length - 1) at++
        break
      }
      if (attached.includes(option)) break
      if (!flags.includes(option)) unknown ??= word.value
    }
  }
  return { next: at, seen, unknown }
}

const SHELL_OPTIONS: Options = {
  flags: "abcefhkmnprtuvxBCEHPTil",
  values: "oO",
  long: "login noprofile norc posix restricted verbose noediting version help",
}

function unwrapShell(
  base: string,
  argv: ShellWord[],
  { mark, input }: { mark: string | undefined; input: string | undefined },
  found: Unwrapped,
) {
  // "+x" switches an option off.
  const words = argv.map((word) =>
    /^\+[a-zA-Z]+$/.test(word.value) ? { ...word, value: `-${word.value.slice(1)}` } : word,
  )
  const { next, seen, unknown } = skipOptions(words, SHELL_OPTIONS)
  if (argv.length === 2 && /^--(?:version|help)$/.test(argv[1]?.value ?? "")) return
  if (unknown !== undefined || seen.includes("i") || seen.includes("l")) {
    opaque(`${base} ${unknown ?? "as a login or interactive shell"} may run start-up files`, found)
  }
  const operand = argv[next]
  const dialect = dialectOf(base)
  if (seen.includes("c")) {
    // A file may be named `; rm x`.
    const isKnown = operand?.isLiteral && !(mark !== undefined && operand.value.includes(mark))
    if (operand?.isLiteral) found.scripts.push({ text: operand.value, dialect })
    if (!isKnown) opaque(`the script that ${base} -c runs is known only when it runs`, found)
    return
  }
  const isFile = operand?.isLiteral && operand.value !== "-" && !/^\/(?:dev|proc)\//.test(operand.value)
  if (isFile) return
  if (!operand && input !== undefined) found.scripts.push({ text: input, dialect })
  else found.problems.push(`${base} runs commands that it reads when it runs`)
}

function unwrapFind(argv: ShellWord[], found: Unwrapped) {
  for (let at = 1; at < argv.length; at++) {
    const word = argv[at]
    if (!word) continue
    if (!word.isLiteral && mayBeOption(word)) opaque("what find does is known only when it runs", found)
    if (!/^-(?:exec|execdir|ok|okdir)$/.test(word.value)) continue
    const start = at + 1
    while (
      at + 1 < argv.length &&
      argv[at]?.value !== ";" &&
      !(argv[at]?.value === "+" && argv[at - 1]?.value === "{}")
    )
      at++
    const isClosed = argv[at]?.value === ";" || argv[at]?.value === "+"
    const inner = argv.slice(start, isClosed ? at : undefined)
    if (inner.length > 0) found.inner.push({ argv: inner, start, isFed: true, mark: "{}" })
    else found.problems.push("find runs a command that is not given")
  }
}

const SSH_OPTIONS: Options = { flags: "46AaCfGgKkMNnqsTtVvXxYy", values: "BbcDEeFIiJLlmOoPpQRSWw" }

/** Its first operand is a host, which may be this one; a shell over there runs the rest. */
function unwrapRemote(argv: ShellWord[], found: Unwrapped) {
  const { next } = skipOptions(argv, SSH_OPTIONS)
  if (argv.length > next + 1) opaque("ssh runs a command that is not analysed", found)
}

function unwrapEval(args: ShellWord[], found: Unwrapped) {
  if (args.every((word) => word.isLiteral)) found.scripts.push({ text: args.map((word) => word.value).join(" ") })
  else opaque("eval runs text that is known only when it runs", found)
}

function unwrapTrap(args: ShellWord[], found: Unwrapped) {
  const operands = args.filter((word) => word.value !== "--")
  const action = operands[0]
  if (action?.isLiteral && operands.length > 1 && !/^-?[lpP]*$/.test(action.value))
    found.scripts.push({ text: action.value })
}

function opaque(problem: string, found: Unwrapped) {
  found.problems.push(problem)
  found.isOpaque = true
}
