import type { Host } from "../lib/host.ts"

/** Text on its way to clients: what came for one part in a moment goes out as one piece. */
export interface Deltas {
  add(partID: string, text: string): void
  /** Sends what is still being gathered. Before anything else is told of the message, so that order holds. */
  flush(): void
}

interface DeltasDeps {
  host: Pick<Host, "monotonic">
  send(partID: string, text: string): void
}

/** Between two deltas of one part: a screen shows 60 pictures a second, and no reader needs more. */
const DELTA_MS = 16

export function createDeltas({ host, send }: DeltasDeps): Deltas {
  let pending: { partID: string; text: string } | undefined
  let timer: NodeJS.Timeout | undefined
  let last = -Infinity

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    if (!pending) return
    const { partID, text } = pending
    pending = undefined
    last = host.monotonic()
    send(partID, text)
  }

  return {
    flush,
    add(partID, text) {
      if (pending && pending.partID !== partID) flush()
      pending = { partID, text: (pending?.text ?? "") + text }
      const wait = DELTA_MS - (host.monotonic() - last)
      if (wait <= 0) flush()
      else timer ??= setTimeout(flush, wait)
    },
  }
}
