/** A map that forgets what came first when it is full. */
export interface Limited<Key, Value> {
  get(key: Key): Value | undefined
  has(key: Key): boolean
  set(key: Key, value: Value): void
  entries(): [Key, Value][]
  clear(): void
}

export function limited<Key, Value>(most: number): Limited<Key, Value> {
  const kept = new Map<Key, Value>()
  return {
    get: (key) => kept.get(key),
    has: (key) => kept.has(key),
    set(key, value) {
      kept.set(key, value)
      const [oldest] = kept.keys()
      if (kept.size > most && oldest !== undefined) kept.delete(oldest)
    },
    entries: () => [...kept],
    clear: () => kept.clear(),
  }
}
