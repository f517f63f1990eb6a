/** As `remembered`, of what has to be waited for. What failed is not kept: the next who asks has it tried again. */
export function rememberedAnswer<Key extends object, Value>(
  of: (key: Key) => Promise<Value>,
): (key: Key) => Promise<Value> {
  const known = new WeakMap<Key, Promise<Value>>()
  return (key) => {
    const before = known.get(key)
    if (before) return before
    const answer = of(key)
    known.set(key, answer)
    answer.catch(() => known.delete(key))
    return answer
  }
}
