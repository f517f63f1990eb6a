import { configMembers, type Config } from "@opencode/protocol/config.ts"
import { z } from "zod"
import { didYouMean } from "../lib/text.ts"
import { misspeltRules, safeRule, SAYS_ASKED } from "./fail-closed.ts"
import { dotted, type ConfigIssue } from "./issue.ts"
import { isObject, type JsonObject } from "./json.ts"

type Members = Record<string, () => z.ZodType>

/**
 * Keeps what is right and drops what is not, member by member. What holds: the value is always a valid `Config`, and
 * every member that was dropped has an issue.
 */
export function validate(written: unknown): { value: Config; issues: ConfigIssue[] }
/** The same for settings of another file. */
export function validate(written: unknown, members: Members): { value: JsonObject; issues: ConfigIssue[] }
export function validate(written: unknown, members: Members = configMembers): { value: object; issues: ConfigIssue[] } {
  const issues: ConfigIssue[] = []
  if (!isObject(written)) {
    issues.push(wrong([], `must be an object, not ${kindOf(written)}`))
    return { value: {}, issues }
  }
  const value = keepMembers(written, [], (key, member, at) => {
    const schema = Object.hasOwn(members, key) ? members[key]?.() : undefined
    if (!schema) return unknownMember(at, written, Object.keys(members), issues)
    const kept = keep(schema, member, at, issues)
    if (kept === DROPPED) return DROPPED
    const checked = schema.safeParse(kept)
    if (key === "permission") issues.push(...misspeltRules(kept, at))
    if (checked.success) return checked.data
    // A rule of the schema that `keep` does not know.
    issues.push(wrong(at, checked.error.issues[0]?.message ?? "is not valid"))
    return DROPPED
  })
  return { value, issues }
}

function unknownMember(at: string[], beside: JsonObject, known: string[], issues: ConfigIssue[]): typeof DROPPED {
  const unused = known.filter((name) => !Object.hasOwn(beside, name))
  const message = `${dotted(at)} is not a known setting; it is ignored.${didYouMean(at.at(-1) ?? "", unused)}`
  issues.push({ severity: "warning", kind: "unknown_key", message, path: at })
  return DROPPED
}

const DROPPED = Symbol("dropped")

const wrong = (path: string[], what: string): ConfigIssue => ({
  severity: "error",
  kind: "wrong_type",
  message: path.length ? `${dotted(path)} ${what}; it is ignored.` : `The configuration ${what}; it is ignored.`,
  path,
})

/** The value without what the schema does not accept, or `DROPPED` when nothing can be kept. */
function keep(schema: z.ZodType, value: unknown, path: string[], issues: ConfigIssue[]): unknown {
  if (schema instanceof z.ZodOptional) return keep(schema.unwrap() as z.ZodType, value, path, issues)
  if (schema instanceof z.ZodUnion) return keepUnion(schema.options as z.ZodType[], value, path, issues)
  if (schema instanceof z.ZodObject) return keepObject(schema, value, path, issues)
  if (schema instanceof z.ZodRecord) {
    if (!isObject(value)) return refuse(schema, value, path, issues)
    return keepMembers(value, path, (key, member, at) => keep(schema.valueType as z.ZodType, member, at, issues))
  }
  if (schema instanceof z.ZodArray) return keepArray(schema.element as z.ZodType, schema, value, path, issues)
  const checked = schema.safeParse(value)
  return checked.success ? checked.data : refuse(schema, value, path, issues)
}

function keepObject(schema: z.ZodObject, value: unknown, path: string[], issues: ConfigIssue[]): unknown {
  if (!isObject(value)) return refuse(schema, value, path, issues)
  const shape = schema.shape as Record<string, z.ZodType>
  const isOpen = schema.def.catchall !== undefined
  const kept = keepMembers(value, path, (key, member, at) => {
    const known = Object.hasOwn(shape, key) ? shape[key] : undefined
    if (known) return keep(known, member, at, issues)
    return isOpen ? member : unknownMember(at, value, Object.keys(shape), issues)
  })
  const missing = Object.keys(shape).filter((key) => !shape[key]?.isOptional() && !Object.hasOwn(kept, key))
  // A member that was there and wrong has its issue already.
  const absent = missing.filter((key) => !Object.hasOwn(value, key))
  if (absent.length) issues.push(wrong(path, `lacks ${absent.map((key) => `\`${key}\``).join(" and ")}`))
  return missing.length ? DROPPED : kept
}

function keepMembers(
  value: JsonObject,
  path: string[],
  each: (key: string, member: unknown, path: string[]) => unknown,
): JsonObject {
  const kept: JsonObject = {}
  for (const [key, member] of Object.entries(value)) {
    const result = each(key, member, [...path, key])
    if (result !== DROPPED && result !== undefined) kept[key] = result
  }
  return kept
}

function keepArray(element: z.ZodType, schema: z.ZodType, value: unknown, path: string[], issues: ConfigIssue[]) {
  if (!Array.isArray(value)) return refuse(schema, value, path, issues)
  const kept = value.map((item, index) => keep(element, item, [...path, String(index)], issues))
  // A command line without one of its words is another command.
  if (path.at(-1) === "command" && kept.includes(DROPPED)) return DROPPED
  return kept.filter((item) => item !== DROPPED)
}

/** The alternative that was meant: the one whose fixed members agree, then the one that explains most of the value. */
function keepUnion(options: z.ZodType[], value: unknown, path: string[], issues: ConfigIssue[]): unknown {
  const tried = options
    .filter((option) => isOfKind(option, value))
    .map((option) => {
      const own: ConfigIssue[] = []
      return { result: keep(option, value, path, own), own, rank: rankOf(option, value) }
    })
  const cost = ({ own }: { own: ConfigIssue[] }) => own.length
  const best = tried.sort(
    (a, b) =>
      b.rank.agreement - a.rank.agreement ||
      Number(a.result === DROPPED) - Number(b.result === DROPPED) ||
      b.rank.known - a.rank.known ||
      cost(a) - cost(b),
  )[0]
  if (!best) return refuse(z.union(options as [z.ZodType, z.ZodType]), value, path, issues)
  issues.push(...best.own)
  return best.result
}

function rankOf(option: z.ZodType, value: unknown): { agreement: number; known: number } {
  if (!(option instanceof z.ZodObject) || !isObject(value)) return { agreement: 0, known: 0 }
  const shape = option.shape as Record<string, z.ZodType>
  const fixed = Object.entries(shape).filter(([, member]) => member instanceof z.ZodLiteral)
  const isAgreed = fixed.every(([key, member]) => member.safeParse(value[key]).success)
  return {
    agreement: fixed.length === 0 ? 0 : isAgreed ? 1 : -1,
    known: Object.keys(value).filter((key) => Object.hasOwn(shape, key)).length,
  }
}

function isOfKind(schema: z.ZodType, value: unknown): boolean {
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord) return isObject(value)
  if (schema instanceof z.ZodArray || schema instanceof z.ZodTuple) return Array.isArray(value)
  return schema.safeParse(value).success
}

/** Drops the value, or takes what is safe where a rule was meant: a rule that is lost would allow what it forbade. */
function refuse(schema: z.ZodType, value: unknown, path: string[], issues: ConfigIssue[]): unknown {
  const rule = safeRule(path, value)
  if (rule !== undefined) {
    const taken = typeof rule === "string" ? `it is taken as "${rule}"` : SAYS_ASKED
    const message = `${dotted(path)} must be ${wantedBy(schema)}, not ${kindOf(value)}; ${taken}.`
    issues.push({ severity: "error", kind: "wrong_type", message, path })
    return rule
  }
  issues.push(wrong(path, `must be ${wantedBy(schema)}, not ${kindOf(value)}`))
  return DROPPED
}

function wantedBy(schema: z.ZodType): string {
  if (schema instanceof z.ZodOptional) return wantedBy(schema.unwrap() as z.ZodType)
  if (schema instanceof z.ZodUnion) {
    return [...new Set((schema.options as z.ZodType[]).map(wantedBy))].join(" or ")
  }
  if (schema instanceof z.ZodObject || schema instanceof z.ZodRecord) return "an object"
  if (schema instanceof z.ZodArray || schema instanceof z.ZodTuple) return "a list"
  if (schema instanceof z.ZodEnum) return `one of ${schema.options.map((option) => JSON.stringify(option)).join(", ")}`
  if (schema instanceof z.ZodLiteral) return [...schema.values].map((option) => JSON.stringify(option)).join(" or ")
  if (schema instanceof z.ZodBoolean) return "true or false"
  if (schema instanceof z.ZodNumber) {
    const least = schema.minValue ?? Number.NEGATIVE_INFINITY
    const kind = schema.isInt ? "a whole number" : "a number"
    return schema.safeParse(0).success || least < 0 ? kind : `${kind} above 0`
  }
  return schema instanceof z.ZodString && schema.minLength === null && schema.safeParse("").success
    ? "text"
    : "text of another form"
}

function kindOf(value: unknown): string {
  if (value === null) return "null"
  if (Array.isArray(value)) return "a list"
  if (typeof value === "string") return "this text"
  if (typeof value === "number") return "this number"
  if (typeof value === "boolean") return String(value)
  return "an object"
}
