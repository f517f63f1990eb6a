import { constants, fstatSync, openSync, writeSync } from "node:fs"
import { isatty } from "node:tty"

/**
 * Writes to a reader without waiting for it. Who keeps up gets everything at once; for who does not, the rest is kept
 * in order and tried again until there is room, and the program goes on meanwhile.
 */
export interface PatientWriter {
  /** @param failed called, once, when these bytes cannot be written at all */
  write(bytes: Uint8Array, failed: (error: NodeJS.ErrnoException) => void): void
  /** Bytes that nobody has taken yet. */
  readonly waiting: number
  /** Resolves when nothing waits. */
  flushed(): Promise<void>
  /** Waits for the reader, the whole program with it, for as long as it takes something. For the end. */
  lastTry(): void
  /** Forgets what waits. @returns how much that was */
  drop(): number
}

interface Waiting {
  bytes: Uint8Array
  failed(error: NodeJS.ErrnoException): void
  next?: Waiting
}

/** A pipe is full for a moment while its reader works; a reader that is stuck costs twenty looks a second. */
const FIRST_RETRY_MS = 1
const LONGEST_RETRY_MS = 50

/** Who takes nothing for so long at the end has stopped. Two outputs of it still fit into the second that a stop may take. */
const STALL_MS = 400
/** Who takes a little again and again: supervisors kill a program that was told to stop ten seconds after. */
const LAST_TRY_MS = 5_000

/** @param holds whether the program lives until everything is taken */
export function patientWriter(descriptor: number, { holds }: { holds: boolean }): PatientWriter {
  const state: { target?: number; first?: Waiting | undefined; last?: Waiting; waiting: number; delay: number } = {
    waiting: 0,
    delay: FIRST_RETRY_MS,
  }
  const emptied: (() => void)[] = []
  let timer: NodeJS.Timeout | undefined

  const take = (head: Waiting, count: number): void => {
    state.waiting -= count
    head.bytes = head.bytes.subarray(count)
    if (head.bytes.length === 0) state.first = head.next
  }

  /** @returns whether there was room */
  function pushSome(head: Waiting): boolean {
    try {
      take(head, writeSync((state.target ??= openUnblocked(descriptor)), head.bytes))
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") return false
      take(head, head.bytes.length)
      head.failed(error as NodeJS.ErrnoException)
      return true
    }
  }

  /** Writes what there is room for. @returns whether that was anything */
  function push(): boolean {
    const before = state.waiting
    while (state.first && pushSome(state.first));
    if (!state.first) for (const resolve of emptied.splice(0)) resolve()
    return state.waiting < before
  }

  function retry(): void {
    timer = undefined
    state.delay = push() ? FIRST_RETRY_MS : Math.min(state.delay * 2, LONGEST_RETRY_MS)
    plan()
  }

  function plan(): void {
    if (!state.first || timer) return
    timer = setTimeout(retry, state.delay)
    if (!holds) timer.unref()
  }

  return {
    get waiting() {
      return state.waiting
    },
    write(bytes, failed) {
      const entry = { bytes, failed }
      if (state.first && state.last) state.last.next = entry
      else state.first = entry
      state.last = entry
      state.waiting += bytes.length
      push()
      plan()
    },
    flushed: () => (state.first ? new Promise((resolve) => emptied.push(resolve)) : Promise.resolve()),
    lastTry() {
      const start = performance.now()
      for (let now = start, taken = start; state.first; now = performance.now()) {
        if (now - taken > STALL_MS || now - start > LAST_TRY_MS) return
        if (push()) taken = now
        else pause(FIRST_RETRY_MS)
      }
    },
    drop() {
      const lost = state.waiting
      state.first = undefined
      state.waiting = 0
      for (const resolve of emptied.splice(0)) resolve()
      return lost
    },
  }
}

/**
 * A descriptor on which a write does not wait. To be unblocked is a property of the open pipe or terminal, which others
 * may have in common with us and would be surprised by; so it is opened once more, for us alone, where the system can
 * do that. A socket cannot be: there Node sets the property, and takes it back when it ends. Files never wait.
 */
function openUnblocked(descriptor: number): number {
  const kind = fstatSync(descriptor)
  if (kind.isFIFO() || isatty(descriptor)) {
    try {
      return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    } catch {
      // Not Linux, a pipe of another user, or one without a reader. A terminal then is written to as ever.
    }
  }
  // Node unblocks a pipe or a socket when it makes the stream, which we then do not use.
  if (kind.isFIFO() || kind.isSocket()) void (descriptor === 1 ? process.stdout : process.stderr)
  return descriptor
}

/** The program stands still. */
export const pause = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
