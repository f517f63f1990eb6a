/**
 * Names of calls and tools as all providers take them. The characters are Anthropic's; a call's id has at most 40 of them
 * in OpenAI's chat completions (64 elsewhere), a tool's name 64; a name begins with a letter or `_` at Google's.
 */

export interface CallNames {
  unique(callID: string): string
}

const MAX_NAME = 64
/** Of the 40 the rest is for the number that tells apart what came with one id. */
const MAX_BASE = 32

const legal = (name: string, length: number): string =>
  (/[^A-Za-z0-9_-]/.test(name) ? name.replaceAll(/[^A-Za-z0-9_-]/g, "_") : name).slice(0, length)

/** A model may have called by any name, and a call that was cut off kept it. */
export function toolName(name: string): string {
  const known = legal(name, MAX_NAME) || "invalid"
  return /^[A-Za-z_]/.test(known) ? known : `_${known.slice(0, MAX_NAME - 1)}`
}

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
