/**
 * Tells one process from a later one with the same number. Invariant: `isAlive` says no only when that is proven; where
 * the start of a process cannot be read (not Linux), a process with that number counts as the one that is meant.
 */
import { readFileSync } from "node:fs"
import { systemCode } from "./storage-error.ts"

export interface ProcessIdentity {
  pid: number
  /** From `processStarted`; undefined when it could not be read. */
  processStarted?: string
}

/** Boot and start time of a running process, or undefined when there is none or this system does not tell. */
export function processStarted(pid: number): string | undefined {
  const stat = parseStat(readText(`/proc/${pid}/stat`))
  const boot = readText("/proc/sys/kernel/random/boot_id")?.trim()
  return stat && boot && !stat.isDead ? `${boot}/${stat.started}` : undefined
}

export function isAlive({ pid, processStarted: started }: ProcessIdentity): boolean {
  if (!hasProcess(pid)) return false
  const stat = parseStat(readText(`/proc/${pid}/stat`))
  if (!stat) return true
  if (stat.isDead) return false
  const now = processStarted(pid)
  return started === undefined || now === undefined || now === started
}

/**
 * @param stat the text of /proc/<pid>/stat: `pid (name) state ppid …`; the name may hold spaces and parentheses
 * @returns field 22, in clock ticks since the boot, and whether the process is dead and only waits for its parent
 */
export function parseStat(stat: string | undefined): { started: string; isDead: boolean } | undefined {
  if (stat === undefined) return undefined
  const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const started = rest[18]
  return started ? { started, isDead: state === "Z" || state === "X" } : undefined
}

function hasProcess(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it exists and belongs to somebody else.
    return systemCode(error) !== "ESRCH"
  }
}

/** Undefined where there is no such file: the process has just ended, or the system has no /proc. */
function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8")
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}
