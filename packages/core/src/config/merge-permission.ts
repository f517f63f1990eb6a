import type { PermissionAction, PermissionConfig } from "@opencode/protocol/permission.ts"
import { counts, permissionOf } from "../permission/rules.ts"
import { matches } from "../permission/wildcard.ts"

/**
 * Two layers of permission settings as one. What holds: evaluating the result (last match wins) gives the same answer
 * as evaluating all rules of `below` and then all rules of `above`. A key that both have can be written only once, so
 * it moves to the end, and takes with it what the wildcard keys that it passes on its way say about it.
 * (Not exact for two wildcard keys of which neither contains the other, such as `a*` and `*b`; nor for `control_file`,
 * where one that denies under `*` gives way to one that allows: what is left then is the question.)
 */
export function mergePermission(below: PermissionConfig | undefined, above: PermissionConfig): PermissionConfig {
  if (below === undefined) return above
  const merged: Keys = new Map()
  for (const config of [below, above]) {
    for (const [name, value] of Object.entries(typeof config === "string" ? { "*": config } : config)) {
      // Several tool names answer to one permission.
      put(merged, permissionOf(name), new Map(Object.entries(typeof value === "string" ? { "*": value } : value)))
    }
  }
  return Object.fromEntries([...merged].map(([key, patterns]) => [key, written(patterns)]))
}

type Patterns = Map<string, PermissionAction>
type Keys = Map<string, Patterns>

/** Adds rules after all that are there. */
function put(merged: Keys, key: string, patterns: Patterns): void {
  if (!merged.has(key)) {
    merged.set(key, patterns)
    return
  }
  // Narrower keys that came after this one must stay after it, with what it says now on top.
  const moving = [key, ...keysAfter(merged, key).filter((other) => covers(key, other))]
  for (const mover of moving) {
    for (const other of keysAfter(merged, mover))
      if (covers(other, mover)) append(merged.get(mover), saidAbout(mover, other, merged.get(other)))
  }
  for (const mover of moving) {
    const own = merged.get(mover) ?? new Map()
    append(own, saidAbout(mover, key, patterns))
    merged.delete(mover)
    merged.set(mover, own)
  }
}

/** What the rules under a key mean for another one: under its name they would mean more, where only its name allows. */
const saidAbout = (name: string, key: string, patterns: Patterns = new Map()): Patterns =>
  new Map([...patterns].filter(([pattern, action]) => counts({ permission: key, pattern, action }, name)))

/** A later rule for the same pattern replaces the earlier one, and one for `*` all that came before. */
function append(patterns: Patterns | undefined, later: Patterns | undefined): void {
  for (const [pattern, action] of later ?? []) {
    if (pattern === "*") patterns?.clear()
    patterns?.delete(pattern)
    patterns?.set(pattern, action)
  }
}

function keysAfter(merged: Keys, key: string): string[] {
  const keys = [...merged.keys()]
  return keys.slice(keys.indexOf(key) + 1)
}

const covers = (wildcard: string, key: string) => wildcard !== key && /[*?]/.test(wildcard) && matches(wildcard, key)

const written = (patterns: Patterns) => {
  const only = patterns.size === 1 ? patterns.get("*") : undefined
  return only ?? Object.fromEntries(patterns)
}
