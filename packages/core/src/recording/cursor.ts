import type { Entry, EntryOf } from "./entry.ts"

/**
 * Plays a recording in its order. What came from outside is handed over one after the other, each when somebody waits
 * for it and the program has done everything that it had done by then. So a replay needs no clock: an abort that came
 * after the third piece of an answer comes after the third piece again.
 */
export interface Cursor {
  /** Milliseconds since the recording began. */
  now(): number
  /** How many entries have been passed. */
  position(): number
  /** The program did what it did in the recording. */
  did(mark: string): void
  /** Waits until the recording comes to the next entry of this name. Rejects when the signal aborts, or the replay ends. */
  take(name: string, signal?: AbortSignal): Promise<Incoming>
  /** Nobody will take entries of this name any more. */
  leave(name: string): void
  /** The program has left the recorded way for good. */
  stop(): void
  /** Ends early after `stop`. @throws Stalled when the program does not come to where the recording goes on */
  play(outside: Outside): Promise<void>
  /** Whoever still waits for something waits for nothing. */
  end(): void
}

export type Incoming = EntryOf<"head" | "chunk" | "bytes" | "end" | "asks" | "outcome" | "slept">

export interface Outside {
  /** Resolves when it is answered, or earlier when the program has taken it. */
  send(input: EntryOf<"input">): Promise<void>
  close(): void
}

export class Stalled extends Error {
  override readonly name = "Stalled"
}

/** Nothing here waits for anything but this process; a busy machine gets its time. */
const STALL_MS = 10_000
/** Rounds of the event loop in which the program takes in what it got, before it gets more. */
const ROUNDS = 3

type Step = { t: number; index: number } & (
  | { type: "mark"; name: string; told: string }
  | { type: "incoming"; name: string; entry: Incoming }
  | { type: "input"; entry: EntryOf<"input"> }
  | { type: "close" }
)

export function createCursor(entries: readonly Entry[], stallMs = STALL_MS): Cursor {
  const steps = entries.flatMap(stepOf)
  const done = new Set<string>()
  const left = new Set<string>()
  const waiting = new Map<string, { give(entry: Incoming): void; refuse(reason: unknown): void }[]>()
  let at = steps[0]
  let ended = false
  let stopped = false
  let wake = (): void => {}

  const waiter = (name: string) => waiting.get(name)?.[0]

  async function until(holds: () => boolean, what: string): Promise<void> {
    while (!stopped && !holds()) {
      let timer: NodeJS.Timeout | undefined
      const isLate = await Promise.race([
        new Promise<false>((resolve) => (wake = () => resolve(false))),
        new Promise<true>((resolve) => (timer = setTimeout(() => resolve(true), stallMs))),
      ])
      clearTimeout(timer)
      if (isLate && !stopped && !holds())
        throw new Stalled(`The recording goes on with ${what}, and the program does not.`)
    }
  }

  async function takeIn(): Promise<void> {
    for (let round = 0; round < ROUNDS; round++) await new Promise((resolve) => setImmediate(resolve))
  }

  async function hand(name: string, entry: Incoming): Promise<void> {
    const isLeft = () => left.has(name)
    if (entry.k === "end" && entry.left) return until(isLeft, "the end of a request that was given up")
    await until(() => isLeft() || waiter(name) !== undefined, `"${entry.k}" of ${name}`)
    if (isLeft()) return
    waiting.get(name)?.shift()?.give(entry)
    await takeIn()
  }

  return {
    now: () => at?.t ?? entries.at(-1)?.t ?? 0,
    position: () => at?.index ?? entries.length,

    did(mark) {
      done.add(mark)
      wake()
    },

    leave(name) {
      left.add(name)
      wake()
    },

    take: (name, signal) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(new Error("The recording is over."))
        if (signal?.aborted) return reject(signal.reason)
        const stop = (): void => {
          waiting.set(
            name,
            (waiting.get(name) ?? []).filter((other) => other !== mine),
          )
          reject(signal?.reason)
        }
        const mine = {
          give(entry: Incoming) {
            signal?.removeEventListener("abort", stop)
            resolve(entry)
          },
          refuse(reason: unknown) {
            signal?.removeEventListener("abort", stop)
            reject(reason)
          },
        }
        signal?.addEventListener("abort", stop, { once: true })
        waiting.set(name, [...(waiting.get(name) ?? []), mine])
        wake()
      }),

    stop() {
      stopped = true
      wake()
    },

    async play({ send, close }) {
      for (const step of steps) {
        if (stopped) break
        at = step
        if (step.type === "mark") await until(() => done.has(step.name), step.told)
        else if (step.type === "incoming") await hand(step.name, step.entry)
        else if (step.type === "close") close()
        else {
          await send(step.entry)
          await takeIn()
        }
      }
      at = undefined
      await takeIn()
    },

    end() {
      ended = true
      for (const waiters of waiting.values())
        for (const { refuse } of waiters) refuse(new DOMException("Aborted", "AbortError"))
      waiting.clear()
    },
  }
}

/** Whether a replay comes to it in its order; the others are facts that are looked up. */
export const isStep = (entry: Entry): boolean => stepOf(entry, 0).length > 0

/** Entries that have a moment. */
function stepOf(entry: Entry, index: number): Step[] {
  const { t } = entry
  const mark = (name: string, told: string): Step[] => [{ t, index, type: "mark", name, told }]
  switch (entry.k) {
    case "input":
      return [{ t, index, type: "input", entry }]
    case "closing":
      return [{ t, index, type: "close" }]
    case "request":
      return mark(
        `request ${entry.n}`,
        entry.session ? `a request of session ${entry.session}` : "a request on the side",
      )
    case "begin":
      return mark(`begin ${entry.n}`, entry.what)
    case "answered":
      return mark(`answered ${entry.n}`, `the answer to input ${entry.n}`)
    case "mark":
      return mark(entry.what, entry.what)
    case "head":
    case "chunk":
    case "bytes":
    case "end":
      return [{ t, index, type: "incoming", name: `request ${entry.n}`, entry }]
    case "asks":
    case "outcome":
      return [{ t, index, type: "incoming", name: `begin ${entry.n}`, entry }]
    case "slept":
      return [{ t, index, type: "incoming", name: `slept ${entry.lane}`, entry }]
    default:
      return []
  }
}
