import type { Exit, StartOptions, StartProcess } from "./spawn.ts"

export interface Collected extends Exit {
  stdout: Buffer
  /** The first part only: enough for a message. */
  stderr: string
  /** There was more than `maxBytes`, and the child was ended. */
  cut: boolean
}

const MAX_STDERR_BYTES = 16 * 1024

/** Runs a child to its end and returns what it printed, up to a limit. */
export async function collect(
  start: StartProcess,
  { maxBytes, ...options }: Omit<StartOptions, "sink"> & { maxBytes: number; deadlineMs: number },
): Promise<Collected> {
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] }
  const room = { stdout: maxBytes, stderr: MAX_STDERR_BYTES }
  let cut = false
  const child = start({
    ...options,
    sink(chunk, from) {
      if (from === "stdout" && chunk.length > room.stdout) {
        cut = true
        void child.kill()
      }
      parts[from].push(chunk.subarray(0, room[from]))
      room[from] -= Math.min(chunk.length, room[from])
    },
  })
  const exit = await child.exited
  return { ...exit, stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr).toString(), cut }
}
