import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { sleep } from "./deadline.ts"
import { fault } from "./fault.ts"

/**
 * One process at a time changes a file. The lock is a file beside it that names its holder; one whose holder is gone, or
 * who has had it for longer than any change takes, is taken away.
 */
export interface Lock {
  /** Whether it is still ours: a process that was suspended for long finds that it is not. */
  isHeld(): boolean
}

export interface LockOptions {
  pid: number
  /** Milliseconds until giving up. */
  waitMs?: number
}

/** Changes of small files take milliseconds. */
const LONGEST_HOLD_MS = 10_000
const RETRY_MS = 20
const DEFAULT_WAIT_MS = 15_000

/** @throws Fault `busy` when it could not be had in time */
export async function withLock<T>(
  file: string,
  { pid, waitMs = DEFAULT_WAIT_MS }: LockOptions,
  act: (lock: Lock) => T | Promise<T>,
): Promise<T> {
  const path = `${file}.lock`
  const token = `${pid} ${performance.now()} ${Math.random()}`
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const started = performance.now()
  while (!create(path, token)) {
    if (isStale(path)) breakLock(path)
    else if (performance.now() - started > waitMs) throw fault("busy", `Another process is changing ${file}.`, { file })
    else await sleep(RETRY_MS)
  }
  const isHeld = (): boolean => contentOf(path) === token
  try {
    return await act({ isHeld })
  } finally {
    if (isHeld()) rmSync(path, { force: true })
  }
}

function create(path: string, token: string): boolean {
  try {
    writeFileSync(path, token, { flag: "wx", mode: 0o600 })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false
    throw error
  }
}

function isStale(path: string): boolean {
  const age = ageOf(path)
  if (age === undefined) return false
  if (age > LONGEST_HOLD_MS) return true
  // Between its making and its content a lock is empty, and young.
  const pid = Number.parseInt(contentOf(path) ?? "", 10)
  return Number.isInteger(pid) && !isAlive(pid)
}

/**
 * Two processes may find the same lock stale, and the slower one must not take away what the quicker one has made since:
 * so who breaks it holds a second lock and looks again.
 */
function breakLock(path: string): void {
  const breaking = `${path}.breaking`
  if ((ageOf(breaking) ?? 0) > LONGEST_HOLD_MS) rmSync(breaking, { force: true })
  if (!create(breaking, "")) return
  try {
    if (isStale(path)) rmSync(path, { force: true })
  } finally {
    rmSync(breaking, { force: true })
  }
}

/** Milliseconds by the clock of the files; undefined when there is none. A date in the future counts as new. */
function ageOf(path: string): number | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  return found && Date.now() - found.mtimeMs
}

function contentOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined // its holder was quicker
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}
