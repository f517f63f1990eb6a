import { readFile, readdir } from "node:fs/promises"
import { setTimeout as pause } from "node:timers/promises"

/**
 * Every child leads its own process group, so ending a child means ending its group: TERM, a grace, then KILL.
 * After the leader was reaped its number stays reserved while the group has members. A process that has that number
 * again is therefore a stranger, and its group is left alone.
 */

/** Long enough for a development server to close its files, short enough for a person who pressed stop. */
export const KILL_GRACE_MS = 1_000
/** KILL works at once or, for a process in an uninterruptible wait, not at all. */
const AFTER_KILL_MS = 500
/** A dead member counts until its parent reaps it, which the first process of many containers never does. */
const LOOK_FOR_ZOMBIES_MS = 100
/** How often a dying group is looked at: below what a person notices, and 60 system calls at the very most. */
const POLL_MS = 15

/** Resolves when the group is gone, or when KILL was sent and did not help within half a second. Never rejects. */
export async function killGroup(group: number, graceMs: number = KILL_GRACE_MS): Promise<void> {
  if (!signalGroup(group, "SIGTERM") || (await isGoneWithin(group, graceMs))) return
  if (signalGroup(group, "SIGKILL")) await isGoneWithin(group, AFTER_KILL_MS)
}

export const isGroupAlive = (group: number): boolean => signalGroup(group, 0)

/** For a group whose leader this process has already reaped. */
export const isOrphanGroupAlive = (group: number): boolean => !send(group, 0) && isGroupAlive(group)

async function isGoneWithin(group: number, ms: number): Promise<boolean> {
  const start = performance.now()
  let nextLook = start + LOOK_FOR_ZOMBIES_MS
  while (performance.now() < start + ms) {
    if (!isGroupAlive(group)) return true
    await pause(POLL_MS)
    if (performance.now() < nextLook) continue
    if (await hasOnlyZombies(group)) return true
    nextLook = performance.now() + LOOK_FOR_ZOMBIES_MS
  }
  return !isGroupAlive(group)
}

/** Linux only; elsewhere the wait simply takes its whole time. */
async function hasOnlyZombies(group: number): Promise<boolean> {
  if (process.platform !== "linux") return false
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))
  const members = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")))
  // "pid (any name) state ppid pgrp ...": the name may hold spaces and brackets, so it is cut at the last one.
  const states = members.flatMap((stat) => {
    const [state, , pgrp] = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return Number(pgrp) === group && state ? [state] : []
  })
  return states.length > 0 && states.every((state) => state === "Z" || state === "X")
}

function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  // 0 is the group of this process and 1 means everything we may signal: both would be a disaster.
  if (!Number.isInteger(group) || group <= 1) throw new Error(`not a process group: ${group}`)
  return send(-group, signal)
}

/** False when there is nobody with that number. */
function send(target: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(target, signal)
  } catch (error) {
    // EPERM: it exists and belongs to another user (a child that ran sudo).
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}
