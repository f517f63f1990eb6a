import type { ConfigIssue } from "../config/issue.ts"
import type { ConfigSnapshot } from "../config/load.ts"
import { isSame } from "../config/stamp.ts"
import type { Models } from "../model/resolve.ts"
import type { Generation } from "./settings.ts"

/**
 * The settings over time. They are read as a whole and never changed: another reading makes another generation, and a
 * running turn keeps the one that it began with.
 */
export interface Settings {
  current(): Generation
  /** Reads everything again. @returns the new generation, or the same when nothing is different */
  reload(): Promise<Generation>
  /** The settings as they are on disk now, for what begins now: reads again when something there has changed. */
  fresh(): Promise<Generation>
  /** The configuration as it was last read: what is in effect, with the places where it stands today. */
  loaded(): ConfigSnapshot
  /** What is wrong with the settings that are in effect, with the places where that stands today. */
  issues(): readonly ConfigIssue[]
  /** The agents of now, whenever something is asked of them. */
  agents: Generation["agents"]
  /** The models of now, whenever something is asked of them. */
  models: Models
}

/** What one reading came to. */
export interface Read {
  generation: Generation
  /** The configuration as it was read, which may be another reading of the same. */
  loaded: ConfigSnapshot
  /** What is wrong with it and with what came of it, with the places of that reading. */
  issues: ConfigIssue[]
}

export interface GenerationsInput {
  first: Read
  /** @returns with the generation of `before` when nothing is different */
  read(before: Read): Promise<Read>
  /** A new generation is in effect. */
  changed(generation: Generation): void
}

export function createGenerations({ first, read, changed }: GenerationsInput): Settings {
  let last = first
  let current = first.generation
  /** One reading at a time, so that an older one never takes the place of a newer one. */
  let reading: Promise<unknown> = Promise.resolve()

  function reload(): Promise<Generation> {
    const next = reading.then(async () => {
      last = await read(last)
      const isNew = last.generation !== current
      current = last.generation
      if (isNew) changed(current)
      return current
    })
    reading = next.catch(() => {}) // whoever asked hears of it
    return next
  }

  /** Each looks for itself: what changed after somebody else began to look is seen too. */
  async function fresh(): Promise<Generation> {
    await reading
    const { reading: from } = last.loaded
    return from && (await isSame(from.stamp)) ? current : reload()
  }

  const models = (): Models => current.models
  return {
    current: () => current,
    loaded: () => last.loaded,
    issues: () => last.issues,
    reload,
    fresh,
    agents: {
      list: () => current.agents.list(),
      get: (name) => current.agents.get(name),
      names: () => current.agents.names(),
      get default() {
        return current.agents.default
      },
    },
    models: {
      list: () => models().list(),
      all: () => models().all(),
      defaults: () => models().defaults(),
      default: () => models().default(),
      small: (main) => models().small(main),
      resolve: (ref) => models().resolve(ref),
      settle: (ref, variant) => models().settle(ref, variant),
      offers: (ref, variant) => models().offers(ref, variant),
      keyVariables: () => models().keyVariables(),
    },
  }
}

/** Whether two readings say the same, and each value comes from the same layer: who set an address decides about keys. */
export const isSameConfig = (a: ConfigSnapshot, b: ConfigSnapshot): boolean =>
  JSON.stringify([a.value, unplaced(a), a.trust, origins(a)]) ===
  JSON.stringify([b.value, unplaced(b), b.trust, origins(b)])

/** A comment that moves what is wrong changes nothing about it. */
const unplaced = ({ issues }: ConfigSnapshot) => issues.map(({ line: _, column: __, ...issue }) => issue)

function origins({ value, origin }: ConfigSnapshot): string[] {
  const found: string[] = []
  const visit = (member: unknown, path: string[]): void => {
    const { layer, file = "" } = origin(path) ?? {}
    found.push(`${layer} ${file}`)
    if (typeof member === "object" && member !== null)
      for (const [key, below] of Object.entries(member)) visit(below, [...path, key])
  }
  visit(value, [])
  return found
}
