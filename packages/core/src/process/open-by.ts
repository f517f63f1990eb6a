import { readFileSync, readlinkSync, readdirSync, realpathSync } from "node:fs"
import { basename, join } from "node:path"

/** A process that has a file open. */
export interface Opener {
  pid: number
  /** What of this program it is, as it was typed: `serve`. Absent: it says nothing, or is another program. */
  command?: string
}

/** As `bin` names it, and as an installation does. */
const PROGRAM = /^opencode(?:\.mjs)?$/

/**
 * Other processes of this user that have the file open, as the process table of Linux tells. Elsewhere nobody is found:
 * whoever has to know that there are none asks the file.
 */
export function openBy(file: string): Opener[] {
  const real = orNothing(() => realpathSync(file))
  if (real === undefined) return []
  return (orNothing(() => readdirSync("/proc")) ?? [])
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => hasOpen(join("/proc", name, "fd"), real))
    .map((name) => ({ pid: Number(name), ...commandOf(join("/proc", name, "cmdline")) }))
}

function hasOpen(folder: string, file: string): boolean {
  const names = orNothing(() => readdirSync(folder)) ?? []
  return names.some((name) => orNothing(() => readlinkSync(join(folder, name))) === file)
}

/** The first word alone: what comes behind it may be a prompt. */
function commandOf(file: string): Pick<Opener, "command"> {
  const words = orNothing(() => readFileSync(file, "utf8"))?.split("\0") ?? []
  const program = words.findIndex((word) => PROGRAM.test(basename(word)))
  const command = words[program + 1] ?? ""
  return program >= 0 && /^[a-z]+$/.test(command) ? { command } : {}
}

/** Processes of others may not be looked at, and any may end meanwhile. */
function orNothing<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    return undefined
  }
}
