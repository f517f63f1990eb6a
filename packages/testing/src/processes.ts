import { readdirSync, readFileSync } from "node:fs"

/** Pids of the processes whose command line holds `text`. The dead that nobody has reaped have no command line. Linux. */
export function processesWith(text: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => commandLine(pid).includes(text))
    .map(Number)
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
  } catch {
    return "" // it ended meanwhile
  }
}
