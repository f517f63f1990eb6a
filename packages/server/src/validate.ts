import { fault } from "@opencode/core/lib/fault.ts"
import type { Schema } from "@opencode/protocol/schema.ts"
import type { z } from "zod"

/** Which part of a request is wrong, in the contract's words. */
export type Kind = "Params" | "Query" | "Payload"

/** Problems named in one answer: the first few lead to the rest. */
const MAX_PROBLEMS = 5

/**
 * Parses what came in; members that the schema does not know are left out.
 * @returns undefined without a schema
 * @throws fault `bad_request` that names each wrong member: `Missing key\n  at ["parts"]`
 */
export function validate(schema: Schema | undefined, value: unknown, kind: Kind): unknown {
  if (!schema) return undefined
  const parsed = schema().safeParse(value)
  if (parsed.success) return parsed.data
  const nulls = parsed.error.issues.flatMap(placesOf).filter((path) => isNullMember(path, value))
  if (nulls.length > 0) return validate(schema, without(nulls, value), kind)
  const problems = parsed.error.issues.slice(0, MAX_PROBLEMS).map((issue) => problemOf(issue, value))
  throw fault("bad_request", problems.join("\n"), { kind })
}

type Path = readonly PropertyKey[]

/** Where an issue, and those of all branches below it, found something wrong. */
function placesOf(issue: z.core.$ZodIssue): Path[] {
  if (issue.code !== "invalid_union") return [issue.path]
  const below = issue.errors.flat().flatMap(placesOf)
  return [issue.path, ...below.map((path) => [...issue.path, ...path])]
}

/** Programs write null for what they do not fill, and OpenCode takes it for left out. In a list it has a place. */
function isNullMember(path: Path, value: unknown): boolean {
  return path.length > 0 && at(path, value) === null && !Array.isArray(at(path.slice(0, -1), value))
}

function without(paths: readonly Path[], value: unknown): unknown {
  const copy: unknown = structuredClone(value)
  for (const path of paths) {
    const holder = at(path.slice(0, -1), copy)
    if (typeof holder === "object" && holder !== null) Reflect.deleteProperty(holder, path.at(-1)!)
  }
  return copy
}

function problemOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    const below = issue.errors.map((branch) => branch.map((one) => ({ ...one, path: [...issue.path, ...one.path] })))
    const [first] = nearest(below, value)
    if (first) return problemOf({ ...first, message: wordsOf(first, below.flat()) }, value)
  }
  const { path } = issue
  if (path.length === 0) return value === undefined ? "Missing body" : issue.message
  const what = at(path, value) === undefined ? "Missing key" : issue.message
  return `${what}\n  at ${path.map((key) => `[${JSON.stringify(key)}]`).join("")}`
}

/** The branch with the fewest objections was meant; of two, the one that is wrong rather than not there. */
function nearest(branches: z.core.$ZodIssue[][], value: unknown): z.core.$ZodIssue[] {
  const distance = (issues: z.core.$ZodIssue[]): number =>
    issues.reduce((sum, { path }) => sum + (at(path, value) === undefined ? 2 : 1), 0)
  return branches.reduce((best, branch) => (distance(branch) < distance(best) ? branch : best))
}

/** A word that no branch knows could have been any that one of them knows. */
function wordsOf(issue: z.core.$ZodIssue, all: readonly z.core.$ZodIssue[]): string {
  if (issue.code !== "invalid_value") return issue.message
  const same = all.filter((one) => one.code === "invalid_value" && String(one.path) === String(issue.path))
  const words = new Set(same.flatMap((one) => (one.code === "invalid_value" ? one.values : [])))
  if (words.size < 2) return issue.message
  return `Invalid option: expected one of ${[...words].map((word) => JSON.stringify(word)).join("|")}`
}

function at(path: Path, value: unknown): unknown {
  let found = value
  for (const key of path) found = typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined
  return found
}
