/** The same call, tool and input, this many times in one turn asks before it runs again. */
export const SAME_CALL_LIMIT = 3

/** Counts equal calls over a whole turn, however many other calls lie between them. */
export function createRepetition(): { isLoop(tool: string, input: unknown): boolean } {
  const counts = new Map<string, number>()
  return {
    isLoop(tool, input) {
      const call = `${tool} ${canonical(input)}`
      const count = (counts.get(call) ?? 0) + 1
      counts.set(call, count)
      return count >= SAME_CALL_LIMIT
    },
  }
}

/** JSON that does not depend on the order of members. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    inner && typeof inner === "object" && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
