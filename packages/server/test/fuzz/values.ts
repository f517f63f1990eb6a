import fc from "fast-check"

/** Values by their JSON schema: mostly such that fit, now and then one that does not, somewhere inside. */
export type Json = Record<string, unknown>

export interface Source {
  /** What a `$ref` names. */
  component(name: string): Json
  /** Ids that exist, and such that do not, by the prefix that they need. */
  ids(prefix: string): fc.Arbitrary<string>
}

/** Deeper than people nest; where a schema refers to itself, its leaves are taken. */
const MAX_LEVELS = 6
const LONG = "a".repeat(20_000)
const HUGE = "b".repeat(1_500_000)

const HOSTILE_TEXT: readonly string[] = [
  "",
  " ",
  "\0",
  "a\0b",
  "\n",
  "a\r\nx-injected: 1",
  "\uD800",
  "\uFEFF\u202Egnp.exe",
  "\u{1F600}".repeat(50),
  "\u001B]0;title\u0007",
  ".",
  "..",
  "../../../../etc/passwd",
  "/etc/passwd",
  "/proc/self/environ",
  "/dev/zero",
  "file:///etc/passwd",
  "file:///dev/zero",
  "data:image/png;base64,AAAA",
  "data:,",
  "-rf",
  "--upload-pack=x",
  "%00",
  "%2e%2e%2f",
  "*",
  "**/*",
  "(((((((((",
  "[",
  "(a+)+$",
  "$1 $ARGUMENTS @. !`true`",
  "{env:HOME}{file:/etc/passwd}",
  "__proto__",
  "constructor",
  "toString",
  "null",
  "NaN",
  "1e999",
  "9007199254740993",
  "-1",
  "true",
  LONG,
]

/** Of numbers: the edges of what fits into bits, and of what makes sense. */
const NUMBERS = [0, -0, 1, -1, 0.5, 1e308, -1e308, 5e-324, 2 ** 31, 2 ** 53, -(2 ** 53) - 2, 1e21]

const hostileText = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...HOSTILE_TEXT) },
  { weight: 4, arbitrary: fc.string({ unit: "binary", maxLength: 40 }) },
  { weight: 1, arbitrary: fc.constant(HUGE) },
)

function nested(levels: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < levels; i++) value = i % 2 ? [value] : { a: value }
  return value
}

/** What nobody expects at any place. Made by parsing, so that `__proto__` is a member. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 5, arbitrary: hostileText },
  { weight: 3, arbitrary: fc.constantFrom(...NUMBERS) },
  {
    weight: 4,
    arbitrary: fc
      .constantFrom(
        "null",
        "true",
        "[]",
        "{}",
        "[null]",
        '{"__proto__":{"isAdmin":true}}',
        '{"constructor":{"prototype":{}}}',
        '{"toString":1,"valueOf":1}',
        '{"":""}',
        JSON.stringify(nested(150)),
        JSON.stringify(Array.from({ length: 3_000 }, (_, at) => at)),
        JSON.stringify(Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`k${at}`, at]))),
      )
      .map((text): unknown => JSON.parse(text)),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
)

/** What is run as it is: words that do no harm wherever they end. */
const HARMLESS: readonly unknown[] = ["true", "echo hi", "/bin/true", "/bin/cat", "nope-nope", "init", "exit 3", ""]
const RUN = new Set(["command", "args", "shell", "start"])

/** What members of these names mean: names of things that there are, so that requests get further than to a lookup. */
const MEANT: Readonly<Record<string, readonly unknown[]>> = {
  providerID: ["mock", "mock", "mock", "other", "anthropic"],
  provider: ["mock", "mock", "other"],
  modelID: ["large", "large", "large", "other"],
  model: ["mock/large", "large", "mock/other", "large"],
  agent: ["build", "plan", "general", "build", "nobody"],
  subagent_type: ["general"],
  path: ["a.txt", "src", "src/b.ts", ".", "", "missing"],
  pattern: ["one", "export|two", "*", "src/**"],
  query: ["a", "b.ts", "*.ts"],
  key: ["model", "agent.build.model", "permission", "provider.mock.options", "nothing"],
  tool: ["bash", "read", "edit", "nope"],
  variant: ["default", "high"],
  mime: ["text/plain", "image/png", "application/x-directory", "nonsense"],
  url: ["data:text/plain,hello", "data:image/png;base64,AAAA", "file:///etc/hostname", "file://", "nonsense"],
  directory: ["src", "missing"],
  projectID: ["global", "missing"],
  format: [undefined, { type: "text" }],
}

/** How a value is made: of what fits alone, or with something that does not, here and there. */
export type Temper = "clean" | "dirty"

/** @param name of the member that the value is of */
export function valueOf(schema: Json, source: Source, temper: Temper, name = ""): fc.Arbitrary<unknown> {
  return made({ source, temper, levels: MAX_LEVELS }, schema, name)
}

interface Making {
  source: Source
  temper: Temper
  levels: number
}

function made(making: Making, schema: Json, name: string): fc.Arbitrary<unknown> {
  const fitting = fits(making, schema, name)
  if (RUN.has(name) || making.temper === "clean") return fitting
  return fc.oneof({ weight: 10, arbitrary: fitting }, { weight: 1, arbitrary: hostile })
}

/** A value that was right, with one thing in it replaced. */
export function spoiled(right: unknown): fc.Arbitrary<unknown> {
  const places = placesOf(right)
  return fc.tuple(fc.nat(places.length - 1), fc.option(hostile, { freq: 5 })).map(([at, other]) => {
    const copy: unknown = structuredClone({ right })
    const path = ["right", ...(places[at] ?? [])]
    const last = path.pop() ?? ""
    const holder = path.reduce<unknown>((value, key) => Reflect.get(value as object, key), copy) as object
    if (other === null) Reflect.deleteProperty(holder, last)
    else Reflect.set(holder, last, other)
    return Reflect.get(copy as object, "right") as unknown
  })
}

function placesOf(value: unknown): string[][] {
  if (typeof value !== "object" || value === null) return [[]]
  const below = Object.entries(value).flatMap(([key, member]) =>
    RUN.has(key) ? [] : placesOf(member).map((path) => [key, ...path]),
  )
  return [[], ...below]
}

function fits(making: Making, schema: Json, name: string): fc.Arbitrary<unknown> {
  const { source, levels } = making
  const deeper = { ...making, levels: levels - 1 }
  const below = (inner: unknown, member = name): fc.Arbitrary<unknown> => made(deeper, (inner ?? {}) as Json, member)
  if (typeof schema.$ref === "string") return fits(deeper, source.component(schema.$ref), name)
  const choices = (schema.anyOf ?? schema.oneOf) as Json[] | undefined
  if (choices) {
    const near = levels > 0 ? choices : choices.slice(0, 1)
    return fc.oneof(...near.map((choice) => fits(making, choice, name)))
  }
  if (Array.isArray(schema.allOf)) {
    const parts = (schema.allOf as Json[]).map((part) => fits(making, part, name))
    return fc.tuple(...parts).map((all) => Object.assign({}, ...all) as unknown)
  }
  if ("const" in schema) return fc.constant(schema.const)
  if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]))
  if (levels <= 0 && schema.type !== "string") return leaf(schema)
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case "string":
      return text(making, schema, name)
    case "number":
    case "integer":
      return number(making, schema)
    case "boolean":
      return fc.boolean()
    case "null":
      return fc.constant(null)
    case "array":
      return list(schema, below)
    case "object":
      return record(making, schema, below)
    default:
      return RUN.has(name) ? fc.constantFrom(...HARMLESS) : hostile
  }
}

/** The least that may stand where no more is to be made. */
function leaf({ type }: Json): fc.Arbitrary<unknown> {
  const least: Record<string, unknown> = { object: {}, array: [], number: 0, integer: 0, boolean: true }
  return fc.constant(least[String(type)] ?? null)
}

function text({ source, temper }: Making, { pattern, maxLength, format }: Json, name: string): fc.Arbitrary<unknown> {
  if (RUN.has(name)) return fc.constantFrom(...HARMLESS)
  const prefix = typeof pattern === "string" ? /^\^([a-z]{3})/.exec(pattern)?.[1] : undefined
  if (prefix !== undefined) return source.ids(prefix)
  const meant = MEANT[name]
  const most = typeof maxLength === "number" ? maxLength : undefined
  const dirty = temper === "dirty" ? 1 : 0
  return fc.oneof(
    { weight: meant ? 20 : 0, arbitrary: fc.constantFrom(...(meant ?? [""])) },
    { weight: 4, arbitrary: fc.string({ maxLength: Math.min(most ?? 30, 30) }) },
    { weight: 2 * dirty, arbitrary: hostileText },
    {
      weight: most === undefined ? 0 : 1,
      arbitrary: fc.constantFrom("x".repeat(most ?? 0), "x".repeat((most ?? 0) + dirty)),
    },
    { weight: format === undefined ? 0 : 4, arbitrary: fc.webUrl({ validSchemes: ["file"] }) },
  )
}

function number({ temper }: Making, { minimum, maximum }: Json): fc.Arbitrary<unknown> {
  const edges = [minimum, maximum].filter((edge) => typeof edge === "number")
  const [least, most] = [
    typeof minimum === "number" ? Math.ceil(minimum) : 0,
    typeof maximum === "number" ? maximum : 100,
  ]
  if (temper === "clean") return fc.integer({ min: least, max: Math.max(least, Math.min(most, least + 1_000)) })
  const around = edges.flatMap((edge) => [edge, edge - 1, edge + 1])
  return fc.oneof(fc.integer({ min: -3, max: 100 }), fc.constantFrom(...NUMBERS, ...around))
}

function list({ items, prefixItems }: Json, below: (inner: unknown) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  if (Array.isArray(prefixItems)) return fc.tuple(...prefixItems.map((item) => below(item)))
  return fc.array(below(items), { maxLength: 3 })
}

const EXTRA = fc.constantFrom("extra", "__proto__", "constructor", "toString", "", "a\0", "id")

function record(
  { temper }: Making,
  schema: Json,
  below: (inner: unknown, name: string) => fc.Arbitrary<unknown>,
): fc.Arbitrary<unknown> {
  const properties = (schema.properties ?? {}) as Record<string, Json>
  const required = new Set(schema.required as string[] | undefined)
  const members = Object.entries(properties).map(([name, inner]) => {
    const chance = required.has(name) ? (temper === "dirty" ? fc.nat(25) : fc.constant(1)) : fc.nat(2).map((n) => n % 2)
    return fc.tuple(fc.constant(name), chance, below(inner, name))
  })
  const more = schema.additionalProperties
  const others =
    typeof more === "object" && more !== null
      ? fc.array(fc.tuple(fc.oneof(fc.string({ maxLength: 8 }), EXTRA), below(more, "")), { maxLength: 2 })
      : fc.array(fc.tuple(EXTRA, hostile), { maxLength: temper === "dirty" ? 1 : 0 })
  return fc.tuple(fc.tuple(...members), others).map(([known, unknown]) => {
    const kept = known.filter(([, chance]) => chance !== 0).map(([name, , value]) => [name, value] as const)
    return membersOf([...kept, ...unknown])
  })
}

/** `__proto__` is a member like any other, as it is in JSON that was parsed. */
function membersOf(entries: (readonly [string, unknown])[]): object {
  const made = {}
  for (const [name, value] of entries) {
    Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true })
  }
  return made
}
