import type { SyntaxNode } from "unbash"

/**
 * The text is parsed as bash reads it. The smaller shells (dash, ash, ksh) take some of it for something else: to them
 * `[[ x || rm y ]]` is a command, and then another one. Whatever is bash's own is a problem where one of them reads it.
 */
export type Dialect = "bash" | "sh"

/** The language of a shell of this name. On some systems `sh` is bash, which cannot be told from here. */
export const dialectOf = (name: string): Dialect => (/^r?bash$/.test(name) ? "bash" : "sh")

const BASH_ONLY = new Set<SyntaxNode["type"]>([
  "TestCommand",
  "ArithmeticCommand",
  "ArithmeticFor",
  "Select",
  "Coproc",
  "AnsiCQuoted",
  "LocaleString",
  "BraceExpansion",
  "ProcessSubstitution",
  "HereString",
  "ArrayValue",
  "FileDescriptorVariable",
])
const BASH_OPERATIONS = new Set(["Replace", "Slice", "CaseModification", "Transform", "Names", "Unknown"])

/** @param text what the positions of the node count in */
export function dialectHazards(node: SyntaxNode, text: string, dialect: Dialect): string[] {
  return dialect === "sh" && isBashOnly(node, text) ? ["it is written for bash, and another shell may run it"] : []
}

function isBashOnly(node: SyntaxNode, text: string): boolean {
  if (BASH_ONLY.has(node.type)) return true
  switch (node.type) {
    case "Function":
      return /^function\b/.test(text.slice(node.pos, node.pos + 9))
    case "Redirect":
      return node.operator.startsWith("&") || (node.operator === ">&" && !/^[\d-]+$/.test(node.target?.text ?? ""))
    case "Pipeline":
      return node.operators.includes("|&")
    case "CaseItem":
      return node.terminator !== undefined && node.terminator !== ";;"
    case "Assignment":
      return node.append === true || node.index !== undefined
    case "ArithmeticExpansion":
      return node.text.startsWith("$[")
    case "ParameterExpansion":
      return (
        node.prefix === "!" ||
        node.index !== undefined ||
        (node.operation !== undefined && BASH_OPERATIONS.has(node.operation.type))
      )
    default:
      return false
  }
}
