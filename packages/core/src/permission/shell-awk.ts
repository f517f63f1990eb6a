import { literalWord, type ShellWord } from "./shell-words.ts"

/** What a call of awk writes and reads besides its operands: its program is read as awk reads it. */
export interface AwkUse {
  writes: ShellWord[]
  reads: ShellWord[]
  /** Its operands are edited in place. */
  inPlace: boolean
}

/** Longer programs have not been read by anybody. */
const MAX_PROGRAM = 10_000

export function awkUse(words: readonly ShellWord[]): AwkUse {
  const use: AwkUse = { writes: [], reads: [], inPlace: false }
  use.inPlace = words.some(
    ({ value }, at) => value === "inplace" && /^(?:-i|--include)$/.test(words[at - 1]?.value ?? ""),
  )
  if (words.some(({ value }) => /^(?:-iinplace|--include=inplace)$/.test(value))) use.inPlace = true
  for (const program of programsOf(words)) readProgram(program, use)
  return use
}

/** Why a program may do something else than print what it reads. */
export function awkProblem(words: readonly ShellWord[]): string | undefined {
  const { writes, reads, inPlace } = awkUse(words)
  if (inPlace || writes.length > 0) return "its program may write a file"
  if (reads.length > 0) return "its program reads a file"
  const [program] = programsOf(words)
  if (program?.isLiteral !== true || program.value.length > MAX_PROGRAM) return "its program is not known"
  const all = [...tokens(program.value)]
  const isRisky = all.some(({ kind, text }, at) => {
    if (kind === "name") return /^(?:system|getline|ENVIRON|PROCINFO|SYMTAB|FUNCTAB)$/.test(text)
    if (kind === "regex") return /[^\\]\//.test(text.slice(0, -1))
    if (text === "/") return all[at - 1]?.text === ")" && /[|@>]|system|getline/.test(program.value)
    return text === "@" || (text === "|" && all[at - 1]?.text !== "|" && all[at + 1]?.text !== "|")
  })
  return isRisky ? "its program is not known to be harmless" : undefined
}

function programsOf(words: readonly ShellWord[]): ShellWord[] {
  const given = words.filter((_, at) => /^(?:-e|--source)$/.test(words[at - 1]?.value ?? ""))
  if (given.length > 0) return given
  if (words.some(({ value }) => /^-\w*f|^--file/.test(value))) return []
  for (let at = 0; at < words.length; at++) {
    const word = words[at]
    if (/^(?:-[vFi]|--assign|--field-separator|--include)$/.test(word?.value ?? "")) at++
    else if (word && (word.value === "-" || !word.lead.startsWith("-"))) return [word]
  }
  return []
}

interface Token {
  kind: "string" | "regex" | "name" | "sign"
  text: string
}

/** Behind one of these an oblique stroke begins a pattern; behind anything else it divides. */
const BEFORE_PATTERN = /^(?:[(,{};!~&|?:=+\-*%<>^\n]|return|print|printf|in|case|do|else)$/

/** A statement goes on behind a line that ends in one of these. */
const CONTINUES = /^(?:[,{&|(]|do|else)$/

function* tokens(program: string): Generator<Token> {
  let last = "\n"
  for (let at = 0; at < program.length;) {
    const char = program.charAt(at)
    let end = at + 1
    let kind: Token["kind"] = "sign"
    if (char === '"' || (char === "/" && BEFORE_PATTERN.test(last))) {
      let isInBrackets = false
      for (; end < program.length; end++) {
        const one = program.charAt(end)
        if (one === "\\") end++
        else if (char === "/" && one === "[") isInBrackets = true
        else if (one === "]") isInBrackets = false
        else if (one === char && !isInBrackets) break
      }
      end++
      kind = char === '"' ? "string" : "regex"
    } else if (char === "#") {
      while (end < program.length && program.charAt(end) !== "\n") end++
      at = end
      continue
    } else if (/\w/.test(char)) {
      while (end < program.length && /\w/.test(program.charAt(end))) end++
      kind = "name"
    }
    const text = program.slice(at, end)
    at = end
    if (/[ \t\r]/.test(text) && kind === "sign") continue
    if (char === "\\") {
      if (program.charAt(at) === "\n") at++
      continue
    }
    last = text
    yield { kind, text }
  }
}

function readProgram(word: ShellWord, use: AwkUse): void {
  const { value } = word
  if (!word.isLiteral || value.length > MAX_PROGRAM) {
    if (value.includes(">") || !word.isLiteral) use.writes.push(unclear(word))
    return
  }
  const all = [...tokens(value)]
  let isPrinting = false
  let depth = 0
  for (const [at, { kind, text }] of all.entries()) {
    // Whether this divides or begins a pattern, and where the pattern ends, awks do not agree on.
    const isUnsure = kind === "regex" ? /[^\\]\//.test(text.slice(0, -1)) : text === "/" && all[at - 1]?.text === ")"
    if (isUnsure && value.includes(">")) use.writes.push(unclear(word))
    if (kind === "name" && /^printf?$/.test(text)) {
      isPrinting = true
      depth = 0
    } else if (kind === "name" && text === "getline") {
      const from = all.slice(at + 1, at + 8).findIndex((token) => token.text === "<")
      if (from >= 0) use.reads.push(fileAt(all, at + from + 2, word))
    } else if (kind !== "sign") continue
    else if (/[([{]/.test(text)) depth++
    else if (/[)\]}]/.test(text) && --depth < 0) isPrinting = false
    else if (text === ";" || (text === "\n" && !CONTINUES.test(all[at - 1]?.text ?? ""))) isPrinting = false
    else if (text === ">" && isPrinting && depth === 0 && all[at - 1]?.text !== ">") {
      use.writes.push(fileAt(all, all[at + 1]?.text === ">" ? at + 2 : at + 1, word))
    }
  }
}

/** A string that nothing is joined to is the file; anything else is known to the running program alone. */
function fileAt(all: readonly Token[], at: number, word: ShellWord): ShellWord {
  const token = all[at]
  const isWhole = /^[;})\n]?$/.test(all[at + 1]?.text ?? "")
  if (token?.kind !== "string" || !isWhole || /\\/.test(token.text)) return unclear(word)
  const path = token.text.slice(1, -1)
  return { ...literalWord(path), path: path.startsWith("~") ? `./${path}` : path }
}

const unclear = (word: ShellWord): ShellWord => ({
  ...word,
  path: undefined,
  isLiteral: false,
  segments: [{ text: word.text, kind: "unknown", quoted: true }],
})
