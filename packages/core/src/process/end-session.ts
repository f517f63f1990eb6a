import { readdir, readFile } from "node:fs/promises"
import { setTimeout as pause } from "node:timers/promises"
import { isOrphanGroupAlive, KILL_GRACE_MS, killGroup } from "./kill-tree.ts"

/**
 * Ends all that runs in a terminal. A shell in it gives each job a group of its own, so the group of the shell is not
 * enough: what belongs together is the session of the terminal, which `/proc` tells. What has made itself a session of
 * its own (`setsid`, a daemon) was meant to outlive the terminal, as it does everywhere.
 */

/** How often dying processes are looked at, which reads a file for each process of the system. */
const POLL_MS = 40

/**
 * Resolves when nobody is left, or KILL was sent. Never rejects.
 * @param leader the number of the session as well
 * @param isReaped the leader has ended, and a process with its number is a stranger
 */
export async function endSession(leader: number, isReaped: boolean): Promise<void> {
  if (process.platform !== "linux") return isReaped && !isOrphanGroupAlive(leader) ? undefined : killGroup(leader)
  if (isReaped && (await membersOf(leader)).includes(leader)) return
  // HUP is what shells listen to, and pass on; TERM is for those who ignore it; CONT wakes what is stopped to hear them.
  for (const pid of await membersOf(leader))
    for (const name of ["SIGHUP", "SIGTERM", "SIGCONT"] as const) send(pid, name)
  const start = performance.now()
  let left = await membersOf(leader)
  while (left.length > 0 && performance.now() < start + KILL_GRACE_MS) {
    await pause(POLL_MS)
    left = await membersOf(leader)
  }
  for (const pid of left) send(pid, "SIGKILL")
}

/**
 * The living of a session, the youngest first: a parent that hears of the end first would start others. The leader is
 * one of them from the moment that it was made: its own session begins a little later.
 */
async function membersOf(session: number): Promise<number[]> {
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")))
  const members = stats.flatMap((stat) => {
    // "pid (any name) state ppid pgrp session …": the name may hold spaces and brackets, so it is cut at the last one.
    const [state, , , of] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    const pid = Number.parseInt(stat, 10)
    return (Number(of) === session || pid === session) && state !== "Z" && state !== "X" ? [pid] : []
  })
  return members.sort((a, b) => b - a)
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended at this moment, or belongs to another user now, who alone can end it.
  }
}
