import { spawn, type ChildProcess } from "node:child_process"
import { statSync } from "node:fs"
import { Socket } from "node:net"
import type { Writable } from "node:stream"
import { KILL_GRACE_MS, isOrphanGroupAlive, killGroup } from "./kill-tree.ts"
import { readPipes, type Sink } from "./pipes.ts"
import { bwrapArguments, type Confinement } from "./sandbox.ts"

/**
 * The only place that starts children. There is no shell here: a file and its arguments. Each child leads its own
 * process group. `exited` follows the process itself and not its pipes, so a background job cannot hold it open.
 */

export interface StartOptions {
  file: string
  args: readonly string[]
  cwd: string
  env: Readonly<Record<string, string | undefined>>
  /** Written to standard input, which is then closed. Without it the child reads end-of-file at once. */
  input?: string | Uint8Array
  /** Keeps standard input open for the caller, as `stdin` of the result. Not together with `input`. */
  openInput?: boolean
  /** Gets both outputs in the order they are read. Without it they are discarded. */
  sink?: Sink
  /** Aborting ends the group. */
  signal?: AbortSignal | undefined
  /** Milliseconds until the group is ended. */
  deadlineMs?: number | undefined
  /** Milliseconds between TERM and KILL. */
  killGraceMs?: number
  /** The child does not keep this process alive. */
  background?: boolean
  /** What it may touch. Without it: what its user may. */
  confinement?: Confinement | undefined
}

export interface Exit {
  /** Null when a signal ended it or it never started. */
  code: number | null
  signal: string | null
  /** Why we ended it; absent when it ended by itself. */
  stopped?: "abort" | "deadline" | "kill"
  /** One sentence, when it could not be started. */
  failure?: string
}

export interface RunningProcess {
  /** Also the number of its group. Absent when it could not be started. */
  readonly pid?: number
  readonly stdin?: Writable
  /** Rejects only when the sink failed. */
  readonly exited: Promise<Exit>
  /** Ends the whole group, also what is left of it after `exited`. Resolves when the group is gone. */
  kill(): Promise<void>
}

export type StartProcess = (options: StartOptions) => RunningProcess

export function startProcess(options: StartOptions): RunningProcess {
  if (options.signal?.aborted) return notStarted(Promise.resolve({ ...NO_EXIT, stopped: "abort" }))
  let child: ChildProcess
  try {
    const output = options.sink ? "pipe" : "ignore"
    const { confinement } = options
    const file = confinement?.program ?? options.file
    const args = confinement ? bwrapArguments(confinement, options) : options.args
    child = spawn(file, [...args], {
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: [options.input !== undefined || options.openInput ? "pipe" : "ignore", output, output],
    })
  } catch (error) {
    return notStarted(Promise.resolve({ ...NO_EXIT, failure: whyNot(options, error) }))
  }
  if (child.pid !== undefined) return supervise(child, child.pid, options)
  return notStarted(
    new Promise((resolve) => child.once("error", (error) => resolve({ ...NO_EXIT, failure: whyNot(options, error) }))),
  )
}

function supervise(child: ChildProcess, pid: number, options: StartOptions): RunningProcess {
  const { stdin, stdout, stderr } = child
  // Not every program reads its input to the end; the exit code tells what came of it.
  stdin?.on("error", () => stdin.destroy())
  if (options.input !== undefined) stdin?.end(options.input)
  const pipes = options.sink && stdout && stderr ? readPipes({ stdout, stderr }, options.sink) : undefined

  let stopped: Exit["stopped"]
  let reaped = false
  let ending: Promise<void> | undefined
  let giveUp = () => {}
  const leaderGone = new Promise<Exit>((resolve) => {
    // A process in an uninterruptible wait survives KILL; whoever waits for it must not.
    giveUp = () => resolve({ code: null, signal: "SIGKILL" })
    child.once("exit", (code, signal) => {
      reaped = true
      resolve({ code, signal })
    })
  })

  const end = (why: NonNullable<Exit["stopped"]>): Promise<void> => {
    if (reaped && !isOrphanGroupAlive(pid)) return Promise.resolve()
    if (!reaped) stopped ??= why
    ending ??= killGroup(pid, options.killGraceMs ?? KILL_GRACE_MS).then(() => {
      if (!reaped) setTimeout(giveUp, REAP_MS)
    })
    return ending
  }
  const onAbort = () => void end("abort")
  options.signal?.addEventListener("abort", onAbort, { once: true })
  const deadline =
    options.deadlineMs === undefined ? undefined : setTimeout(() => void end("deadline"), options.deadlineMs)

  if (options.background) {
    child.unref()
    deadline?.unref()
    for (const pipe of [stdin, stdout, stderr]) if (pipe instanceof Socket) pipe.unref()
  }

  const exited = leaderGone.then(async (exit) => {
    clearTimeout(deadline)
    options.signal?.removeEventListener("abort", onAbort)
    await pipes?.drain()
    return stopped ? { ...exit, stopped } : exit
  })
  return { pid, exited, kill: () => end("kill"), ...(options.openInput && stdin ? { stdin } : {}) }
}

/** A dead child is reported by the event loop; a busy loop may take this long. After it, the child is beyond our reach. */
const REAP_MS = 200

const NO_EXIT = { code: null, signal: null } as const

const notStarted = (exited: Promise<Exit>): RunningProcess => ({ exited, kill: async () => {} })

function whyNot({ file, cwd }: StartOptions, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  // The system reports a missing folder as if the program were missing.
  if (!statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) return `The folder ${cwd} does not exist.`
  if (code === "ENOENT") return `The program ${file} was not found.`
  if (code === "EACCES") return `The program ${file} may not be executed.`
  if (code === "E2BIG") return `The arguments for ${file} are too long.`
  return `The program ${file} could not be started: ${message}.`
}
