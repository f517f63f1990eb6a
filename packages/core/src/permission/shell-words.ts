import type { ParameterExpansionPart, Word, WordPart } from "unbash"

/**
 * One word of a command after the shell's quote removal. Two spellings of the same word (`r\m`, `"rm"`, `$'rm'`)
 * give the same `value` and the same `text`; what only the running shell knows stays as it was written.
 */
export interface ShellWord {
  value: string
  /** How patterns spell it: the value, quoted where it would otherwise read differently. */
  text: string
  /** The value is complete: no expansion, glob or brace in it. */
  isLiteral: boolean
  /** What every word it becomes begins with; the value itself when literal. */
  lead: string
  /** May become no word or several, with any beginning. */
  splits: boolean
  /** The file it names if it is one: absolute, relative to the working folder, or beginning with `~/`. */
  path: string | undefined
  segments: readonly Segment[]
  /** It begins with a tilde that the shell expands: this one, up to the first slash. */
  tilde: string | undefined
}

export interface Segment {
  text: string
  kind: "literal" | "glob" | "brace" | "home" | "unknown"
  quoted: boolean
  /** What its result begins with, where that is known of something unknown. */
  lead?: string
  /** The variable whose value it becomes. */
  name?: string
  /** What it may become instead, as in `${X:-this}`. */
  or?: Segment[]
}

export function shellWord(word: Word): ShellWord {
  const tilde = /^~[^/]*/.exec(word.text)?.[0]
  const segments: Segment[] =
    tilde !== undefined && tilde !== "~"
      ? [{ text: word.value, kind: "unknown", quoted: true }]
      : word.parts
        ? word.parts.flatMap((part) => segmentsOf(part, false))
        : [{ text: word.value, kind: "literal", quoted: false }]
  return fromSegments(segments, tilde)
}

/** A word made of text that is known, for instance the value of an assignment given to `env`. */
export const literalWord = (value: string): ShellWord =>
  fromSegments([{ text: value, kind: "literal", quoted: true }], undefined)

/** What is left of a word behind its first letters, where these are known: the value of `--out=…`. */
export function tailOf(word: ShellWord, length: number): ShellWord {
  const [first, ...rest] = word.segments
  if (first?.kind !== "literal" || first.text.length < length) return word
  const text = first.text.slice(length)
  return fromSegments(text === "" && rest.length > 0 ? rest : [{ ...first, text }, ...rest], undefined)
}

/** Could what this word becomes begin with a dash? */
export const mayBeOption = (word: ShellWord): boolean => word.splits || word.lead === "" || word.lead.startsWith("-")

function fromSegments(segments: Segment[], tilde: string | undefined): ShellWord {
  const hasTilde = tilde === "~"
  const value = segments.map((segment) => segment.text).join("")
  const isLiteral = segments.every((segment) => segment.kind === "literal")
  const dynamic = segments.findIndex((segment) => segment.kind !== "literal")
  const before = segments.slice(0, dynamic < 0 ? undefined : dynamic).map((segment) => segment.text)
  const lead = before.join("") + (segments[dynamic]?.lead ?? "")
  return {
    value,
    text: spell(segments, value, { isLiteral, hasTilde }),
    // An empty literal word is a word; it just cannot be an option.
    lead: isLiteral && value === "" ? " " : lead,
    isLiteral,
    splits: segments.some((segment) => !segment.quoted && (segment.kind === "unknown" || segment.kind === "home")),
    path: pathOf(segments, value, { isLiteral, hasTilde, lead }),
    segments,
    tilde,
  }
}

function segmentsOf(part: WordPart, quoted: boolean): Segment[] {
  switch (part.type) {
    case "Literal":
    case "SingleQuoted":
    case "AnsiCQuoted":
      return [{ text: part.value, kind: "literal", quoted: true }]
    case "DoubleQuoted":
      return part.parts.flatMap((child) => segmentsOf(child, true))
    case "LocaleString": {
      // The shell may translate it, so it is not known, yet its own text is the best guess for a deny rule.
      return part.parts.flatMap((child) => segmentsOf(child, true)).map((segment) => ({ ...segment, kind: "unknown" }))
    }
    case "Glob":
    case "ExtendedGlob":
      return [{ text: part.text, kind: part.type === "Glob" ? "glob" : "unknown", quoted: true }]
    case "BraceExpansion":
      return [{ text: part.text, kind: "brace", quoted: true }]
    case "SimpleExpansion":
      return [{ text: part.text, kind: part.text === "$HOME" ? "home" : "unknown", quoted, name: part.text.slice(1) }]
    case "ParameterExpansion":
      return [
        {
          text: part.text,
          kind: part.text === "${HOME}" ? "home" : "unknown",
          quoted,
          ...variableOf(part),
        },
      ]
    case "ProcessSubstitution":
      // It becomes the name of a pipe, "/dev/fd/63" or one in a temporary folder.
      return [{ text: part.text, kind: "unknown", quoted: true, lead: "/dev/fd/" }]
    default:
      return [{ text: part.text, kind: "unknown", quoted }]
  }
}

/** The variable that is put in as it is; what is cut out of one is not followed. */
function variableOf({ parameter, prefix, operation }: ParameterExpansionPart): Pick<Segment, "name" | "or"> {
  if (prefix !== undefined) return {}
  if (operation === undefined) return { name: parameter }
  if (operation.type !== "Default" || operation.operator.endsWith("?")) return {}
  return { name: parameter, or: [...shellWord(operation.operand).segments] }
}

interface PathFacts {
  isLiteral: boolean
  hasTilde: boolean
  lead: string
}

function pathOf(segments: Segment[], value: string, { isLiteral, hasTilde, lead }: PathFacts): string | undefined {
  const [first, ...rest] = segments
  if (first?.kind === "home" && rest.every((segment) => segment.kind === "literal")) {
    const below = value.slice(first.text.length)
    return below === "" || below.startsWith("/") ? `~${below}` : undefined
  }
  if (isLiteral) return value.startsWith("~") && !hasTilde ? `./${value}` : value
  // A glob in the last segment names files of a folder that is known, unless it could be "..".
  const isGlob = segments.every((segment) => segment.kind === "literal" || segment.kind === "glob")
  const last = value.slice(value.lastIndexOf("/") + 1)
  const isInLast = !value.slice(lead.length).includes("/") && !last.startsWith(".")
  return isGlob && isInLast ? value : undefined
}

const PLAIN = /^[\p{L}\p{N}_@%+=:,./^~!{}-]+$/u
/** Nearly all are of these; making the table of all letters of the world takes 3 ms of every start. */
const PLAIN_ASCII = /^[\w@%+=:,./^~!{}-]+$/
const READS_AS_BRACE = /\{[^{}]*(?:,|\.\.)[^{}]*\}/

function spell(segments: Segment[], value: string, { isLiteral, hasTilde }: Omit<PathFacts, "lead">): string {
  const isPlain = (text: string) => (PLAIN_ASCII.test(text) || PLAIN.test(text)) && !READS_AS_BRACE.test(text)
  if (isLiteral) {
    const isTildeText = value.startsWith("~") && !hasTilde
    if ((isPlain(value) && !isTildeText) || value === "[" || value === "]") return value
    if (!/["$`\\]/.test(value)) return `"${value}"`
    return `'${value.replaceAll("'", `'\\''`)}'`
  }
  const isBare = segments.every((segment) => segment.kind !== "literal" || segment.text === "" || isPlain(segment.text))
  if (isBare) return value
  const inside = segments.map(({ kind, text }) => (kind === "literal" ? text.replace(/["$`\\]/g, "\\$&") : text))
  return `"${inside.join("")}"`
}
