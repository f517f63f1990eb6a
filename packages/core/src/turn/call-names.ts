/** Names of calls and tools as all providers take them: 64 characters is OpenAI's limit, the characters are Anthropic's. */

export interface CallNames {
  unique(callID: string): string
}

const MAX_NAME = 64
/** Room for the number that tells apart what came with one id. */
const MAX_BASE = 56

const legal = (name: string, length: number): string =>
  (/[^A-Za-z0-9_-]/.test(name) ? name.replaceAll(/[^A-Za-z0-9_-]/g, "_") : name).slice(0, length)

/** A model may have called by any name, and a call that was cut off kept it. */
export const toolName = (name: string): string => legal(name, MAX_NAME) || "invalid"

/** Ids that are unique. The same history gives the same names, whatever comes after it. */
export function callNames(): CallNames {
  const used = new Set<string>()
  /** Some servers give every call the same id: counting on from the last number keeps a long session linear. */
  const counts = new Map<string, number>()
  return {
    unique(callID) {
      const base = legal(callID, MAX_BASE) || "call"
      let count = counts.get(base) ?? 1
      let name = count === 1 ? base : `${base}_${count}`
      while (used.has(name)) name = `${base}_${++count}`
      counts.set(base, count + 1)
      used.add(name)
      return name
    },
  }
}
