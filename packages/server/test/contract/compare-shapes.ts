/**
 * Compares two JSON Schemas of two documents by what they say of a value, however they say it: `const` is an `enum` of
 * one, `type: [a, b]` is a union, a union in a union is one. A named shape that both have is compared once, under its name.
 *
 * Not compared: words (`description`, `default`), and whether members that are not named are forbidden, for they are
 * ignored here in what is sent, and clients ignore them in what is answered.
 */
export interface Shape {
  $ref?: string
  type?: string | string[]
  const?: unknown
  enum?: unknown[]
  anyOf?: Shape[]
  oneOf?: Shape[]
  properties?: Record<string, Shape>
  required?: string[]
  items?: Shape
  prefixItems?: Shape[]
  additionalProperties?: boolean | Shape
  patternProperties?: Record<string, Shape>
  [keyword: string]: unknown
}

export type Shapes = Record<string, Shape>

/** What a value of one type may be besides its type. */
const LIMITS = ["pattern", "minimum", "exclusiveMinimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"]
const REFERENCE = "#/components/schemas/"

export interface Comparison {
  /** @param where names the place in what is told of it */
  compare(where: string, ours: Shape | undefined, published: Shape | undefined): void
  /** One line for each difference. */
  differences(): string[]
}

export function createComparison(ours: Shapes, published: Shapes): Comparison {
  const found = new Set<string>()
  const seen = new Set<string>()
  const tell = (where: string, what: string) => void found.add(`${where}: ${what}`)

  function compare(where: string, own: Shape | undefined, other: Shape | undefined): void {
    if (!own || !other) {
      if (own || other) tell(where, own ? "ours only" : "published only")
      return
    }
    const name = nameOf(own)
    if (name !== undefined && name === nameOf(other)) return compareNamed(name)
    // A name of one document only is as good as none, but for what is one word: an id differs in one way everywhere.
    const isWord = name !== undefined && resolved(own, ours).type === "string"
    compareAlternatives(isWord ? name : where, alternatives(own, ours), alternatives(other, published))
  }

  function compareNamed(name: string): void {
    if (seen.has(name)) return
    seen.add(name)
    compareAlternatives(name, alternatives(ours[name]!, ours), alternatives(published[name]!, published))
  }

  function compareAlternatives(where: string, own: Alternatives, other: Alternatives): void {
    const isUnion = own.size > 1 || other.size > 1
    for (const key of other.keys()) if (!own.has(key)) tell(where, `not ${key}`)
    for (const key of own.keys()) if (!other.has(key)) tell(where, `also ${key}`)
    for (const [key, shape] of own) {
      const pendant = other.get(key)
      if (pendant) compareOne(isUnion && !SCALAR.test(key) ? `${where}(${key})` : where, shape, pendant)
    }
  }

  function compareOne(where: string, own: Shape, other: Shape): void {
    const name = nameOf(own)
    if (name !== undefined && name === nameOf(other)) return compareNamed(name)
    const [left, right] = [resolved(own, ours), resolved(other, published)]
    for (const limit of LIMITS) {
      const [mine, theirs] = [limitOf(left, limit), limitOf(right, limit)]
      if (mine !== theirs) tell(where, `${limit} ${mine} instead of ${theirs}`)
    }
    for (const member of new Set([...Object.keys(left.properties ?? {}), ...Object.keys(right.properties ?? {})])) {
      const at = `${where}.${member}`
      // What is not named has the shape of all that is not named.
      const [mine, theirs] = [memberOf(left, member), memberOf(right, member)]
      if (mine && theirs && required(left).includes(member) !== required(right).includes(member))
        tell(at, required(left).includes(member) ? "required" : "optional")
      compare(mine && required(left).includes(member) && !theirs ? `${at} (required)` : at, mine, theirs)
    }
    compare(`${where}[]`, left.items, right.items)
    const [first, second] = [left.prefixItems ?? [], right.prefixItems ?? []]
    for (let at = 0; at < Math.max(first.length, second.length); at++) compare(`${where}[${at}]`, first[at], second[at])
    compare(`${where}{}`, valuesOf(left), valuesOf(right))
  }

  return { compare, differences: () => [...found].sort() }
}

type Alternatives = Map<string, Shape>

/** Alternatives that are compared with each other under the place of the whole: not more than their type is to be said. */
const SCALAR = /^(string|number|integer|boolean|null|array|any|".*"|\d+|true|false)$/

/** What a value may be, each under a name by which the same one is found in the other document. */
function alternatives(shape: Shape, shapes: Shapes): Alternatives {
  const found: Alternatives = new Map()
  const add = (one: Shape): void => {
    const key = keyOf(one, shapes)
    const name = isAmbiguous && key === "object" ? `object ${required(resolved(one, shapes)).join(" ")}` : key
    if (!found.has(name)) found.set(name, one)
    else
      for (let count = 2; ; count++) if (!found.has(`${name} ${count}`)) return void found.set(`${name} ${count}`, one)
  }
  const all = flat(shape, shapes)
  const isAmbiguous = all.filter((one) => keyOf(one, shapes) === "object").length > 1
  for (const one of all) add(one)
  if (found.delete("any")) return new Map([["any", {}]])
  if (found.has("string")) for (const key of [...found.keys()]) if (key.startsWith('"')) found.delete(key)
  return found
}

const required = (shape: Shape): string[] => [...(shape.required ?? [])].sort()

function flat(shape: Shape, shapes: Shapes): Shape[] {
  const { anyOf, oneOf, enum: values, type } = resolved(shape, shapes)
  const union = anyOf ?? oneOf
  if (union) return union.flatMap((one) => flat(one, shapes))
  if (values) return values.map((value) => ({ const: value }))
  if (Array.isArray(type)) return type.map((one) => ({ ...resolved(shape, shapes), type: one }))
  return [shape]
}

function keyOf(shape: Shape, shapes: Shapes): string {
  const one = resolved(shape, shapes)
  if ("const" in one) return JSON.stringify(one.const)
  if (one.type === "object" || one.properties) {
    // What tells the shapes of a union apart: the members that can have one value only.
    const marks = Object.entries(one.properties ?? {}).flatMap(([member, value]) => {
      const only = flat(value, shapes)
      const mark = only.length === 1 && only[0] ? resolved(only[0], shapes).const : undefined
      return typeof mark === "string" ? [`${member}=${mark}`] : []
    })
    return marks.length > 0 ? `object ${marks.sort().join(" ")}` : "object"
  }
  return typeof one.type === "string" ? one.type : "any"
}

function resolved(shape: Shape, shapes: Shapes): Shape {
  const name = nameOf(shape)
  return name === undefined ? shape : resolved(shapes[name] ?? {}, shapes)
}

const nameOf = ({ $ref }: Shape): string | undefined =>
  $ref?.startsWith(REFERENCE) ? $ref.slice(REFERENCE.length) : undefined

/** That a double can hold a whole number is no limit. */
function limitOf(shape: Shape, limit: string): string {
  const value = shape[limit]
  return value === undefined || value === Number.MAX_SAFE_INTEGER ? "none" : String(value)
}

const memberOf = (shape: Shape, member: string): Shape | undefined => shape.properties?.[member] ?? valuesOf(shape)

/** The shape of members that are not named, if it says anything. */
function valuesOf({ additionalProperties, patternProperties }: Shape): Shape | undefined {
  const shape =
    typeof additionalProperties === "object" ? additionalProperties : Object.values(patternProperties ?? {})[0]
  return shape && Object.keys(shape).length > 0 ? shape : undefined
}
