import type { Outlet, Source } from "./exchange.ts"

/** A body of JSON that is too long to be made at once: the pieces are made as fast as the client takes them. */
export function jsonSource(pieces: Iterator<string>): Source {
  let outlet: Outlet | undefined
  return {
    open(to) {
      outlet = to
      to.ready()
    },
    take() {
      const next = nextOf(pieces)
      // Broken off in the middle: the status is sent, and half a document must not look like a whole one.
      if (next === "failed") outlet?.cut()
      else if (!next.done) return next.value
      else outlet?.end()
      return ""
    },
    close: () => void pieces.return?.(),
  }
}

function nextOf(pieces: Iterator<string>): IteratorResult<string> | "failed" {
  try {
    return pieces.next()
  } catch {
    return "failed"
  }
}

/** The same for pieces that take their time: each is sent when it is there. */
export function slowJsonSource(pieces: AsyncIterator<string>, closed: () => void): Source {
  let outlet: Outlet | undefined
  let waiting = ""
  const make = (): void => {
    pieces.next().then(
      ({ done, value }) => {
        if (done) return outlet?.end()
        waiting = value
        outlet?.ready()
      },
      () => outlet?.cut(),
    )
  }
  return {
    open(to) {
      outlet = to
      make()
    },
    take() {
      const text = waiting
      waiting = ""
      if (text) make()
      return text
    },
    close() {
      closed()
      void pieces.return?.()
    },
  }
}
