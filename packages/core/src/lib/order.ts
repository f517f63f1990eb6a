/** One after the other for each name. What fails is told to whoever asked for it, and holds up nothing that comes later. */
export interface Order {
  run<T>(name: string, act: () => Promise<T>): Promise<T>
  /** Everything that was asked for until now is over. */
  settled(): Promise<void>
}

export function createOrder(): Order {
  const last = new Map<string, Promise<unknown>>()
  return {
    run(name, act) {
      const acting = (last.get(name) ?? Promise.resolve()).then(act, act)
      last.set(name, acting)
      const forget = (): void => void (last.get(name) === acting && last.delete(name))
      acting.then(forget, forget)
      return acting
    },
    settled: async () => void (await Promise.allSettled(last.values())),
  }
}
