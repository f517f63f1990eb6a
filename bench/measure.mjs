// What processes cost, read from Linux's /proc and from bash's `times`. Whatever is counted is counted over the whole
// tree of processes, so that work handed to a child is never lost; what the bench itself spends is never in it.
import { spawn } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"

/** /proc counts in ticks of USER_HZ, which is 100 on every architecture that Node runs on. */
const TICK_MS = 10

/** A peak is the highest sum seen; one process's own high-water mark can be missed by what it grows in this time. */
const POLL_MS = 4

/** For a server under load: looking at twenty processes takes the bench a millisecond or two of the same machine. */
const PEAK_POLL_MS = 20

/** What a process gets to end by itself before it is killed. */
const GRACE_MS = 5_000

/** Every child that is not gone yet. */
const running = new Set()

/** Spawns a child in a group of its own; `endAll` finds it. */
export function start(argv, { cwd, env, stdio }) {
  const [file, ...args] = argv
  const child = spawn(file, args, { cwd, env, stdio, detached: true })
  running.add(child)
  for (const event of ["exit", "error"]) child.once(event, () => running.delete(child))
  return child
}

/** Kills what is left, at once: for a bench that is interrupted. */
export function endAll() {
  for (const child of running) treeOf(child.pid).forEach(kill)
}

/** The process and all that descend from it, the process first. */
export function treeOf(root) {
  const pids = [root]
  for (const pid of pids) pids.push(...childrenOf(pid))
  return pids
}

/** CPU milliseconds (user and system) that the tree has used so far, with the children that already ended. */
export function cpuOf(pids) {
  return sum(pids.map((pid) => own(pid) + reaped(pid)))
}

/** MB (10^6 bytes) that the processes hold now. Pages of files that they share count once per process. */
export const residentOf = (pids) => memoryOf(pids, "VmRSS")

/**
 * Watches the highest sum of memory that a tree of processes holds at once.
 * @param tree tells the pids of the moment
 * @returns `stop()`, which answers the peak in MB
 */
export function peakOf(tree) {
  let peakMB = 0
  const look = () => {
    peakMB = Math.max(peakMB, memoryOf(tree(), "VmRSS"))
  }
  const poll = setInterval(look, PEAK_POLL_MS)
  return {
    stop() {
      clearInterval(poll)
      look()
      return peakMB
    },
  }
}

/**
 * Runs a command to its end.
 * @returns CPU in ms, peak memory in MB, wall time in ms, and what it said.
 * @throws when it does not end in time, or ends with another exit code than 0.
 */
export async function command(argv, { cwd, env, deadlineMs }) {
  const began = performance.now()
  // bash reports what the children it waited for used, and those they waited for, to the millisecond.
  const script = '"$@"; code=$?; times >&3; exit $code'
  const stdio = ["ignore", "pipe", "pipe", "pipe"]
  const child = start(["bash", "-c", script, "bench", ...argv], { cwd, env, stdio })
  const [stdout, stderr, times] = [1, 2, 3].map((fd) => collect(child.stdio[fd]))
  const seen = new Map()
  let peakMB = 0
  const look = () => {
    const pids = treeOf(child.pid).slice(1)
    for (const pid of pids) if (!seen.has(pid)) seen.set(pid, startOf(pid))
    peakMB = Math.max(peakMB, memoryOf(pids, "VmHWM"))
  }
  const poll = setInterval(look, POLL_MS)
  const late = setTimeout(() => void end(child), deadlineMs)
  const code = await new Promise((resolve, reject) => child.once("exit", resolve).once("error", reject))
  const wallMs = performance.now() - began
  clearInterval(poll)
  clearTimeout(late)
  const left = [...seen].filter(([pid, started]) => started !== undefined && startOf(pid) === started)
  const leftCpuMs = cpuOf(left.map(([pid]) => pid))
  for (const [pid] of left) kill(pid)
  if (code !== 0) {
    const how = wallMs > deadlineMs ? `did not end in ${deadlineMs} ms` : `ended with ${code}`
    throw new Error(`${argv.join(" ")} ${how}: ${(stderr.text || stdout.text).trim().slice(-500)}`)
  }
  return { cpuMs: childrenTimes(times.text) + leftCpuMs, peakMB, wallMs, stdout: stdout.text, stderr: stderr.text }
}

/** Ends a child and all that descends from it; resolves when the child is gone. */
export async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const tree = treeOf(child.pid).map((pid) => [pid, startOf(pid)])
  const gone = new Promise((resolve) => child.once("exit", resolve))
  const killAll = () => {
    for (const [pid, started] of tree) if (started !== undefined && startOf(pid) === started) kill(pid)
  }
  const late = setTimeout(killAll, GRACE_MS)
  child.kill("SIGTERM")
  await gone
  clearTimeout(late)
  killAll()
}

/** Gathers what a stream says. */
export function collect(stream) {
  const said = { text: "" }
  stream.setEncoding("utf8").on("data", (piece) => void (said.text += piece))
  return said
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0)

export function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

function childrenOf(pid) {
  return tasksOf(pid)
    .flatMap((task) => read(`/proc/${pid}/task/${task}/children`).split(" "))
    .filter((text) => text !== "")
    .map(Number)
}

/** The larger of two counts of one thing: the threads' own is exact, the process's keeps threads that ended. */
function own(pid) {
  const [user = 0, system = 0] = statOf(pid)
  const threads = tasksOf(pid).map((task) => Number(read(`/proc/${pid}/task/${task}/schedstat`).split(" ")[0]))
  return Math.max((user + system) * TICK_MS, sum(threads) / 1e6)
}

function reaped(pid) {
  const [, , user = 0, system = 0] = statOf(pid)
  return (user + system) * TICK_MS
}

/** utime, stime, cutime and cstime; nothing when the process is gone. */
const statOf = (pid) => fieldsOf(pid).slice(11, 15).map(Number)

/** When a process started: with its pid, its identity. */
const startOf = (pid) => fieldsOf(pid)[19]

/** What follows the command's name, which may itself hold spaces and brackets; the first is the state. */
function fieldsOf(pid) {
  const stat = read(`/proc/${pid}/stat`)
  return stat === "" ? [] : stat.slice(stat.lastIndexOf(")") + 2).split(" ")
}

/** Between fork and exec a child shows its parent's memory as its own; it is known by its parent's command line. */
function memoryOf(pids, name) {
  const lines = new Map(pids.map((pid) => [pid, read(`/proc/${pid}/cmdline`)]))
  const separate = pids.filter((pid) => lines.get(pid) !== lines.get(Number(fieldsOf(pid)[1])))
  return sum(separate.map((pid) => statusOf(pid, name)))
}

function statusOf(pid, name) {
  const kilobytes = read(`/proc/${pid}/status`).match(new RegExp(`^${name}:\\s+(\\d+) kB`, "m"))?.[1]
  return (Number(kilobytes ?? 0) * 1024) / 1e6
}

/** The second line of `times`: user and system time of the children, as in `0m0.453s 0m0.104s`. */
function childrenTimes(text) {
  const found = [...(text.split("\n")[1] ?? "").matchAll(/(\d+)m([\d.]+)s/g)]
  if (found.length !== 2) throw new Error(`bash said no times, but ${JSON.stringify(text)}`)
  return sum(found.map(([, minutes, seconds]) => Number(minutes) * 60_000 + Number(seconds) * 1_000))
}

function tasksOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return [] // it ended meanwhile
  }
}

function read(path) {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return "" // it ended meanwhile
  }
}

function kill(pid) {
  try {
    process.kill(pid, "SIGKILL")
  } catch (error) {
    if (error.code !== "ESRCH") throw error
  }
}
