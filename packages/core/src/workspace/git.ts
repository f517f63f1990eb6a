import { devNull } from "node:os"
import { fault } from "../lib/fault.ts"
import { collect, type Collected } from "../process/collect.ts"
import type { StartProcess } from "../process/spawn.ts"
import { which } from "../process/which.ts"
import { fileStatuses, type FileStatus } from "./git-status.ts"
import { findWorktree, readBranch } from "./repository.ts"

/**
 * The only place that runs git. A repository's own settings can name programs that git then starts while it merely
 * shows a status; none of them runs here, nothing is fetched, and nothing asks.
 */
export interface Git {
  /**
   * Any git command, hardened. Names go through `refName`, paths come after "--", diffs have `SAFE_DIFF`.
   * Undefined when git is missing, was stopped by the deadline, or failed.
   */
  run(worktree: string, args: readonly string[], options?: RunOptions): Promise<Collected | undefined>
  /** The first of the sorted root commits: the identity of a project in all its clones. Undefined without commits. */
  rootCommit(worktree: string): Promise<string | undefined>
  /** Undefined when HEAD is detached. Reads a file; runs git only for repositories with reftable. */
  branch(worktree: string): Promise<string | undefined>
  /** Changes against HEAD, untracked files included, ignored files not. */
  status(worktree: string): Promise<FileStatus[]>
  /**
   * For commands that compare or write contents of files: as `run`, with the filters switched off that the
   * repository's settings name. Undefined also when that cannot be done.
   */
  compare(worktree: string, args: readonly string[], options?: RunOptions): Promise<Collected | undefined>
  /** Unified diff of tracked files against HEAD, at most 4 MB. */
  diff(worktree: string, paths?: readonly string[]): Promise<string>
  /**
   * Variables for commands that somebody else runs in this folder and that must only look: `git status` and its like
   * then run nothing that the repository's settings name. Starts no process where there is no repository.
   */
  quiet(folder: string): Promise<Record<string, string>>
}

interface RunOptions {
  input?: string | Uint8Array
  env?: Readonly<Record<string, string>>
  /** Extra `-c` settings. */
  config?: readonly string[]
  signal?: AbortSignal | undefined
  deadlineMs?: number
  /** Exit codes that are an answer and not a failure; 0 always is. */
  accept?: readonly number[]
  /** Lets git ask the programs that the user's own settings keep credentials with. */
  withCredentials?: boolean
}

interface GitOptions {
  start: StartProcess
  /** The environment of children. All GIT_ variables in it are dropped. */
  env: Readonly<Record<string, string | undefined>>
}

/** These commands answer in milliseconds; a working tree on a slow network disk gets its chance. */
const DEADLINE_MS = 10_000
/** The root of a history with a million commits takes ten seconds, once: the answer is remembered. */
const ROOT_DEADLINE_MS = 60_000
/** The status of a working tree with some hundred thousand changed files. */
const MAX_OUTPUT_BYTES = 32 * 1024 * 1024
const MAX_DIFF_BYTES = 4 * 1024 * 1024
/** For every command that shows a difference. Submodules have settings of their own, which nothing here overrides. */
export const SAFE_DIFF = ["--no-ext-diff", "--no-textconv", "--no-renames", "--ignore-submodules=all"]

const NO_EXTERNAL_DIFF = "diff.external="
const NO_CREDENTIALS = "credential.helper="

/** Each of these can name a program, or a helper that git would wait for. */
const HARDENING = [
  "core.fsmonitor=false",
  `core.hooksPath=${devNull}`,
  NO_EXTERNAL_DIFF,
  "core.pager=cat",
  "core.editor=true",
  "core.askPass=",
  "core.sshCommand=false",
  NO_CREDENTIALS,
  "log.showSignature=false",
  // A format that the settings choose may ask for signatures as well.
  "gpg.program=false",
  "gpg.openpgp.program=false",
  "gpg.x509.program=false",
  "gpg.ssh.program=false",
  "core.alternateRefsCommand=true",
  // Submodules have settings of their own, which nothing here overrides.
  "diff.ignoreSubmodules=all",
  "gc.auto=0",
  "maintenance.auto=false",
  "submodule.recurse=false",
  "status.submoduleSummary=false",
  "safe.bareRepository=explicit",
  "core.quotePath=false",
]

const ENVIRONMENT = {
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_TERMINAL_PROMPT: "0",
  GIT_OPTIONAL_LOCKS: "0",
  GIT_NO_LAZY_FETCH: "1",
  // A path is a name, never ":(magic)".
  GIT_LITERAL_PATHSPECS: "1",
  // A partial clone fetches what is missing, by a protocol its own settings choose. There is none of this name.
  GIT_ALLOW_PROTOCOL: "none",
  LC_ALL: "C",
}

type Setting = readonly [key: string, value: string]

/** Without `diff.external`: git does not take an empty one for none, and its diffs fail. */
const HARDENED = HARDENING.filter((setting) => setting !== NO_EXTERNAL_DIFF).map((setting): Setting => {
  const equals = setting.indexOf("=")
  return [setting.slice(0, equals), setting.slice(equals + 1)]
})

/** Settings as variables: children obey them whatever their command line says, and a key may contain anything. */
const asVariables = (settings: readonly Setting[]): Record<string, string> => ({
  GIT_OPTIONAL_LOCKS: "0",
  GIT_NO_LAZY_FETCH: "1",
  GIT_ALLOW_PROTOCOL: "none",
  GIT_CONFIG_COUNT: String(settings.length),
  ...Object.fromEntries(
    settings.flatMap(([key, value], index) => [
      [`GIT_CONFIG_KEY_${index}`, key],
      [`GIT_CONFIG_VALUE_${index}`, value],
    ]),
  ),
})

export function createGit({ start, env }: GitOptions): Git {
  const inherited = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("GIT_")))
  let program: Promise<string | undefined> | undefined

  const run: Git["run"] = async (worktree, args, options = {}) => {
    const file = await (program ??= which("git", env["PATH"]))
    if (!file) return undefined
    const result = await collect(start, {
      file,
      args: [
        ...HARDENING.filter((setting) => !options.withCredentials || setting !== NO_CREDENTIALS).flatMap((setting) => [
          "-c",
          setting,
        ]),
        ...(options.config ?? []).flatMap((setting) => ["-c", setting]),
        ...args,
      ],
      cwd: worktree,
      env: { ...inherited, ...ENVIRONMENT, ...options.env },
      deadlineMs: options.deadlineMs ?? DEADLINE_MS,
      maxBytes: MAX_OUTPUT_BYTES,
      signal: options.signal,
      ...(options.input === undefined ? {} : { input: options.input }),
    })
    const accepted = result.code === 0 || (result.code !== null && options.accept?.includes(result.code))
    return accepted || result.cut ? result : undefined
  }

  const compare: Git["compare"] = async (worktree, args, options = {}) => {
    const config = await withoutFilters(run, worktree)
    return config && (await run(worktree, args, { ...options, config }))
  }
  const compared = async (worktree: string, args: readonly string[]): Promise<string | undefined> =>
    (await compare(worktree, args))?.stdout.toString()

  return {
    run,
    compare,
    async rootCommit(worktree) {
      const args = ["rev-list", "--max-parents=0", "HEAD", "--"]
      const result = await run(worktree, args, { deadlineMs: ROOT_DEADLINE_MS })
      return result?.stdout.toString().split("\n").filter(Boolean).sort()[0]
    },
    async branch(worktree) {
      const repository = await findWorktree(worktree)
      const branch = repository && (await readBranch(repository))
      if (branch !== "") return branch
      return (await run(worktree, ["symbolic-ref", "--short", "-q", "HEAD"]))?.stdout.toString().trim() || undefined
    },
    async status(worktree) {
      const listed = await compared(worktree, [
        "status",
        "--porcelain=v1",
        "-z",
        "--untracked-files=all",
        "--no-renames",
        "--ignore-submodules=all",
      ])
      if (!listed) return []
      const numbers = await compared(worktree, ["diff", ...SAFE_DIFF, "--numstat", "-z", "HEAD", "--"])
      return await fileStatuses(worktree, listed, numbers ?? "")
    },
    async diff(worktree, paths = []) {
      const text = (await compared(worktree, ["diff", ...SAFE_DIFF, "HEAD", "--", ...paths])) ?? ""
      return text.slice(0, MAX_DIFF_BYTES)
    },
    async quiet(folder) {
      const repository = await findWorktree(folder)
      if (!repository) return asVariables(HARDENED)
      const found = await programsOf(run, repository.worktree)
      // What cannot be listed cannot be switched off: then git finds no repository at all.
      return found ? asVariables([...HARDENED, ...found]) : { ...asVariables(HARDENED), GIT_DIR: devNull }
    },
  }
}

/** A branch, tag or commit as an argument. @throws fault bad_request for what git would read as an option */
export function refName(name: string): string {
  // eslint-disable-next-line no-control-regex
  if (name !== "" && !name.startsWith("-") && !/[\x00-\x20\x7f~^:?*[\\]/.test(name)) return name
  throw fault("bad_request", `"${name}" is not the name of a branch or commit.`)
}

/**
 * `status` and `diff` send changed files through the clean filters that the repository's settings name. Those of the
 * user (git-lfs) are trusted; those of the repository are emptied. Undefined when that cannot be done.
 */
async function withoutFilters(run: Git["run"], worktree: string): Promise<string[] | undefined> {
  const keys = await ownKeys(run, worktree, "^filter\\.")
  // `-c` splits at the first "=", so a filter with one in its name could not be switched off.
  return keys?.some((key) => key.includes("=")) ? undefined : keys?.map((key) => `${key}=${harmless(key)}`)
}

const PROGRAMS = String.raw`^(filter\..*|diff\.external|diff\..*\.(textconv|command)|merge\..*\.driver)$`

/** Overrides for whatever in the repository's settings names a program, and for its submodules. */
async function programsOf(run: Git["run"], worktree: string): Promise<Setting[] | undefined> {
  const keys = await ownKeys(run, worktree, PROGRAMS)
  const modules = await run(
    worktree,
    ["config", "-f", ".gitmodules", "--name-only", "-z", "--get-regexp", "^submodule\\..*\\.path$"],
    { accept: [1] },
  )
  if (!keys || !modules) return undefined
  const ignored = modules.stdout
    .toString()
    .split("\0")
    .filter(Boolean)
    .map((key): Setting => [key.replace(/path$/, "ignore"), "all"])
  return [...keys.map((key): Setting => [key, harmless(key)]), ...ignored]
}

/** In place of a program that compares: git calls it with the name, the old file, two facts, the new file. */
const PLAIN_DIFF = 'f() { diff -u "$2" "$5"; true; }; f'

/** What to set instead. Git fails for an empty program that shows a difference, so these show the plain one. */
function harmless(key: string): string {
  if (key.endsWith(".required")) return "false"
  if (key === "diff.external" || /^diff\..*\.command$/s.test(key)) return PLAIN_DIFF
  return /^diff\..*\.textconv$/s.test(key) ? "cat" : ""
}

/** Keys of settings that are the repository's, not the user's. Undefined when they cannot be listed. */
async function ownKeys(run: Git["run"], worktree: string, pattern: string): Promise<string[] | undefined> {
  const args = ["config", "--show-scope", "--name-only", "-z", "--get-regexp", pattern]
  const listed = await run(worktree, args, { accept: [1] })
  if (!listed) return undefined
  const fields = listed.stdout.toString().split("\0")
  const keys: string[] = []
  for (let at = 0; at + 1 < fields.length; at += 2) {
    const isUsers = ["global", "system", "command"].includes(fields[at] ?? "")
    if (!isUsers) keys.push(fields[at + 1] ?? "")
  }
  return [...new Set(keys)]
}
