import { stat } from "node:fs/promises"
import { dirname } from "node:path"

/**
 * What the places looked like that configuration was read from, so that a change is noticed without watching and without
 * reading. Links are followed: what they lead to was read.
 */
export interface Stamp {
  places: readonly string[]
  /** Undefined: something was changed while it was read, or just before, when clocks of files cannot tell. */
  text: string | undefined
}

/** Clocks of files are coarse: within this, a second change has the time of the first. */
const COARSE_MS = 50
/** At once: enough to be quick, few enough to leave threads to others. */
const AT_ONCE = 16

/** @param since when the reading began, in milliseconds since the epoch */
export async function takeStamp(looked: Iterable<string>, since: number): Promise<Stamp> {
  const places = await worthLookingAt([...new Set(looked)])
  const { text, newest } = await lookAt(places)
  return { places, text: newest > since - COARSE_MS ? undefined : text }
}

export const isSame = async ({ places, text }: Stamp): Promise<boolean> =>
  text !== undefined && (await lookAt(places)).text === text

/** Where a folder is missing, so is everything in it: the nearest folder that exists tells of both. */
async function worthLookingAt(paths: string[]): Promise<string[]> {
  const isThere = new Map<string, Promise<boolean>>()
  const exists = (path: string): Promise<boolean> => {
    const known =
      isThere.get(path) ??
      stat(path).then(
        () => true,
        () => false,
      )
    isThere.set(path, known)
    return known
  }
  const kept = new Set<string>()
  for (const path of paths) {
    let place = path
    while (dirname(place) !== place && !(await exists(place)) && !(await exists(dirname(place)))) place = dirname(place)
    kept.add(place)
  }
  return [...kept].sort()
}

async function lookAt(places: readonly string[]): Promise<{ text: string; newest: number }> {
  const lines: string[] = []
  let newest = 0
  for (let first = 0; first < places.length; first += AT_ONCE) {
    const some = places.slice(first, first + AT_ONCE)
    const found = await Promise.all(some.map((place) => stat(place, { bigint: true }).catch(() => undefined)))
    for (const one of found) {
      // A folder counts for the names in it alone.
      lines.push(one ? `${one.dev} ${one.ino} ${one.isDirectory() ? "" : one.size} ${one.mtimeNs} ${one.ctimeNs}` : "-")
      if (one) newest = Math.max(newest, Number(one.mtimeNs / NANOSECONDS), Number(one.ctimeNs / NANOSECONDS))
    }
  }
  return { text: lines.join("\n"), newest }
}

const NANOSECONDS = 1_000_000n
