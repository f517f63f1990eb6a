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
  const problems = parsed.error.issues.slice(0, MAX_PROBLEMS).map((issue) => problemOf(issue, value))
  throw fault("bad_request", problems.join("\n"), { kind })
}

function problemOf(issue: z.core.$ZodIssue, value: unknown): string {
  if (issue.code === "invalid_union" && issue.errors.length > 0) {
    // The branch that came nearest: it has the fewest objections.
    const [first] = issue.errors.reduce((best, branch) => (branch.length < best.length ? branch : best))
    if (first) return problemOf({ ...first, path: [...issue.path, ...first.path] }, value)
  }
  const { path } = issue
  if (path.length === 0) return value === undefined ? "Missing body" : issue.message
  const what = isMissing(path, value) ? "Missing key" : issue.message
  return `${what}\n  at ${path.map((key) => `[${JSON.stringify(key)}]`).join("")}`
}

function isMissing(path: readonly PropertyKey[], value: unknown): boolean {
  let at = value
  for (const key of path) at = typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined
  return at === undefined
}
