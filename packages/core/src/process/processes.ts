import { fault } from "../lib/fault.ts"
import { isOrphanGroupAlive, killGroup } from "./kill-tree.ts"
import { createReaper } from "./reaper.ts"
import { startProcess, type RunningProcess, type StartProcess } from "./spawn.ts"

/** All children of one owner. Nothing that was started here, nor what that left in the background, outlives `close()`. */
export interface Processes {
  start: StartProcess
  /** For a group that a terminal library started. The result says that its leader has ended. */
  adopt(group: number): () => void
  /** How many groups are alive, background jobs of ended commands included. */
  readonly size: number
  close(): Promise<void>
}

export function openProcesses(): Processes {
  const reaper = createReaper()
  const running = new Map<number, RunningProcess["kill"]>()
  /** The leader has ended, members are left: a server that a command put into the background. */
  const orphans = new Set<number>()
  let closed = false

  const add = (group: number, kill: () => Promise<void>) => {
    sweep()
    running.set(group, kill)
    reaper.watch(group)
    return () => {
      if (!running.delete(group)) return
      orphans.add(group)
      sweep()
    }
  }

  /** Forgets groups that have become empty, before their number can mean someone else. */
  const sweep = () => {
    for (const group of orphans) {
      if (isOrphanGroupAlive(group)) continue
      orphans.delete(group)
      reaper.forget(group)
    }
  }

  return {
    start(options) {
      if (closed) throw fault("unavailable", "The workspace is closing.")
      reaper.open()
      const child = startProcess(options)
      if (child.pid === undefined) return child
      const ended = add(child.pid, child.kill)
      child.exited.then(ended, ended)
      return child
    },
    adopt: (group) => add(group, () => killGroup(group)),
    get size() {
      sweep()
      return running.size + orphans.size
    },
    async close() {
      closed = true
      sweep()
      await Promise.all([
        ...Array.from(running.values(), (kill) => kill()),
        ...Array.from(orphans, (group) => killGroup(group)),
      ])
      for (const group of [...running.keys(), ...orphans]) reaper.forget(group)
      running.clear()
      orphans.clear()
      reaper.close()
    },
  }
}
