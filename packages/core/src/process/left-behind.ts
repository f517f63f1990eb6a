import { readdir, readFile } from "node:fs/promises"
import { setTimeout as pause } from "node:timers/promises"
import { hashedName } from "../lib/hashed-name.ts"
import { KILL_GRACE_MS } from "./kill-tree.ts"

/**
 * Ends what a call left running when its program died in the middle of it. The reaper ends the groups of our children;
 * what had left its group (`setsid`, a daemon) is found by a mark that every descendant of a call carries in its
 * environment. A process that cleared its environment is not found, and neither is any where there is no `/proc`.
 */

/** The variable that carries the mark. */
export const CALL_MARK = "OPENCODE_CALL"
/** What is ended may start others meanwhile: looked at again, this often at most. */
const MAX_ROUNDS = 3
/** How often dying processes are looked at. */
const POLL_MS = 15

/** One call's mark. The provider chose the id of the call, which may hold anything; a variable may not. */
export const callMark = ({ messageID, callID }: { messageID: string; callID: string }): string =>
  `${messageID}.${hashedName(callID)}`

interface Found {
  pid: number
  /** Clock ticks from the boot to its start: with the number it names one process for ever. */
  started: string
}

/** @returns how many processes were ended */
export async function endLeftBehind(marks: readonly string[]): Promise<number> {
  const wanted = new Set(marks.map((mark) => `${CALL_MARK}=${mark}`))
  const ended = new Set<number>()
  for (let round = 0; round < MAX_ROUNDS && wanted.size > 0; round++) {
    const found = await processesMarked(wanted)
    if (found.length === 0) break
    for (const { pid } of found) ended.add(pid)
    await end(found)
  }
  return ended.size
}

async function end(found: Found[]): Promise<void> {
  let left = await signal(found, "SIGTERM")
  for (const start = performance.now(); left.length > 0 && performance.now() < start + KILL_GRACE_MS;) {
    await pause(POLL_MS)
    left = await living(left)
  }
  await signal(left, "SIGKILL")
}

/** @returns those that were there to hear it */
async function signal(processes: Found[], name: NodeJS.Signals): Promise<Found[]> {
  const here = await living(processes)
  return here.filter(({ pid }) => {
    try {
      return process.kill(pid, name)
    } catch {
      return false // it ended at this moment
    }
  })
}

async function living(processes: Found[]): Promise<Found[]> {
  const now = await Promise.all(processes.map(({ pid }) => startOf(String(pid))))
  return processes.filter(({ started }, index) => now[index] === started)
}

async function processesMarked(wanted: Set<string>): Promise<Found[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async (pid): Promise<Found[]> => {
      // Those of other users cannot be read, and are none of ours.
      const environment = await readFile(`/proc/${pid}/environ`, "utf8").catch(() => "")
      const isMarked = environment.split("\0").some((variable) => wanted.has(variable))
      const started = isMarked && Number(pid) !== process.pid ? await startOf(pid) : undefined
      return started === undefined ? [] : [{ pid: Number(pid), started }]
    }),
  )
  return found.flat()
}

/** Absent for one that has ended, reaped by its parent or not. */
async function startOf(pid: string): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")
  // "pid (any name) state ppid …": the name may hold spaces and brackets, so it is cut at the last one.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return state === "Z" || state === "X" ? undefined : rest[18]
}
