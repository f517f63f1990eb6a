import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** How long a condition may take on a busy machine before the test says it never came true. */
const PATIENCE_MS = 10_000

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (!(await condition())) {
    if (performance.now() > end) throw new Error("the condition never came true")
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "opencode-test-"))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** Zombies do not count: they run nothing any more. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
    if (process.platform !== "linux") return true
    return !/^\d+ \(.*\) [ZX] /.test(await readFile(`/proc/${pid}/stat`, "utf8"))
  } catch {
    return false
  }
}
