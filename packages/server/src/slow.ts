import type { Source } from "./exchange.ts"

/** By now whatever is wrong with a request has been found, and its status with it. */
const PATIENCE_MS = 30_000
/** Clients give up a connection on which nothing came for five minutes, some proxies after one. */
const BEAT_MS = 30_000

export interface SlowOptions {
  patienceMs?: number
  beatMs?: number
}

/**
 * The data when it comes soon; else an answer that begins at once and sends a blank now and then, which JSON allows, until
 * the data is there.
 * @throws what `data` rejects with, while its status can still be told
 */
export async function settledOrSlow(data: Promise<unknown>, options: SlowOptions = {}): Promise<unknown> {
  const { patienceMs = PATIENCE_MS, beatMs = BEAT_MS } = options
  let timer: NodeJS.Timeout | undefined
  const slow = new Promise<Source>((resolve) => {
    timer = setTimeout(() => resolve(slowAnswer(data, beatMs)), patienceMs)
  })
  return Promise.race([data, slow]).finally(() => clearTimeout(timer))
}

function slowAnswer(data: Promise<unknown>, beatMs: number): Source {
  let waiting = " "
  let beat: NodeJS.Timeout | undefined
  const close = () => clearInterval(beat)
  return {
    open(outlet) {
      beat = setInterval(() => {
        waiting = " "
        outlet.ready()
      }, beatMs)
      outlet.ready()
      data.then(
        (value) => {
          close()
          waiting = JSON.stringify(value)
          outlet.ready()
          outlet.end()
        },
        () => {
          // The status is sent. Breaking off is the only way left to say that this is not an answer.
          close()
          outlet.cut()
        },
      )
    },
    take() {
      const text = waiting
      waiting = ""
      return text
    },
    close,
  }
}
