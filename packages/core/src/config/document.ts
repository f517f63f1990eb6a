import type { Node, ParseError } from "jsonc-parser"
import { plain } from "./json.ts"

export interface Position {
  /** Both count from 1. */
  line: number
  column: number
}

export interface Unreadable {
  problem: string
  position: Position
}

/** Where members are written, or the nearest thing around them. */
export type Locate = (paths: readonly (readonly string[])[]) => Promise<(Position | undefined)[]>

/** Of what is written nowhere. */
export const nowhere: Locate = async (paths) => paths.map(() => undefined)

export type ParsedDocument = { value: unknown; locate: Locate } | Unreadable

const OPTIONS = { allowTrailingComma: true, disallowComments: false, allowEmptyContent: true }

/** JSON with comments and trailing commas. Strict JSON, the usual case, does not load the tolerant parser. */
export async function parseJson(text: string): Promise<ParsedDocument> {
  const parsed = await parseText(text)
  return "problem" in parsed ? parsed : { ...parsed, locate: (paths) => locate(text, paths) }
}

async function parseText(text: string): Promise<{ value: unknown } | Unreadable> {
  if (!text.trim()) return { value: {} }
  try {
    return { value: plain(JSON.parse(text)) }
  } catch (error) {
    // Comments, a trailing comma, or nesting too deep for the stack. The tolerant parser tells which.
    if (!(error instanceof SyntaxError)) return { problem: "it is nested too deeply", position: { line: 1, column: 1 } }
  }
  const { parse, printParseErrorCode } = await import("jsonc-parser")
  const errors: ParseError[] = []
  try {
    const value: unknown = parse(text, errors, OPTIONS)
    const first = errors[0]
    if (!first) return { value: plain(value ?? {}) }
    return { problem: sentence(printParseErrorCode(first.error)), position: positionOf(text, first.offset) }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return { problem: "it is nested too deeply", position: { line: 1, column: 1 } }
  }
}

/** `CommaExpected` → `comma expected`. */
const sentence = (code: string) =>
  code
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ")
    .replaceAll("Brace", "brace")
    .toLowerCase()

async function locate(text: string, paths: readonly (readonly string[])[]): Promise<(Position | undefined)[]> {
  const { parseTree } = await import("jsonc-parser")
  const tree = parseTree(text, [], OPTIONS)
  return paths.map((path) => (tree && path.length ? positionOf(text, offsetOf(tree, path)) : undefined))
}

function offsetOf(tree: Node, path: readonly string[]): number {
  let node = tree
  let offset = tree.offset
  for (const key of path) {
    if (node.type === "array") {
      const element = node.children?.[Number(key)]
      if (!element) return offset
      node = element
      offset = element.offset
      continue
    }
    // The last of doubled members is the one in effect.
    const property = node.children?.findLast((child) => child.children?.[0]?.value === key)
    const [name, value] = property?.children ?? []
    if (!name || !value) return offset
    node = value
    offset = name.offset
  }
  return offset
}

function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const start = before.lastIndexOf("\n") + 1
  return { line: before.split("\n").length, column: offset - start + 1 }
}
