/**
 * Questions that wait for somebody. One leaves the table exactly once, by whichever comes first of an answer, an abort
 * or the end of the table; who comes later finds nothing and changes nothing.
 */
export interface Pending<Request, Answer, Facts> {
  /** Resolves with the answer, or with `withdrawn` when the signal aborts or the table is closed. */
  put(request: Request, facts: Facts, signal: AbortSignal): Promise<Answer>
  /** Oldest first. */
  list(): Request[]
  find(id: string): Waiting<Request, Facts> | undefined
  /** Oldest first; what is settled meanwhile stays in the list that was given out. */
  all(): Waiting<Request, Facts>[]
  /** The first caller wins. @returns whether it was this one */
  settle(id: string, answer: Answer): boolean
  /** Withdraws everything that waits. */
  close(): void
}

export interface Waiting<Request, Facts> {
  request: Request
  /** What belongs to it and is not shown. */
  facts: Facts
}

export interface PendingDeps<Request, Answer> {
  withdrawn: Answer
  /** Called when it has its place in the table. */
  asked(request: Request): void
  /** Called when it has left the table, before whoever waits goes on. */
  settled(request: Request, answer: Answer): void
}

export function createPending<Request extends { id: string }, Answer, Facts = undefined>(
  deps: PendingDeps<Request, Answer>,
): Pending<Request, Answer, Facts> {
  const waiting = new Map<string, Waiting<Request, Facts> & { resolve(answer: Answer): void }>()

  function settle(id: string, answer: Answer): boolean {
    const entry = waiting.get(id)
    if (!entry || !waiting.delete(id)) return false
    deps.settled(entry.request, answer)
    entry.resolve(answer)
    return true
  }

  return {
    put(request, facts, signal) {
      if (signal.aborted) return Promise.resolve(deps.withdrawn)
      return new Promise((resolve) => {
        const abort = (): void => void settle(request.id, deps.withdrawn)
        signal.addEventListener("abort", abort, { once: true })
        waiting.set(request.id, {
          request,
          facts,
          resolve(answer) {
            signal.removeEventListener("abort", abort)
            resolve(answer)
          },
        })
        deps.asked(request)
      })
    },
    list: () => [...waiting.values()].map(({ request }) => request),
    find: (id) => waiting.get(id),
    all: () => [...waiting.values()],
    settle,
    close() {
      for (const id of [...waiting.keys()]) settle(id, deps.withdrawn)
    },
  }
}
