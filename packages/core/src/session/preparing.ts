import { fault, type Fault } from "../lib/fault.ts"
import type { Publish } from "./record.ts"

/**
 * What happens between a request and the moment when its prompt is on record: a command's shell pieces run, attached
 * files are read, a person is asked. It can be ended like a turn, and then no prompt is sent.
 */
export interface Preparations {
  /** @param act looks at the signal for the last time right before it sends the prompt */
  run<T>(sessionID: string, act: (preparation: Preparation) => Promise<T>): Promise<T>
  /** Ends what is prepared for a session, at once. Resolves, with whether there was something, when it is over. */
  abort(sessionID: string): Promise<boolean>
  /** Sessions that are busy with a preparation. */
  busy(): string[]
  /** Ends everything, and what is begun later. */
  close(): Promise<void>
}

export interface Preparation {
  signal: AbortSignal
  /** From here on it may take long: clients see the session as busy, and so can offer to end it. */
  showBusy(): void
}

export interface PreparationsDeps {
  publish: Publish
  /** Whether turns keep the session busy. */
  isInTurn(sessionID: string): boolean
}

interface Open {
  sessionID: string
  stop: AbortController
  isBusy: boolean
  over?: Promise<unknown>
}

const ended = (): Fault => fault("aborted", "It was ended before its prompt was sent.")

export function createPreparations({ publish, isInTurn }: PreparationsDeps): Preparations {
  const open = new Set<Open>()
  const state = { closing: false }

  const of = (sessionID: string): Open[] => [...open].filter((one) => one.sessionID === sessionID)
  const isBusy = (sessionID: string): boolean => isInTurn(sessionID) || of(sessionID).some((one) => one.isBusy)

  function showBusy(own: Open): void {
    const { sessionID } = own
    if (!isBusy(sessionID)) publish("session.status", { sessionID, status: { type: "busy" } })
    own.isBusy = true
  }

  function leave(own: Open): void {
    const { sessionID } = own
    open.delete(own)
    // A turn says itself when it ends.
    if (!own.isBusy || isBusy(sessionID)) return
    publish("session.status", { sessionID, status: { type: "idle" } })
    publish("session.idle", { sessionID })
  }

  async function end(all: Open[]): Promise<void> {
    for (const { stop } of all) stop.abort(ended())
    await Promise.allSettled(all.map(({ over }) => over))
  }

  return {
    run(sessionID, act) {
      if (state.closing) return Promise.reject(ended())
      const stop = new AbortController()
      const own: Open = { sessionID, stop, isBusy: false }
      open.add(own)
      const over = act({ signal: stop.signal, showBusy: () => showBusy(own) }).finally(() => leave(own))
      own.over = over
      return over
    },
    async abort(sessionID) {
      const all = of(sessionID)
      await end(all)
      return all.length > 0
    },
    busy: () => [...new Set([...open].filter((one) => one.isBusy).map(({ sessionID }) => sessionID))],
    async close() {
      state.closing = true
      await end([...open])
    },
  }
}

/** For what does not listen to the signal itself: it goes on, and nobody waits for it any more. */
export async function unlessEnded<T>(signal: AbortSignal, act: () => Promise<T>): Promise<T> {
  signal.throwIfAborted()
  let stop = (): void => {}
  const over = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason)
    signal.addEventListener("abort", stop, { once: true })
  })
  try {
    return await Promise.race([act(), over])
  } finally {
    signal.removeEventListener("abort", stop)
  }
}
