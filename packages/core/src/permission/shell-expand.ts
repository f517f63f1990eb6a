import { matches } from "./wildcard.ts"
import type { Segment, ShellWord } from "./shell-words.ts"

/**
 * What a word may become, as far as its text and the assignments of the same script tell: braces are expanded,
 * variables replaced by every value they are given. It serves to find more files to ask for, never to ask less: a
 * variable may have been set elsewhere as well.
 */
export interface Form {
  /** With globs and what is not known as they were written. */
  text: string
  /** What it begins with for certain. */
  lead: string
  /** Why it is not complete behind the lead. */
  open?: "glob" | "unknown"
}

/** The values each variable is given, anywhere in the script or, where it does not set it, by the environment. */
export type Variables = Map<string, { words: ShellWord[]; isAppended: boolean; isInherited?: true }>

/** More than anybody writes by hand; every combination of all braces and variables of a word counts. */
export const MAX_FORMS = 64
/** Variables made of variables could be followed for ever: this many look-ups for one word. */
const MAX_LOOKUPS = 256
/** Variables that are made of variables, braces in braces. */
const MAX_DEPTH = 6
/** Bounds the work on braces in braces. */
const MAX_BRACE_LENGTH = 4_096

/** For what has too many forms to look at: it may be anywhere. */
const ANYWHERE: Form = { text: "/", lead: "/", open: "unknown" }

const literal = (text: string): Form => ({ text, lead: text })
const unknown = (text: string, lead = ""): Form => ({ text, lead, open: "unknown" })

export const formsOf = (word: ShellWord, variables: Variables): Form[] =>
  formsWith(word, { variables, depth: 0, budget: { left: MAX_LOOKUPS } })

interface Following {
  variables: Variables
  depth: number
  /** Shared by all that one word leads to. */
  budget: { left: number }
}

function formsWith(word: ShellWord, following: Following): Form[] {
  if (word.tilde !== undefined && word.tilde !== "~") return [ofOthersHome(word.value, word.tilde)]
  const forms = join(word.segments, following)
  // A tilde that was quoted is a name.
  const isName = word.isLiteral && word.value.startsWith("~") && word.tilde === undefined
  return isName ? forms.map(({ text, lead }) => ({ text: `./${text}`, lead: `./${lead}` })) : forms
}

/** `~bob/x` lies beside our own home, as far as one can tell without asking the system. */
function ofOthersHome(value: string, tilde: string): Form {
  const user = tilde.slice(1)
  if (!/^[\w.+-]+$/.test(user) || user === "-") return ANYWHERE
  const home = user === "+" ? "." : user === "root" ? "/root" : `~/../${user}`
  const rest = value.slice(tilde.length)
  const special = rest.search(/[*?[{$`"'\\]/)
  return special < 0 ? literal(home + rest) : unknown(home + rest, home + rest.slice(0, special))
}

function join(segments: readonly Segment[], following: Following): Form[] {
  if (following.depth > MAX_DEPTH) return [unknown("")]
  let forms = [literal("")]
  for (const segment of segments) {
    const next = optionsOf(segment, following)
    if (forms.length * next.length > MAX_FORMS) return [ANYWHERE]
    forms = forms.flatMap((form) => next.map((option) => append(form, option)))
  }
  return forms
}

function append(form: Form, option: Form): Form {
  const text = form.text + option.text
  if (form.open === undefined) return { ...option, text, lead: form.lead + option.lead }
  return { text, lead: form.lead, open: option.open === "unknown" ? "unknown" : form.open }
}

function optionsOf(segment: Segment, following: Following): Form[] {
  const { variables, depth, budget } = following
  const deeper = { ...following, depth: depth + 1 }
  const { kind, text, name, or } = segment
  if (kind === "literal") return [literal(text)]
  if (kind === "glob") return [{ text, lead: "", open: "glob" }]
  if (kind === "home") return [literal("~")]
  if (kind === "brace") return bracesOf(text, depth)
  if (/^\$\(git rev-parse --show-toplevel\)$/.test(text)) return [literal(".")]
  const given = name === undefined ? undefined : variables.get(name)
  if (name === "PWD" && !given) return [literal(".")]
  if (given && (budget.left -= given.words.length) < 0) return [ANYWHERE]
  const values = given?.words.flatMap((word) => formsWith(word, deeper)) ?? []
  const more = given?.isAppended ? values.map((form) => unknown(form.text + text, form.lead)) : []
  const found = [...values, ...more, ...(or ? join(or, deeper) : [])]
  return found.length > 0 ? found : [unknown(text, segment.lead)]
}

/** @param text with its outer braces */
function bracesOf(text: string, depth: number): Form[] {
  if (depth > MAX_DEPTH || text.length > MAX_BRACE_LENGTH) return [ANYWHERE]
  const items: Form[][] = [[literal("")]]
  let isList = false
  const inner = text.slice(1, -1)
  const add = (options: Form[]) => {
    const before = items.pop() ?? []
    const isMany = before.length * options.length > MAX_FORMS
    items.push(isMany ? [ANYWHERE] : before.flatMap((form) => options.map((option) => append(form, option))))
  }
  for (let at = 0; at < inner.length; at++) {
    const char = inner.charAt(at)
    if (char === ",") {
      isList = true
      items.push([literal("")])
    } else if (char === "\\") add([literal(inner.charAt(++at))])
    else if (char === "'" || char === '"') {
      const end = inner.indexOf(char, at + 1)
      const quoted = inner.slice(at + 1, end < 0 ? undefined : end)
      add([char === '"' && /[$`\\]/.test(quoted) ? unknown(quoted) : literal(quoted)])
      at = end < 0 ? inner.length : end
    } else if (char === "{") {
      const end = closing(inner, at)
      add(end < 0 ? [literal(char)] : bracesOf(inner.slice(at, end + 1), depth + 1))
      if (end >= 0) at = end
    } else if (char === "$" || char === "`") add([unknown(char)])
    else add(/[*?[]/.test(char) ? [{ text: char, lead: "", open: "glob" }] : [literal(char)])
  }
  if (isList) return items.flat().slice(0, MAX_FORMS + 1)
  // "{1..9}" is one letter or number of many; braces around anything else are themselves.
  return inner.includes("..") ? [{ text: "*", lead: "", open: "glob" }] : [literal(text)]
}

function closing(text: string, from: number): number {
  let open = 0
  for (let at = from; at < text.length; at++) {
    if (text[at] === "{") open++
    if (text[at] === "}" && --open === 0) return at
  }
  return -1
}

/** Could this glob stand for that name? Rather yes than no: a range is any letter. */
export function globMatches(glob: string, name: string): boolean {
  if (name.startsWith(".") && !glob.startsWith(".")) return false
  return matches(glob.replace(/\[[^\]]*\]/g, "?"), name)
}
