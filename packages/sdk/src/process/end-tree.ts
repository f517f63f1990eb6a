import type { ChildProcess } from "node:child_process"
import { builtin } from "./builtin.ts"
import { stillRunning, type Running } from "./descendants.ts"

/** A server needs this long at most to end what it runs and to write down what it knows. */
const GRACE_MS = 5000
/** How often is looked whether everything has ended. */
const LOOK_MS = 50

/**
 * Ends a child and everything below it: first asks the child alone, which knows best how, then what it left behind, and
 * ends by force what is still there after the grace. Resolves when nothing is left.
 */
export async function endTree(child: ChildProcess, graceMs = GRACE_MS): Promise<void> {
  const { pid } = child
  if (pid === undefined) return
  if (process.platform === "win32") return endTreeOnWindows(pid)
  let below: Running[] = []
  /** Also finds what was started since the last look. */
  const look = (): Running[] => (below = stillRunning(below, hasEnded(child) ? undefined : pid))
  look()
  child.kill("SIGTERM")
  await until(() => {
    look()
    return hasEnded(child)
  }, graceMs)
  child.kill("SIGKILL")
  signalAll(look(), "SIGTERM")
  await until(() => look().length === 0, graceMs)
  signalAll(look(), "SIGKILL")
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

function signalAll(them: Running[], signal: "SIGTERM" | "SIGKILL"): void {
  for (const { pid } of them) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      // It ended meanwhile, or belongs to somebody else.
      if ((error as NodeJS.ErrnoException).code !== "ESRCH" && (error as NodeJS.ErrnoException).code !== "EPERM")
        throw error
    }
  }
}

async function until(holds: () => boolean, limitMs: number): Promise<void> {
  const end = Date.now() + limitMs
  while (!holds() && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
}

/** Windows has no signals; its own program ends a process with everything below it. */
function endTreeOnWindows(pid: number): Promise<void> {
  return new Promise((resolve) => {
    const killer = builtin("node:child_process").spawn("taskkill", ["/pid", String(pid), "/T", "/F"], {
      stdio: "ignore",
    })
    killer.once("error", () => resolve())
    killer.once("exit", () => resolve())
  })
}
