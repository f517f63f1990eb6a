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
