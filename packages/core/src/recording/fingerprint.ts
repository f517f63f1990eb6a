import { createHash } from "node:crypto"
import { clip } from "../lib/text.ts"

/**
 * What a request to a model said, as hashes: enough to see that another version of the program says something else, and
 * where, without keeping the conversation a second time. By member of the body; a list has one hash for each item.
 */
export type Fingerprint = Record<string, string | string[]>

/** Folders by the word that stands for them: a replay works in another place. */
export type Places = ReadonlyMap<string, string>

/** Gives a folder its word, and its worktree one of its own where that is another folder. */
export function namePlace(places: Map<string, string>, folder: { directory: string; worktree: string }): void {
  const number = places.size + 1
  if (!places.has(folder.directory)) places.set(folder.directory, `<folder ${number}>`)
  if (folder.worktree !== "/" && !places.has(folder.worktree)) places.set(folder.worktree, `<worktree ${number}>`)
}

/** 32 bits: a change that goes unseen once in four billion is no loss. */
const HASH_CHARACTERS = 8
/** Of the text that differs. */
const SHOWN_CHARACTERS = 400

export function fingerprint(body: string, places: Places): Fingerprint {
  const said = parsed(body)
  return Object.fromEntries(
    Object.entries(said).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map((item) => hash(item, places)) : hash(value, places),
    ]),
  )
}

/** The first place where a request differs from the recorded one, with what it says there now; undefined: nowhere. */
export function changeOf(recorded: Fingerprint, body: string, places: Places): string | undefined {
  const now = fingerprint(body, places)
  const said = parsed(body)
  const show = (value: unknown): string =>
    clip(withPlaces(JSON.stringify(value) ?? "nothing", places), SHOWN_CHARACTERS)
  for (const name of new Set([...Object.keys(recorded), ...Object.keys(now)])) {
    const [before, after] = [recorded[name], now[name]]
    if (!Array.isArray(before) || !Array.isArray(after)) {
      if (String(before) !== String(after)) return `"${name}" differs; now it is ${show(said[name])}`
      continue
    }
    const index = before.findIndex((item, at) => item !== after[at])
    const items = said[name] as unknown[]
    if (index >= 0) return `"${name}[${index}]" differs; now it is ${show(items[index])}`
    if (after.length > before.length)
      return `"${name}" has ${after.length} items instead of ${before.length}; the first that is new is ${show(items[before.length])}`
  }
  return undefined
}

/** The text with the folders' words in the places of their names, longer names first. */
export function withPlaces(text: string, places: Places): string {
  const names = [...places.keys()].sort((a, b) => b.length - a.length)
  return names.reduce((all, name) => all.replaceAll(name, places.get(name) ?? name), text)
}

const hash = (value: unknown, places: Places): string =>
  createHash("sha256")
    .update(withPlaces(JSON.stringify(value), places))
    .digest("hex")
    .slice(0, HASH_CHARACTERS)

function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value }
  } catch {
    // a body in another format is compared as a whole
  }
  return { body }
}
