/**
 * Whether a call waits for its subagent. The person can have it wait no longer: then the end of the turn is no longer
 * the end of the subagent.
 */
export interface Detachment {
  parentID: string
  /** Aborts with the call, as long as that waits. */
  readonly signal: AbortSignal
  /** Resolves when it waits no longer. */
  readonly detached: Promise<"detached">
  /** @returns false when it did not wait any more */
  detach(): boolean
  /** The call is over. */
  close(): void
}

export function createDetachment(parentID: string, call: AbortSignal): Detachment {
  const controller = new AbortController()
  const pass = (): void => controller.abort(call.reason)
  if (call.aborted) pass()
  else call.addEventListener("abort", pass, { once: true })
  let resolve: (detached: "detached") => void = () => {}
  const detached = new Promise<"detached">((found) => (resolve = found))
  const state = { isWaiting: true }
  const close = (): boolean => {
    const wasWaiting = state.isWaiting
    state.isWaiting = false
    return wasWaiting
  }
  return {
    parentID,
    signal: controller.signal,
    detached,
    detach() {
      if (call.aborted || !close()) return false
      call.removeEventListener("abort", pass)
      resolve("detached")
      return true
    },
    close: () => void close(),
  }
}
