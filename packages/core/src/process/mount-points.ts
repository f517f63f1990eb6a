import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { readdir, readFile, readlink } from "node:fs/promises"
import { setTimeout as pause } from "node:timers/promises"
import { startProcess, type RunningProcess } from "./spawn.ts"
import { isStandIn, STAND_IN_TIME } from "./stand-in.ts"

/**
 * The kernel can only guard a path that exists. For one that does not, something empty is put there while a sandbox
 * needs it, and taken away afterwards: by us, or, when we die suddenly, by a small shell that waits for the end of its
 * input. Whoever takes the thing away while a sandbox still uses it would take its guard away too, so that is looked at
 * in the kernel's own lists, which know of the sandboxes of other processes as well.
 */
export interface MountPoint {
  path: string
  /** Git passes over empty folders, and not over empty files: where it looks, even a file is stood for by a folder. */
  kind: "folder" | "file"
  /** What the file says, so that whoever reads it meanwhile is not misled. */
  text?: string
}

export interface HeldMountPoints {
  /** Those that could be made or were there; the others lie where nobody may write. */
  paths: string[]
  /** When everything in the sandbox has ended. */
  release(): Promise<void>
}

export interface MountPoints {
  hold(wanted: readonly MountPoint[]): HeldMountPoints
}

/** A sandbox whose command has ended takes a moment to fall apart. */
const UNMOUNT_MS = 1_000
/** How often that is looked at. */
const POLL_MS = 5

/**
 * For each path two arguments: the path, and as the kernel's lists spell it. What another sandbox uses is waited for, for
 * as long as a command may last.
 */
const JANITOR = `
trap '' INT HUP
while IFS= read -r line; do :; done
tries=0
while [ $# -gt 0 ]; do
  if grep -qsF -e " $2 " /proc/[0-9]*/mountinfo; then
    tries=$((tries + 1))
    [ "$tries" -gt 6000 ] && exit
    sleep 0.1
    continue
  fi
  if [ -f "$1" ]; then
    case $(head -c 3 "$1") in '' | .) rm -f "$1" ;; esac
  else
    rmdir "$1"
  fi
  shift 2
done 2>/dev/null
`

export function createMountPoints(): MountPoints {
  /** How many sandboxes of this process use each. */
  const users = new Map<string, number>()

  return {
    hold(wanted) {
      const missing = wanted.filter((point) => isFree(point) || isOurs(point))
      // Before the first is made: there must be no moment in which nobody would take it away.
      const janitor = missing.length > 0 ? startJanitor(missing) : undefined
      const held: MountPoint[] = []
      try {
        for (const point of missing) {
          if (!make(point)) continue
          held.push(point)
          users.set(point.path, (users.get(point.path) ?? 0) + 1)
        }
      } catch (error) {
        void release(held, users, janitor)
        throw error
      }
      const absent = new Set(missing.filter((point) => !held.includes(point)))
      return {
        paths: wanted.filter((point) => !absent.has(point)).map(({ path }) => path),
        release: () => release(held, users, janitor),
      }
    },
  }
}

async function release(
  held: readonly MountPoint[],
  users: Map<string, number>,
  janitor: RunningProcess | undefined,
): Promise<void> {
  for (const { path } of held) users.set(path, (users.get(path) ?? 1) - 1)
  for (const end = performance.now() + UNMOUNT_MS; ;) {
    const mounted = await mountedElsewhere()
    const left = held.filter((point) => {
      // Looked at without a pause before it is removed: whoever wants it now finds it gone, and makes it anew.
      if (users.get(point.path) !== 0) return false
      if (mounted.has(point.path)) return true
      users.delete(point.path)
      remove(point)
      return false
    })
    if (left.length === 0) return void janitor?.kill()
    if (performance.now() > end) break
    await pause(POLL_MS)
  }
  // Another process uses it. Whoever is last takes it away.
  for (const { path } of held) if (users.get(path) === 0) users.delete(path)
  janitor?.stdin?.end()
}

function startJanitor(points: readonly MountPoint[]): RunningProcess {
  return startProcess({
    file: "/bin/sh",
    args: ["-c", JANITOR, "sh", ...points.flatMap(({ path }) => [path, asKernelSpells(path)])],
    cwd: "/",
    env: { PATH: "/usr/bin:/bin" },
    openInput: true,
    background: true,
    killGraceMs: 0,
  })
}

const isFree = ({ path }: MountPoint): boolean => lstatSync(path, { throwIfNoEntry: false }) === undefined

/** Also one that a process left behind when the power failed. */
function isOurs({ path, kind, text = "" }: MountPoint): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false })
  if (found === undefined || !isStandIn(found)) return false
  return kind === "folder" ? found.isDirectory() && readdirSync(path).length === 0 : isFileOf(path, text)
}

const isFileOf = (path: string, text: string): boolean =>
  lstatSync(path).isFile() && readFileSync(path, "utf8") === text

/** @returns whether it is there now; where we may not make it, nor may the command */
function make(point: MountPoint): boolean {
  const { path, kind, text = "" } = point
  try {
    if (kind === "folder") mkdirSync(path)
    else writeFileSync(path, text, { flag: "wx" })
    utimesSync(path, STAND_IN_TIME, STAND_IN_TIME)
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "EEXIST" && isOurs(point)) return true
    if (code === "EACCES" || code === "EPERM" || code === "EROFS") return false
    throw error
  }
}

function remove(point: MountPoint): void {
  try {
    if (point.kind === "folder") rmdirSync(point.path)
    else if (isOurs(point)) unlinkSync(point.path)
  } catch {
    // Somebody put something there, or took it away: it is theirs now.
  }
}

/** What is mounted in other mount namespaces than ours: those of sandboxes, of whatever process. */
async function mountedElsewhere(): Promise<Set<string>> {
  const own = await readlink("/proc/self/ns/mnt").catch(() => undefined)
  const pids = (await readdir("/proc").catch(() => [])).filter((name) => /^\d+$/.test(name))
  const seen = new Set([own])
  const mounted = new Set<string>()
  for (const pid of pids) {
    const namespace = await readlink(`/proc/${pid}/ns/mnt`).catch(() => undefined)
    if (namespace === undefined || seen.has(namespace)) continue
    const table = await readFile(`/proc/${pid}/mountinfo`, "utf8").catch(() => "")
    // A process that has just died has an empty one; another of its namespace may still live.
    if (table !== "") seen.add(namespace)
    for (const line of table.split("\n")) mounted.add(plain(line.split(" ")[4] ?? ""))
  }
  return mounted
}

const SPELLED: Record<string, string> = { " ": "\\040", "\t": "\\011", "\n": "\\012", "\\": "\\134" }

const asKernelSpells = (path: string): string => path.replace(/[ \t\n\\]/g, (one) => SPELLED[one]!)

const plain = (spelled: string): string =>
  spelled.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))
