/**
 * The shape of what is inside a `data` column. Invariants: a row is written in the newest shape and upgraded when read,
 * step by step; a row of a newer program, or of a kind nobody here knows, comes back as it is.
 */
export type Upgrade = (old: Record<string, unknown>) => Record<string, unknown>

export interface Versioned<T> {
  /** What new rows carry in their `v` column. Counts from 1. */
  readonly current: number
  encode(value: T): string
  /** @throws SyntaxError when `data` is not JSON */
  decode(data: string, v: number): T
  /** The JSON of a row in the newest shape: as it is stored, where it was stored in it. */
  text(data: string, v: number): string
}

/** @param upgrades the n-th brings a value from shape n to n+1; append only */
export function versioned<T extends object>(upgrades: readonly Upgrade[] = []): Versioned<T> {
  const decode = (data: string, v: number): T => {
    let value = JSON.parse(data)
    for (const upgrade of upgrades.slice(v - 1)) value = upgrade(value)
    return value
  }
  return {
    current: upgrades.length + 1,
    encode: (value) => JSON.stringify(value),
    decode,
    text: (data, v) => (v > upgrades.length ? data : JSON.stringify(decode(data, v))),
  }
}
