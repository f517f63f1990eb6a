/**
 * Whether a JSON Schema that somebody sent can be used: it is told to a provider, and values are compared with it. Both
 * go wrong late and in odd words, so what is wrong with it is said when it comes. Pure; nothing is ever fetched.
 */

/** It goes with every request of the prompt; the largest that providers take are about this long. */
const MAX_CHARACTERS = 100_000
/** Deeper than any form that a person would read, and far from the end of the stack. */
const MAX_DEPTH = 50
/** The same for all that is in it, as a default or a keyword of somebody's own: a level takes two or three. */
const MAX_NESTING = 200

type Node = Record<string, unknown>

/** What is wrong with the schema, as the end of a sentence; undefined when nothing is. */
export function schemaProblem(schema: Node): string | undefined {
  if (isDeeper(schema, MAX_NESTING)) return `it is nested deeper than ${MAX_NESTING} objects and lists`
  if (JSON.stringify(schema).length > MAX_CHARACTERS) return `it is longer than ${MAX_CHARACTERS} characters`
  return nodeProblem(schema, { root: schema, path: "#", depth: 0 })
}

/** Layer by layer: reading deep JSON takes no stack, but nearly everything that is done with it then does. */
function isDeeper(value: unknown, most: number): boolean {
  let layer: unknown[] = [value]
  for (let depth = 0; layer.length > 0; depth++) {
    if (depth > most) return true
    layer = layer.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one) : []))
  }
  return false
}

interface Place {
  root: Node
  path: string
  depth: number
}

function nodeProblem(node: unknown, place: Place): string | undefined {
  if (typeof node === "boolean") return undefined
  if (!isNode(node)) return `${place.path} has to be an object or a boolean`
  if (place.depth > MAX_DEPTH) return `it is nested deeper than ${MAX_DEPTH} levels`
  for (const [keyword, value] of Object.entries(node)) {
    const problem = keywordProblem(keyword, value, place)
    if (problem !== undefined) return problem
  }
  return undefined
}

function keywordProblem(keyword: string, value: unknown, place: Place): string | undefined {
  const at = `${place.path}/${keyword}`
  const inner = (child: unknown, name: string | number) =>
    nodeProblem(child, { ...place, path: name === "" ? at : `${at}/${name}`, depth: place.depth + 1 })
  const wrong = Object.hasOwn(SHAPES, keyword) ? SHAPES[keyword]?.(value) : undefined
  if (wrong !== undefined) return `${at} ${wrong}`
  if (keyword === "$ref" && !pointsInside(value as string, place.root))
    return `${at} has to point into the schema itself ("#/…"), and does not: nothing is fetched`
  if (keyword === "patternProperties") {
    const bad = Object.keys(value as Node).find((pattern) => patternWrong(pattern))
    if (bad !== undefined) return `${at} ${patternWrong(bad)}`
  }
  if (NODES.has(keyword)) return inner(value, "")
  if (keyword === "items" && !Array.isArray(value)) return inner(value, "")
  if (LISTS.has(keyword)) return first((value as unknown[]).map((child, index) => () => inner(child, index)))
  if (MAPS.has(keyword))
    return first(
      Object.entries(value as Node).map(
        ([name, child]) =>
          () =>
            inner(child, name),
      ),
    )
  return undefined
}

/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
const NODES: ReadonlySet<string> = new Set([
  "additionalItems",
  "additionalProperties",
  "contains",
  "else",
  "if",
  "not",
  "propertyNames",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties",
])
const LISTS: ReadonlySet<string> = new Set(["allOf", "anyOf", "items", "oneOf", "prefixItems"])
const MAPS: ReadonlySet<string> = new Set([
  "$defs",
  "definitions",
  "dependentSchemas",
  "patternProperties",
  "properties",
])

const TYPES: ReadonlySet<unknown> = new Set(["array", "boolean", "integer", "null", "number", "object", "string"])

type Shape = (value: unknown) => string | undefined
const shape =
  (fits: (value: unknown) => boolean, wanted: string): Shape =>
  (value) =>
    fits(value) ? undefined : `has to be ${wanted}`

const isText = (value: unknown): value is string => typeof value === "string"
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)
const text = shape(isText, "text")
const number = shape((value) => typeof value === "number", "a number")
const count = shape((value) => Number.isInteger(value) && (value as number) >= 0, "a whole number from 0")
/** In the oldest draft a boolean, beside the bound itself. */
const bound = shape((value) => typeof value === "number" || typeof value === "boolean", "a number")
const list = shape((value) => Array.isArray(value) && value.length > 0, "a list with at least one element")
const map = shape(isNode, "an object")
const unsupported = (): string => "is not supported"

const SHAPES: Record<string, Shape | undefined> = {
  $ref: text,
  $schema: text,
  $id: text,
  id: text,
  $anchor: text,
  $dynamicAnchor: text,
  $dynamicRef: unsupported,
  $recursiveRef: unsupported,
  type: shape(
    (value) => (Array.isArray(value) ? value.length > 0 && value.every((one) => TYPES.has(one)) : TYPES.has(value)),
    `one of ${[...TYPES].join(", ")}, or a list of them`,
  ),
  enum: list,
  required: shape(isTexts, "a list of names"),
  description: text,
  format: text,
  pattern: (value) => text(value) ?? patternWrong(value as string),
  minimum: number,
  maximum: number,
  exclusiveMinimum: bound,
  exclusiveMaximum: bound,
  multipleOf: shape((value) => typeof value === "number" && value > 0, "a number above 0"),
  minLength: count,
  maxLength: count,
  minItems: count,
  maxItems: count,
  minProperties: count,
  maxProperties: count,
  allOf: list,
  anyOf: list,
  oneOf: list,
  prefixItems: list,
  minContains: count,
  maxContains: count,
  uniqueItems: shape((value) => typeof value === "boolean", "true or false"),
  dependentRequired: shape((value) => isNode(value) && Object.values(value).every(isTexts), "lists of names by name"),
  dependencies: unsupported,
  properties: map,
  patternProperties: map,
  dependentSchemas: map,
  $defs: map,
  definitions: map,
}

function patternWrong(pattern: string): string | undefined {
  try {
    // As values are compared with it; this only reads the expression, it does not run it.
    RegExp(pattern, "u")
    return undefined
  } catch (error) {
    return `is no regular expression: ${(error as SyntaxError).message}`
  }
}

/** `#`, or a JSON pointer to something that is there. Its names may be percent-encoded. */
function pointsInside(ref: string, root: Node): boolean {
  if (ref === "#") return true
  if (!ref.startsWith("#/")) return false
  let at: unknown = root
  for (const name of ref.slice(2).split("/")) {
    const key = nameIn(name)
    if (key === undefined || typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return false
    at = (at as Node)[key]
  }
  return isNode(at) || typeof at === "boolean"
}

function nameIn(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded).replaceAll("~1", "/").replaceAll("~0", "~")
  } catch {
    return undefined // a percent sign that encodes nothing
  }
}

function first(checks: (() => string | undefined)[]): string | undefined {
  for (const check of checks) {
    const problem = check()
    if (problem !== undefined) return problem
  }
  return undefined
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
