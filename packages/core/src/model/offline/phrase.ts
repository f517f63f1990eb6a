import { PIECE } from "./sentence.ts"

/**
 * Ways of saying something, written as they are said: `(show|list) [me] [all|the]* <kind:word> files`.
 * - `(a|b c)` one of these; `[a|b]` perhaps one of these; `[a|b]*` any number of them
 * - `<name>` some words; `<name:word>` one word or one quoted piece; `<name:number>` digits; `<name: a|b c>` one of these
 * - everything else is words, in which the signs of regular expressions keep their meaning: `files?`
 * A phrase matches a whole request, in any case. Expressions are built when they are first needed.
 */
export function phrases(...patterns: string[]): (text: string) => Record<string, string | undefined> | undefined {
  const read: (Phrase | undefined)[] = []
  return (text) => {
    const first = /^\S*/.exec(text)?.[0].toLowerCase() ?? ""
    const start = first.slice(0, START)
    for (const [index, pattern] of patterns.entries()) {
      // Most phrases are never read, nor their expressions built: few begin with this word.
      if (LITERAL.test(pattern) && !pattern.includes(start)) continue
      const phrase = (read[index] ??= readPhrase(pattern))
      if (phrase.firsts && !phrase.firsts.has(first)) continue
      phrase.expression ??= new RegExp(`^${phrase.source}$`, "is")
      const match = phrase.expression.exec(text)
      if (match) return { ...match.groups }
    }
    return undefined
  }
}

/** Characters of a word that every spelling of it begins with. */
const START = 2
/** What begins with words of its own, and not with a slot or something that may be left out. */
const LITERAL = /^(?:[a-z]|\([a-z])/

interface Phrase {
  source: string
  /** The words that it may begin with; undefined for any. */
  firsts: ReadonlySet<string> | undefined
  expression?: RegExp
}

function readPhrase(pattern: string): Phrase {
  const { source, end, firsts, isEmpty } = alternatives(pattern, 0)
  if (end !== pattern.length) throw new Error(`A phrase closes what it did not open: ${pattern}`)
  return { source, firsts: firsts && !isEmpty ? new Set(firsts) : undefined }
}

interface Part {
  source: string
  /** The words that it may begin with; undefined for any. */
  firsts: readonly string[] | undefined
  /** It may be nothing, so that what follows it comes first. */
  isEmpty: boolean
}

interface Item extends Part {
  repeat: "one" | "maybe" | "any"
}

/** Reads up to the closing sign or the end; gives the expression and where it stopped. */
function alternatives(pattern: string, from: number): Part & { end: number } {
  const branches: Item[][] = [[]]
  let at = from
  for (let sign = pattern[at]; sign !== undefined && sign !== ")" && sign !== "]"; sign = pattern[at]) {
    if (sign === " ") at++
    else if (sign === "|") {
      branches.push([])
      at++
    } else if (sign === "(" || sign === "[") {
      const { end, ...inner } = alternatives(pattern, at + 1)
      const isRepeated = pattern[end + 1] === "*"
      branches.at(-1)?.push({ ...inner, repeat: sign === "(" ? "one" : isRepeated ? "any" : "maybe" })
      at = end + (isRepeated ? 2 : 1)
    } else if (sign === "<") {
      const close = closing(pattern, at)
      branches.at(-1)?.push({ ...slot(pattern.slice(at + 1, close)), repeat: "one" })
      at = close + 1
    } else {
      const word = /^[^\s|()[\]<>]+/.exec(pattern.slice(at))?.[0] ?? ""
      branches.at(-1)?.push({ source: word, firsts: spellings(word), isEmpty: false, repeat: "one" })
      at += word.length
    }
  }
  const parts = branches.map(sequence)
  const isAny = parts.some(({ firsts }) => firsts === undefined)
  return {
    source: `(?:${parts.map(({ source }) => source).join("|")})`,
    end: at,
    firsts: isAny ? undefined : parts.flatMap(({ firsts }) => firsts ?? []),
    isEmpty: parts.some(({ isEmpty }) => isEmpty),
  }
}

/** `files?` as `file` and `files`; undefined for what has other signs of regular expressions. */
function spellings(word: string): string[] | undefined {
  const at = word.indexOf("?")
  if (at < 1) return /[\\^$.*+{}]/.test(word) || at === 0 ? undefined : [word.toLowerCase()]
  const after = word.slice(at + 1)
  const both = [spellings(word.slice(0, at - 1) + after), spellings(word.slice(0, at) + after)]
  return both[0] && both[1] ? [...both[0], ...both[1]] : undefined
}

/** Where the slot that opens here ends: slots may hold slots. */
function closing(pattern: string, from: number): number {
  let depth = 0
  for (let at = from; at < pattern.length; at++) {
    if (pattern[at] === "<") depth++
    if (pattern[at] === ">" && --depth === 0) return at
  }
  return pattern.length
}

function slot(text: string): Part {
  const colon = text.indexOf(":")
  const name = colon < 0 ? text : text.slice(0, colon)
  const kind = colon < 0 ? undefined : text.slice(colon + 1)
  const contents: Record<string, string> = { word: `${PIECE}|\\S+?`, number: "\\d+" }
  const content = kind === undefined ? ".+?" : contents[kind]
  if (content !== undefined) return { source: `(?<${name}>${content})`, firsts: undefined, isEmpty: false }
  const { source, firsts, isEmpty } = alternatives(kind ?? "", 0)
  return { source: `(?<${name}>${source})`, firsts, isEmpty }
}

/** Optional words bring the space behind them, and at the end of a sequence the space before them. */
function sequence(items: Item[]): Part {
  const last = items.findLastIndex(({ repeat }) => repeat === "one")
  const source = items
    .map(({ source: inner, repeat }, index) => {
      if (repeat === "one") return index < last ? `${inner}\\s+` : inner
      const many = repeat === "any" ? "*" : "?"
      return index < last ? `(?:${inner}\\s+)${many}` : `(?:\\s+${inner})${many}`
    })
    .join("")
  const firm = items.findIndex(({ repeat, isEmpty }) => repeat === "one" && !isEmpty)
  const heads = firm < 0 ? items : items.slice(0, firm + 1)
  const isAny = heads.some(({ firsts }) => firsts === undefined)
  return { source, firsts: isAny ? undefined : heads.flatMap(({ firsts }) => firsts ?? []), isEmpty: firm < 0 }
}
