/** A timer cannot be set for longer; who asks for more wants none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * What `promise` resolves to.
 * @throws when that takes longer than `ms`: the other side has gone without a word, as one does whose network is gone
 */
export async function heardWithin<T>(promise: Promise<T>, ms: number): Promise<T> {
  if (ms > LONGEST_TIMER_MS) return promise
  let timer: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_resolve, reject) => {
    const giveUp = () => reject(new Error(`SSE failed: nothing came for ${ms} ms`))
    // In two halves: a process that was stopped itself has to hear first what was said meanwhile.
    timer = setTimeout(() => (timer = setTimeout(giveUp, ms / 2)), ms / 2)
  })
  return Promise.race([promise, silence]).finally(() => clearTimeout(timer))
}
