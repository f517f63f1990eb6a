/** Resolves after `milliseconds`, or rejects with the signal's reason as soon as it aborts. Leaves no timer behind. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const stop = () => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop)
      resolve()
    }, milliseconds)
    signal?.addEventListener("abort", stop, { once: true })
  })
}

/** In how many pieces a patient deadline waits. */
const PIECES = 10

/**
 * Aborts after `milliseconds` in which this process was running. Where it was kept from that, by a busy machine or by
 * work of its own, what came in the meantime is seen first: an answer is not late because nobody looked. For short
 * waits: it ends by itself, and keeps no process alive.
 */
export function patience(milliseconds: number): AbortSignal {
  const stop = new AbortController()
  let left = PIECES
  const next = (): void => {
    if (left-- > 0) setTimeout(listen, milliseconds / PIECES).unref()
    else stop.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"))
  }
  // Timers that are late run one after the other; what has arrived is read before this.
  const listen = (): void => void setImmediate(next).unref()
  next()
  return stop.signal
}

export interface Deferred<T> {
  promise: Promise<T>
  resolve(value: T): void
  reject(reason: unknown): void
}

export function deferred<T>(): Deferred<T> {
  let resolve!: (value: T) => void
  let reject!: (reason: unknown) => void
  const promise = new Promise<T>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}
