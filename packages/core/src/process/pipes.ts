import type { Readable } from "node:stream"
import { Socket } from "node:net"

/**
 * Reads the output of a child while it lives and for a short moment after it ended. It never waits for the pipes to
 * close: a background grandchild may hold them for days. What such a grandchild writes later is read and dropped,
 * because a full pipe would freeze it and a closed one would kill it.
 */

/** Output written just before the exit is already in the pipe; this covers a loaded machine. */
const DRAIN_QUIET_MS = 75
/** A grandchild that never stops writing must not keep the command open. A full pipe is read in far less. */
const DRAIN_MAX_MS = 500

/** May return a promise: the pipe is not read until it settles. Throwing is a bug and rejects the child's `exited`. */
export type Sink = (chunk: Buffer, from: "stdout" | "stderr") => void | Promise<void>

export interface Pipes {
  /** Call once, when the child has ended. Rejects with what the sink threw. */
  drain(): Promise<void>
}

export function readPipes(pipes: { stdout: Readable; stderr: Readable }, sink: Sink): Pipes {
  const all = [pipes.stdout, pipes.stderr]
  let unfinished = all.length
  let inSink = 0
  let lastActivity = performance.now()
  let dropping = false
  let broken: { error: unknown } | undefined
  let wake = () => {}

  const fail = (error: unknown) => {
    broken ??= { error }
    wake()
  }

  for (const from of ["stdout", "stderr"] as const) {
    const pipe = pipes[from]
    pipe.on("data", (chunk: Buffer) => {
      if (dropping || broken) return
      lastActivity = performance.now()
      try {
        const settled = sink(chunk, from)
        if (!settled) return
        inSink += 1
        pipe.pause()
        settled
          .finally(() => {
            inSink -= 1
            lastActivity = performance.now()
            pipe.resume()
          })
          .then(() => wake(), fail)
      } catch (error) {
        fail(error)
      }
    })
    // A read error ends the pipe like its close does; what was read until then counts.
    pipe.on("error", () => pipe.destroy())
    pipe.once("close", () => {
      unfinished -= 1
      wake()
    })
  }

  return {
    async drain() {
      // A command may have been silent for long, and its end may be heard before its last words.
      lastActivity = performance.now()
      const end = lastActivity + DRAIN_MAX_MS
      while (!broken && (unfinished > 0 || inSink > 0)) {
        const now = performance.now()
        const quietFor = inSink > 0 ? 0 : now - lastActivity
        if (now >= end || quietFor >= DRAIN_QUIET_MS) {
          // Timers run before input is polled: after a blocked loop the pipe may hold data that was not seen yet.
          const before = lastActivity
          await new Promise<void>((resolve) => setImmediate(resolve))
          if (now >= end || lastActivity === before) break
          continue
        }
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, Math.min(DRAIN_QUIET_MS - quietFor, end - now))
          wake = () => (clearTimeout(timer), resolve())
        })
      }
      dropping = true
      for (const pipe of all) if (pipe instanceof Socket) pipe.unref()
      if (broken) throw broken.error
    },
  }
}
