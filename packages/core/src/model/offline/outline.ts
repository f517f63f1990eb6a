import { clip } from "../../lib/text.ts"

/** One thing that a file defines. */
export interface Symbol {
  line: number
  /** How deep it stands in others; 0 is the top. */
  depth: number
  text: string
}

/** Characters of a symbol's line that are shown. */
const MAX_TEXT = 100
/** Levels below the top: functions in methods in classes are no outline any more. */
const MAX_DEPTH = 3

interface Language {
  endings: string
  /** What a line that defines something looks like; its first group, or the whole, is shown. */
  symbols: readonly RegExp[]
  /** Lines that look so and are none. */
  not?: RegExp
}

const CALL =
  /^\s*(?:if|for|while|switch|catch|return|else|do|function\s*\*?\s*(?=\()|with|await|throw|new|typeof|super|match)(?![\w$])/

const LANGUAGES: readonly Language[] = [
  {
    endings: "ts tsx mts cts js jsx mjs cjs vue svelte",
    symbols: [
      /^\s*((?:export\s+)?(?:default\s+)?(?:declare\s+)?(?:abstract\s+)?(?:async\s+)?(?:function\*?|class|interface|enum|namespace|module)\s+[\w$]+)/,
      /^((?:export\s+)?(?:declare\s+)?type\s+[\w$]+)[^=]*=/,
      /^((?:export\s+)?(?:declare\s+)?(?:const|let|var)\s+[\w$]+)/,
      /^(export\s+default\s+(?:async\s+)?(?:function|class)?)/,
      /^\s*((?:export\s+)?const\s+[\w$]+)\s*=\s*(?:async\s*)?(?:function\b|\([^)]*\)\s*(?::[^=]+)?=>|[\w$]+\s*=>)/,
      /^\s+((?:(?:public|private|protected|static|async|override|readonly|get|set)\s+)*\*?(?:#?[\w$]+|\[[\w.]+\]))\s*(?:<[^>]*>)?\([^;]*\)?\s*(?::[^;{]+)?\{\s*$/,
    ],
    not: CALL,
  },
  { endings: "py pyi", symbols: [/^\s*((?:async\s+)?def\s+\w+|class\s+\w+)/, /^([A-Z][A-Z0-9_]+)\s*(?::[^=]+)?=/] },
  {
    endings: "go",
    symbols: [/^(func\s+(?:\([^)]*\)\s*)?\w+)/, /^(type\s+\w+\s+\w+)/, /^((?:var|const)\s+\w+)/],
  },
  {
    endings: "rs",
    symbols: [
      /^\s*((?:pub(?:\([^)]*\))?\s+)?(?:default\s+)?(?:const\s+)?(?:async\s+)?(?:unsafe\s+)?(?:extern\s+"[^"]*"\s+)?(?:fn|struct|enum|trait|mod|type|union)\s+\w+)/,
      /^\s*((?:unsafe\s+)?impl\b[^{]*)/,
      /^\s*((?:pub(?:\([^)]*\))?\s+)?(?:const|static)\s+\w+)\s*:/,
      /^\s*(macro_rules!\s*\w+)/,
    ],
  },
  {
    endings: "java kt cs swift scala",
    symbols: [
      /^\s*((?:[\w@]+\s+)*(?:class|interface|enum|record|object|struct|protocol|extension|namespace)\s+\w+)/,
      /^\s*((?:[\w@]+\s+)*(?:fun|func)\s+(?:<[^>]*>\s*)?[\w.]+)/,
      /^\s+((?:(?:public|private|protected|internal|static|final|abstract|override|async|virtual|synchronized)\s+)+[\w<>[\],.? ]*\w+)\s*\([^;]*$/,
    ],
    not: CALL,
  },
  {
    endings: "c h cc cpp cxx hh hpp",
    symbols: [
      /^\s*((?:typedef\s+)?(?:struct|class|enum|union|namespace)\s+\w+)[^;()]*$/,
      /^(#\s*define\s+\w+)/,
      /^((?:[\w:<>,*&~]+\s+)+[*&]*[\w:~]+)\s*\([^;]*$/,
    ],
    not: CALL,
  },
  { endings: "rb", symbols: [/^\s*((?:class|module)\s+[\w:]+|def\s+[\w.?!=]+)/, /^\s*([A-Z][A-Z0-9_]+)\s*=/] },
  {
    endings: "php",
    symbols: [
      /^\s*((?:(?:abstract|final|readonly)\s+)*(?:class|interface|trait|enum)\s+\w+)/,
      /^\s*((?:(?:public|private|protected|static|abstract|final)\s+)*function\s+&?\w+)/,
      /^\s*((?:(?:public|private|protected)\s+)?const\s+\w+)/,
    ],
  },
  { endings: "sh bash zsh", symbols: [/^\s*(function\s+[\w:-]+)/, /^\s*([\w:-]+\s*\(\))/] },
  { endings: "css scss less", symbols: [/^\s*([^\s{}/*][^{}]*?)\s*\{/] },
  {
    endings: "sql",
    symbols: [/^\s*(create\s+(?:or\s+replace\s+)?(?:temp\w*\s+)?\w+\s+(?:if\s+not\s+exists\s+)?[\w."]+)/i],
  },
  { endings: "toml ini cfg", symbols: [/^\s*(\[{1,2}[^\]]+\]{1,2})/] },
  { endings: "yml yaml", symbols: [/^((?: {2})?[\w.$/"'-]+):(?:\s|$)/] },
  { endings: "mk", symbols: [/^([\w./-]+)\s*:(?!=)/] },
]

/** What a file defines, by the look of its lines; undefined when nothing is known of its language. Pure. */
export function outlineOf(file: string, lines: readonly string[]): Symbol[] | undefined {
  const name = /[^\\/]*$/.exec(file)?.[0] ?? ""
  const ending = /^makefile$/i.test(name) ? "mk" : (/\.(\w+)$/.exec(name)?.[1]?.toLowerCase() ?? "")
  if (/^mdx?$|^markdown$/.test(ending)) return headings(lines)
  if (/^jsonc?$|^json5$/.test(ending)) return jsonKeys(lines)
  const language = LANGUAGES.find(({ endings }) => endings.split(" ").includes(ending))
  return language && symbolsOf(language, lines)
}

function symbolsOf({ symbols, not }: Language, lines: readonly string[]): Symbol[] {
  const found: Symbol[] = []
  const indents: number[] = []
  lines.forEach((line, index) => {
    // Longer lines are data, and patterns are slow on them.
    if (line.length > 500 || not?.test(line)) return
    const match = symbols.map((symbol) => symbol.exec(line)).find(Boolean)
    if (!match) return
    const indent = /^\s*/.exec(line)?.[0].replaceAll("\t", "    ").length ?? 0
    while (indents.length && (indents.at(-1) ?? 0) >= indent) indents.pop()
    if (indents.length <= MAX_DEPTH)
      found.push({ line: index + 1, depth: indents.length, text: textOf(match[1] ?? match[0]) })
    indents.push(indent)
  })
  return found
}

const textOf = (text: string) => clip(text.trim().replaceAll(/\s+/g, " "), MAX_TEXT)

function headings(lines: readonly string[]): Symbol[] {
  const found: Symbol[] = []
  let fence: string | undefined
  lines.forEach((line, index) => {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1]
    if (mark) fence = fence === undefined ? mark : mark.startsWith(fence) ? undefined : fence
    const heading = fence === undefined ? /^(#{1,6})\s+(.+)/.exec(line) : null
    if (heading) found.push({ line: index + 1, depth: (heading[1]?.length ?? 1) - 1, text: textOf(line) })
  })
  return found
}

/** Keys of the two upper levels. Goes by the signs, so that a file with comments or a mistake has an outline, too. */
function jsonKeys(lines: readonly string[]): Symbol[] {
  const found: Symbol[] = []
  const text = lines.join("\n")
  const signs = /"((?:[^"\\\n]|\\.)*)"(\s*:)?|\/\/[^\n]*|\/\*[\s\S]*?\*\/|[{}[\]\n]/g
  let depth = 0
  let line = 1
  for (const [sign, key, colon] of text.matchAll(signs)) {
    if (sign === "\n") line++
    else if (sign === "{" || sign === "[") depth++
    else if (sign === "}" || sign === "]") depth--
    else if (key !== undefined && colon && (depth === 1 || depth === 2))
      found.push({ line, depth: depth - 1, text: textOf(key) })
    if (sign.length > 1) line += sign.split("\n").length - 1
  }
  return found
}
