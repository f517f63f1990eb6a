import type { RequestID } from "./connection.ts"
import { CANCEL_REQUEST } from "./outgoing.ts"
import { CancelRequest, OfSession, parseParams, Prompt } from "./params.ts"
import type { Method, Served } from "./served.ts"

/** Prompts, and both ways to cancel them: by their session, and as requests. */
export interface Prompting {
  prompt: Method
  /** A notification; one that is none of these is passed over. */
  hear(method: string, params: unknown): void
}

export function createPrompting({ sessions, order, note }: Served): Prompting {
  /** Which session's prompt a request is, as long as it runs. */
  const running = new Map<RequestID, string>()

  async function cancel(sessionId: string): Promise<void> {
    const all = await sessions()
    await order.run(sessionId, async () => {
      // Not waited for: a tool that is slow to end must not hold up what comes next.
      all.cancel(all.get(sessionId)).catch((error: unknown) => note(`It could not be stopped: ${String(error)}`))
    })
  }

  function sessionNamed(method: string, params: unknown): string | undefined {
    if (method === "session/cancel") return OfSession().safeParse(params).data?.sessionId
    const requestId = method === CANCEL_REQUEST ? CancelRequest().safeParse(params).data?.requestId : undefined
    return requestId === undefined ? undefined : running.get(requestId)
  }

  return {
    async prompt({ id, params }) {
      const { sessionId, prompt } = parseParams(Prompt, params)
      running.set(id, sessionId)
      try {
        const all = await sessions()
        // Not until it is answered: a second one and a cancellation have to get through.
        const { answer } = await order.run(sessionId, async () => ({ answer: all.prompt(all.get(sessionId), prompt) }))
        return await answer
      } finally {
        running.delete(id)
      }
    },

    hear(method, params) {
      const sessionId = sessionNamed(method, params)
      if (sessionId === undefined) return note(`Passed over: ${method}`)
      cancel(sessionId).catch((error: unknown) => note(`${method}: ${String(error)}`))
    },
  }
}
