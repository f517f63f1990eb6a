import { RpcError } from "./rpc-error.ts"

/** What we ask the other side, and what it has yet to answer. */
export interface Outgoing {
  /**
   * Who stops waiting, by the signal, says so to the other side; what it answers after that is passed over.
   * @throws RpcError what it answers; any other error when the connection is over before it has; or the signal's reason
   */
  request(method: string, params: object, signal?: AbortSignal): Promise<unknown>
  /**
   * Takes an answer. One to what nobody asked, or needs no more, changes nothing.
   * @returns whether it was waited for
   */
  settle(id: unknown, answer: Record<string, unknown>): boolean
  /** There will be no more answers. */
  end(): void
}

/** Takes back a request, in either direction. Who does not know it passes it over, as every notification. */
export const CANCEL_REQUEST = "$/cancel_request"

interface Waiting {
  resolve(result: unknown): void
  reject(error: Error): void
}

export function createOutgoing(write: (message: object) => void): Outgoing {
  const waiting = new Map<unknown, Waiting>()
  let lastID = -1
  let isOver = false

  return {
    request(method, params, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error)
        if (isOver) return reject(gone())
        const id = ++lastID
        const stop = (): void => {
          waiting.delete(id)
          write({ method: CANCEL_REQUEST, params: { requestId: id } })
          reject(signal?.reason as Error)
        }
        signal?.addEventListener("abort", stop, { once: true })
        const done = (): void => signal?.removeEventListener("abort", stop)
        waiting.set(id, {
          resolve: (result) => (done(), resolve(result)),
          reject: (error) => (done(), reject(error)),
        })
        write({ id, method, params })
      })
    },

    settle(id, { result, error }) {
      const asked = waiting.get(id)
      if (!asked) return false
      waiting.delete(id)
      // Some write both members, of which one is null; some none for an empty result.
      if (error === undefined || error === null) asked.resolve(result)
      else asked.reject(refusalOf(error))
      return true
    },

    end() {
      isOver = true
      for (const { reject } of waiting.values()) reject(gone())
      waiting.clear()
    },
  }
}

function refusalOf(error: unknown): RpcError {
  const { code, message, data }: Partial<RpcError> = typeof error === "object" && error !== null ? error : {}
  return new RpcError(Number(code ?? 0), String(message ?? "refused"), data)
}

const gone = (): Error => new Error("The client is gone.")
