/**
 * The same function of a value, worked out once for each. The value is never changed in place, and what is known of it
 * goes away with it.
 */
export function remembered<Key extends object, Value>(of: (key: Key) => Value): (key: Key) => Value {
  const known = new WeakMap<Key, { value: Value }>()
  return (key) => {
    const before = known.get(key)
    if (before) return before.value
    const value = of(key)
    known.set(key, { value })
    return value
  }
}
