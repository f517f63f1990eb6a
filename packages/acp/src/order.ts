/** One after the other where a session is named: a prompt that follows a change of the model is asked with that model. */
export interface Order {
  run<T>(sessionId: string, act: () => Promise<T>): Promise<T>
}

export function createOrder(): Order {
  const last = new Map<string, Promise<unknown>>()
  return {
    async run(sessionId, act) {
      const before = last.get(sessionId) ?? Promise.resolve()
      const running = before.then(act, act)
      const settled = running.catch(() => {})
      last.set(sessionId, settled)
      try {
        return await running
      } finally {
        if (last.get(sessionId) === settled) last.delete(sessionId)
      }
    },
  }
}
