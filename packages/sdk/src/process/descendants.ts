import { builtin } from "./builtin.ts"

/** A process and when it started: a number that was given to somebody else meanwhile is not the same process. */
export interface Running {
  pid: number
  started: string
}

interface Row extends Running {
  parent: number
}

/**
 * Those of `them` that are still there, and every process below these and below `root`, as far as the system says: what
 * they have started meanwhile.
 */
export function stillRunning(them: Running[], root?: number): Running[] {
  if (them.length === 0 && root === undefined) return []
  const rows = processes()
  const now = new Map(rows.map(({ pid, started }) => [pid, started]))
  const there = them.filter(({ pid, started }) => now.get(pid) === started)
  const known = new Set(there.map(({ pid }) => pid))
  const roots = root === undefined ? [...known] : [root, ...known]
  return [...there, ...below(roots, rows).filter(({ pid }) => !known.has(pid))]
}

/** The nearest first. */
function below(roots: number[], rows: Row[]): Running[] {
  const found = new Map<number, Running>()
  for (let parents = new Set(roots); parents.size > 0;) {
    const children = rows.filter(({ pid, parent }) => parents.has(parent) && !found.has(pid))
    for (const { pid, started } of children) found.set(pid, { pid, started })
    parents = new Set(children.map(({ pid }) => pid))
  }
  return [...found.values()]
}

function processes(): Row[] {
  return process.platform === "linux" ? fromProc() : fromPs()
}

function fromProc(): Row[] {
  const { readdirSync, readFileSync } = builtin("node:fs")
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return rowOfStat(readFileSync(`/proc/${name}/stat`, "utf8")) ?? []
      } catch {
        // It ended meanwhile.
        return []
      }
    })
}

/** The name of a program stands in brackets and may hold anything, brackets too. */
export function rowOfStat(stat: string): Row | undefined {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  const [state, parent, started] = [fields[0], fields[1], fields[19]]
  // A zombie has ended; only its parent has not looked yet.
  if (!parent || !started || state === "Z") return undefined
  return { pid: Number.parseInt(stat, 10), parent: Number(parent), started }
}

function fromPs(): Row[] {
  const { spawnSync } = builtin("node:child_process")
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,lstart="], { encoding: "utf8" })
  return (stdout ?? "").split("\n").flatMap((line) => rowOfPs(line) ?? [])
}

export function rowOfPs(line: string): Row | undefined {
  const [, pid, parent, started] = /^\s*(\d+)\s+(\d+)\s+(.+?)\s*$/.exec(line) ?? []
  return pid && parent && started ? { pid: Number(pid), parent: Number(parent), started } : undefined
}
