/** A map that forgets what came first when it is full. */
export function limited<Key, Value>(
  most: number,
): Pick<Map<Key, Value>, "get" | "has"> & { set(key: Key, value: Value): void } {
  const kept = new Map<Key, Value>()
  return {
    get: (key) => kept.get(key),
    has: (key) => kept.has(key),
    set(key, value) {
      kept.set(key, value)
      const [oldest] = kept.keys()
      if (kept.size > most && oldest !== undefined) kept.delete(oldest)
    },
  }
}
