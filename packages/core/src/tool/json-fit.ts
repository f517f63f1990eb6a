import { createContext, Script } from "node:vm"
import type { OutputUnit, Schema } from "@cfworker/json-schema"

/** Compares a value with a JSON Schema that somebody sent; `schemaProblem` has to have found nothing wrong with it. */
export type Fit = { fits: true } | { fits: false; problem: string }

/** A pattern can take for ever on the right text, and references can multiply. Nothing that is meant takes this long. */
const DEADLINE_MS = 1_000
/** A model mends what it is told; more than a few mistakes at once have one cause. */
const MAX_PROBLEMS = 5
/** Of a value that is quoted in a sentence. */
const MAX_SENTENCE = 300

export async function fitOf(value: unknown, schema: Record<string, unknown>): Promise<Fit> {
  const { Validator } = await import("@cfworker/json-schema")
  // A copy, because the library marks the schemas it reads.
  const own = withoutIdentity(structuredClone(schema)) as Schema
  const answer = withinDeadline(() => new Validator(own, "2020-12", false).validate(value))
  if (typeof answer === "string") return { fits: false, problem: answer }
  if (answer.valid) return { fits: true }
  return { fits: false, problem: [...new Set(leaves(answer.errors).map(sentenceOf))].slice(0, MAX_PROBLEMS).join(" ") }
}

/** Runs in this thread, and is stopped by the engine itself: also inside a regular expression. */
function withinDeadline<T>(compare: () => T): T | string {
  try {
    return new Script("compare()").runInContext(createContext({ compare }), { timeout: DEADLINE_MS }) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT")
      return `Comparing it with the schema took longer than ${DEADLINE_MS} ms.`
    // A circle of references that leads nowhere, as a rule: the schema was looked at when it came.
    return `It could not be compared with the schema: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** References are pointers into the schema, so what it or a part of it is called elsewhere must not change their base. */
function withoutIdentity(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withoutIdentity)
  if (typeof schema !== "object" || schema === null) return schema
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([name, value]) => !(IDENTITY.has(name) && typeof value === "string"))
      .map(([name, value]) => [name, DATA.has(name) ? value : withoutIdentity(value)]),
  )
}

const IDENTITY: ReadonlySet<string> = new Set(["$id", "id", "$schema", "$anchor", "$dynamicAnchor"])
const DATA: ReadonlySet<string> = new Set(["const", "enum", "default", "examples"])

/** The library tells of each level that a mistake passes through; only the innermost says what it is. */
function leaves(errors: OutputUnit[]): OutputUnit[] {
  const isOuter = ({ keywordLocation }: OutputUnit) =>
    errors.some((other) => other.keywordLocation.startsWith(`${keywordLocation}/`))
  const inner = errors.filter((error) => !isOuter(error))
  return inner.length > 0 ? inner : errors
}

const sentenceOf = ({ instanceLocation, error }: OutputUnit): string => {
  const place = instanceLocation === "#" ? "The answer" : `"${instanceLocation.slice(2)}"`
  return `${place}: ${error}`.slice(0, MAX_SENTENCE)
}
