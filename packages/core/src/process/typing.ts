import { writeSync } from "node:fs"

/**
 * What is typed into a terminal. The library's own write waits in the kernel for a program that does not read, and with it
 * the whole server. The device itself does not wait, so it is written as far as it takes, and the rest tried again soon.
 * Nothing is written by another thread: the number of a file that was closed meanwhile may be that of another one.
 */
export interface Typing {
  /** @returns false when too much waits already: the program does not read */
  write(text: string): boolean
  /** Forgets what waits. */
  close(): void
}

/** A long text that is pasted fits. */
const MAX_WAITING_BYTES = 1024 * 1024
/** What a terminal takes at once. */
const PIECE_BYTES = 4 * 1024
/** Nobody sees a pause of this length; a program that does not read for long is asked more rarely. */
const SOON_MS = 5
const LATER_MS = 100

/** @param isOpen whether the number is still that of the device */
export function createTyping(fd: number, isOpen: () => boolean): Typing {
  let waiting = Buffer.alloc(0)
  let timer: NodeJS.Timeout | undefined
  let wait = SOON_MS

  function flush(): void {
    timer = undefined
    while (waiting.length > 0 && isOpen()) {
      const count = taken(waiting.subarray(0, PIECE_BYTES))
      if (count === undefined) return close()
      if (count === 0) {
        timer = setTimeout(flush, wait).unref()
        wait = Math.min(wait * 2, LATER_MS)
        return
      }
      wait = SOON_MS
      waiting = waiting.subarray(count)
    }
  }

  /** Zero when it takes nothing now, absent when it never will. */
  function taken(piece: Buffer): number | undefined {
    try {
      return writeSync(fd, piece)
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === "EAGAIN" ? 0 : undefined
    }
  }

  function close(): void {
    clearTimeout(timer)
    timer = undefined
    waiting = Buffer.alloc(0)
  }

  return {
    write(text) {
      const typed = Buffer.from(text)
      if (waiting.length + typed.length > MAX_WAITING_BYTES) return false
      waiting = waiting.length === 0 ? typed : Buffer.concat([waiting, typed])
      if (!timer) flush()
      return true
    },
    close,
  }
}
