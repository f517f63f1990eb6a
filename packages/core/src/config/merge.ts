import type { Config } from "@opencode/protocol/config.ts"
import type { PermissionConfig } from "@opencode/protocol/permission.ts"
import { isObject, valueAt, type JsonObject } from "./json.ts"
import type { Layer } from "./layers.ts"
import { mergePermission } from "./merge-permission.ts"

/** Who set a value. `file` is missing for what was not read from a file. */
export interface Origin {
  layer: Layer
  file?: string
}

export interface Merge {
  /** The layers so far. Another object, or the same with more in it, after each `add`. */
  readonly value: Config
  /** Later layers win, value by value. */
  add(config: Config, origin: Origin): void
  /** Who set the value, or for an object or list who touched it last. Nothing for a value that is not set. */
  origin(path: readonly string[]): Origin | undefined
}

/** Lists that every layer adds to; all other lists are replaced. */
const CONCATENATED = new Set(["instructions", "plugin"])

export function createMerge(): Merge {
  let value: JsonObject = {}
  const origins = new Map<string, Origin>()
  /** Objects that only this value holds: with a thousand texts they must not be copied for each. */
  const owned = new WeakSet<JsonObject>()
  return {
    get value() {
      return value as Config
    },
    add(config, origin) {
      const mark = (path: string[]) => {
        for (let length = 0; length <= path.length; length++) origins.set(keyOf(path.slice(0, length)), origin)
      }
      value = mergeObject(value, config, [], { mark, owned })
    },
    origin(path) {
      if (valueAt(value, path) === undefined) return undefined
      // Members of a list that was replaced as a whole have the list's origin.
      for (let length = path.length; length >= 0; length--) {
        const found = origins.get(keyOf(path.slice(0, length)))
        if (found) return found
      }
      return undefined
    },
  }
}

const keyOf = (path: readonly string[]) => JSON.stringify(path)

type Mark = (path: string[]) => void

interface Merging {
  mark: Mark
  owned: WeakSet<JsonObject>
}

function mergeObject(below: JsonObject, above: JsonObject, path: string[], merging: Merging): JsonObject {
  const merged = merging.owned.has(below) ? below : { ...below }
  merging.owned.add(merged)
  for (const [key, value] of Object.entries(above)) {
    if (value === undefined) continue
    const member = [...path, key]
    merged[key] = mergeMember(merged[key], value, member, merging)
  }
  return merged
}

function mergeMember(below: unknown, above: unknown, path: string[], merging: Merging): unknown {
  const { mark } = merging
  if (isPermission(path)) {
    markLeaves(above, path, mark)
    return mergePermission(below as PermissionConfig | undefined, above as PermissionConfig)
  }
  if (Array.isArray(above) && Array.isArray(below) && path.length === 1 && CONCATENATED.has(path[0] ?? "")) {
    const known = new Set(below.map((item) => JSON.stringify(item)))
    const added = above.filter((item) => !known.has(JSON.stringify(item)))
    added.forEach((_, index) => mark([...path, String(below.length + index)]))
    return [...below, ...added]
  }
  if (isObject(above) && isObject(below) && !isOtherKind(below, above)) return mergeObject(below, above, path, merging)
  markLeaves(above, path, mark)
  return above
}

/** The order of its members has a meaning, so it is not merged like the rest. */
const isPermission = (path: string[]) =>
  path.at(-1) === "permission" && (path.length === 1 || (path.length === 3 && path[0] === "agent"))

/** A local MCP server and a remote one have nothing to share. */
const isOtherKind = (below: JsonObject, above: JsonObject) =>
  typeof below.type === "string" && typeof above.type === "string" && below.type !== above.type

function markLeaves(value: unknown, path: string[], mark: Mark): void {
  mark(path)
  if (Array.isArray(value)) value.forEach((_, index) => mark([...path, String(index)]))
  else if (isObject(value)) for (const [key, member] of Object.entries(value)) markLeaves(member, [...path, key], mark)
}
