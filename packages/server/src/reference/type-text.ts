import type { Shape } from "./document.ts"

/** How pieces of a type are written: plain for Markdown, escaped and linked for a page. */
export interface Marks {
  /** A shape that has a name of its own. */
  name(name: string): string
  text(text: string): string
  comment(text: string): string
}

export const PLAIN: Marks = { name: (name) => name, text: (text) => text, comment: (text) => text }

/** A union or record that is longer than this is written over several lines. */
const LINE = 90
const REFERENCE = "#/components/schemas/"

/** A schema as a type of TypeScript, which most people who read it know. */
export function typeText(shape: Shape, marks: Marks, indent = ""): string {
  const { $ref, const: only, enum: values, anyOf, oneOf, type } = shape
  if ($ref?.startsWith(REFERENCE)) return marks.name($ref.slice(REFERENCE.length))
  if (only !== undefined) return marks.text(JSON.stringify(only))
  if (values) {
    const texts = values.map((value) => marks.text(JSON.stringify(value)))
    return union(texts, indent)
  }
  const options = anyOf ?? oneOf
  if (options) return union(unique(options.map((one) => typeText(one, marks, `${indent}  `))), indent)
  if (Array.isArray(type))
    return union(
      type.map((one) => typeText({ ...shape, type: one }, marks, indent)),
      indent,
    )
  if (type === "array") return arrayText(shape, marks, indent)
  if (type === "object" || shape.properties) return objectText(shape, marks, indent)
  return marks.text(type === "integer" ? "number" : (type ?? "unknown"))
}

function arrayText({ items, prefixItems }: Shape, marks: Marks, indent: string): string {
  if (prefixItems) return `[${prefixItems.map((one) => typeText(one, marks, indent)).join(", ")}]`
  const element = typeText(items ?? {}, marks, indent)
  return items && isUnion(items) ? `(${element})[]` : `${element}[]`
}

function objectText(shape: Shape, marks: Marks, indent: string): string {
  const { properties = {}, required = [], additionalProperties } = shape
  const inner = `${indent}  `
  const members = Object.entries(properties).map(([name, member]) => {
    const mark = required.includes(name) ? "" : "?"
    const note = noteOf(member)
    const comment = note ? ` ${marks.comment(`// ${note}`)}` : ""
    return `${inner}${marks.text(keyText(name))}${mark}: ${typeText(member, marks, inner)}${comment}`
  })
  if (additionalProperties) {
    const values = additionalProperties === true ? "unknown" : typeText(additionalProperties, marks, inner)
    if (members.length === 0) return `Record${marks.text("<")}string, ${values}${marks.text(">")}`
    members.push(`${inner}[name: string]: ${values}`)
  }
  return members.length === 0 ? "{}" : `{\n${members.join("\n")}\n${indent}}`
}

const isUnion = ({ anyOf, oneOf, enum: values, type }: Shape): boolean =>
  [anyOf, oneOf, values, type].some((options) => Array.isArray(options) && options.length > 1)

const keyText = (name: string): string => (/^[\w$]+$/.test(name) ? name : JSON.stringify(name))
const unique = (texts: string[]): string[] => [...new Set(texts)]

function union(options: string[], indent: string): string {
  const line = options.join(" | ")
  const seen = line.replaceAll(/<[^>]*>/g, "") // of a page the tags are not seen
  const isShort = seen.length <= LINE && !line.includes("\n")
  return isShort || options.length === 1 ? line : options.map((one) => `\n${indent}  | ${one}`).join("")
}

/** What a type cannot say of a value: its purpose, its bounds, what stands for it when it is absent. */
export function noteOf(shape: Shape): string {
  const notes = [shape.description?.replaceAll(/\s+/g, " "), bounds(shape), shape.pattern && `like ${shape.pattern}`]
  if (shape.default !== undefined) notes.push(`default ${JSON.stringify(shape.default)}`)
  return notes.filter(Boolean).join("; ")
}

function bounds(shape: Shape): string {
  const { type, minimum, exclusiveMinimum, maximum, minLength, maxLength, minItems, maxItems } = shape
  const whole = type === "integer" ? "whole" : ""
  const low = exclusiveMinimum === undefined ? minimum : type === "integer" ? exclusiveMinimum + 1 : undefined
  const above = exclusiveMinimum !== undefined && type !== "integer" ? `above ${exclusiveMinimum}` : ""
  const most = (value: number, of = ""): string => `at most ${value.toLocaleString("en")}${of}`
  return [
    whole,
    above,
    low !== undefined && low > Number.MIN_SAFE_INTEGER ? `at least ${low.toLocaleString("en")}` : "",
    maximum === undefined ? "" : most(maximum),
    minLength ? `at least ${minLength} character${minLength === 1 ? "" : "s"}` : "",
    maxLength === undefined ? "" : most(maxLength, " characters"),
    minItems ? `at least ${minItems}` : "",
    maxItems === undefined ? "" : most(maxItems),
  ]
    .filter(Boolean)
    .join(", ")
}
