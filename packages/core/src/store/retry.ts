/**
 * Waiting for a lock that another process holds. Invariant: the event loop is never blocked while a write waits;
 * a read, which is synchronous, waits only the few milliseconds that recovery of the log takes.
 */
import { setTimeout as sleep } from "node:timers/promises"
import type { Host } from "../lib/host.ts"
import { isBusy } from "./storage-error.ts"

/** As long as a person waits for an answer before looking for what is wrong. */
const PATIENCE_MS = 5_000
/** Our own transactions take a millisecond, so the first look comes soon; the last ones must not burn the CPU. */
const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 100

const READ_ATTEMPTS = 5
const READ_PAUSE_MS = 2

/**
 * Runs `body` until it meets no lock; 5 s after `since` throws the last error.
 * `body` must leave nothing behind when it throws.
 */
export async function untilFree<T>(host: Host, body: () => T, since = host.monotonic()): Promise<T> {
  const deadline = since + PATIENCE_MS
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return body()
    } catch (error) {
      if (!isBusy(error) || host.monotonic() >= deadline) throw error
    }
    // Jitter, so that two processes that met do not meet again at the next attempt.
    await sleep(pause * (0.5 + host.random()))
  }
}

/** In WAL mode a reader meets a lock only while another process recovers or removes the log. */
export function readUntilFree<T>(body: () => T): T {
  for (let attempt = 1; ; attempt++) {
    try {
      return body()
    } catch (error) {
      if (!isBusy(error) || attempt === READ_ATTEMPTS) throw error
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, READ_PAUSE_MS)
  }
}
