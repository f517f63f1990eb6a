import { randomBytes } from "node:crypto"
import { newId, type IdPrefix } from "@opencode/protocol/id.ts"
import { sleep } from "./deadline.ts"

/**
 * The effect boundary for time, identity and chance: everything that would make two runs of the same session differ
 * is drawn here, per lane, so that a recording can be replayed.
 */
export interface Host {
  /** Wall clock, milliseconds since the epoch. Shown to people; never used for order. */
  now(): number
  /** Monotonic clock, milliseconds. Used for deadlines and durations. */
  monotonic(): number
  id(prefix: IdPrefix): string
  /** A number in [0, 1). */
  random(): number
  /** A wait that a replay does not repeat. Rejects with the signal's reason as soon as it aborts. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>
  /**
   * The draws of one lane (a session's turn, its prompts, its asks) do not depend on those of any other, so that a replay
   * gives each the same, whoever comes first. Without a recording a lane is the host itself: chance has no order.
   */
  lane(name: string): Host
}

/** Random bytes drawn at once: an id needs 14, and a call to the system costs more than the bytes. */
const POOL_BYTES = 14 * 256
const ID_BYTES = 14

export function createHost(): Host {
  let pool = Buffer.alloc(0)
  let lastMs = 0
  let counter = 0
  const host: Host = {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    id(prefix) {
      // A clock that steps back must not produce an id that sorts before one already given.
      const ms = Math.max(Date.now(), lastMs)
      counter = ms === lastMs ? counter + 1 : 1
      lastMs = ms
      if (pool.length < ID_BYTES) pool = randomBytes(POOL_BYTES)
      const random = pool.subarray(0, ID_BYTES)
      pool = pool.subarray(ID_BYTES)
      return newId(prefix, ms, counter, random)
    },
    random: () => Math.random(),
    sleep,
    lane: () => host,
  }
  return host
}
