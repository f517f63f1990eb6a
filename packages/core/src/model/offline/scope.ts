import { PIECE, unmask } from "./sentence.ts"

/** Where a request applies. Empty: the whole workspace folder. */
export interface Scope {
  folder?: string
  file?: string
  /** A glob for the names of files. */
  include?: string
}

const LANGUAGES: Record<string, string> = {
  typescript: "*.{ts,tsx,mts,cts}",
  javascript: "*.{js,jsx,mjs,cjs}",
  python: "*.py",
  markdown: "*.{md,mdx}",
  rust: "*.rs",
  golang: "*.go",
  ruby: "*.rb",
  kotlin: "*.kt",
  shell: "*.{sh,bash,zsh}",
  yaml: "*.{yml,yaml}",
  text: "*.txt",
  "c++": "*.{cc,cpp,cxx,h,hpp}",
  test: "*{test,spec}*",
  config: "*config*",
  image: "*.{png,jpg,jpeg,gif,svg,webp}",
}
const EXTENSIONS = new Set(
  (
    "ts tsx mts cts js jsx mjs cjs json jsonc md mdx txt py rb go rs java kt c h cc cpp hpp cs php swift sh bash zsh yml yaml " +
    "toml xml html css scss less sql vue svelte lock log csv ini env svg png jpg"
  ).split(" "),
)
const WELL_KNOWN = /^(?:makefile|dockerfile|readme|license|changelog|contributing|gemfile|procfile|justfile)$/i
const WHOLE =
  /^(?:the\s+|our\s+|my\s+|this\s+|your\s+)?(?:whole\s+|entire\s+|complete\s+|current\s+)?(?:project|repo|repository|code\s?base|workspace|source\s+code|sources?|code|files?|folders?|directory|tree|place)$/i

/** A glob for a kind of files: `ts`, `.ts`, `*.ts`, `TypeScript`, `test`. */
export function globOfKind(kind: string): string | undefined {
  const name = kind.toLowerCase()
  if (/[*?]/.test(kind)) return kind
  if (Object.hasOwn(LANGUAGES, name)) return LANGUAGES[name]
  const extension = name.replace(/^\./, "")
  if (name.startsWith(".") || EXTENSIONS.has(extension)) return `*.${extension}`
  return undefined
}

/** Whether a word is surely the name of a file or folder, and not just a word. */
export const isPathLike = (word: string): boolean =>
  !/\s/.test(word) &&
  (/[\\/]/.test(word) ||
    /[^.\s]\.[A-Za-z][A-Za-z0-9]{0,9}$/.test(word) ||
    /^\.[A-Za-z][\w.-]*$/.test(word) ||
    WELL_KNOWN.test(word))

function isFileName(word: string): boolean {
  const name = basename(word)
  return /[^.].*\.[A-Za-z0-9]+$|^\.[A-Za-z]/.test(name) || WELL_KNOWN.test(name)
}

const basename = (path: string) => path.split(/[\\/]/).at(-1) ?? path

/** `@src/a.ts` is how people mention files. */
export const cleanPath = (word: string): string =>
  word
    .replace(/^@(?=[\w./~])/, "")
    .replace(/^\.\/(?=.)/, "")
    .replace(/[,:]$/, "")

const PREPOSITION =
  /^(.+?)[,\s]+(?:but\s+)?(?:only\s+)?(?:in|inside(?:\s+of)?|within|under|across|throughout|over)\s+((?:(?!\s(?:in|inside|within|under|across|throughout|over)\s).)+)$/is

/** Takes "in all ts files", "in src", "everywhere" off the end of a request. */
export function takeScope(text: string, pieces: readonly string[]): { rest: string; scope: Scope } {
  let rest = text.trim()
  let scope: Scope = {}
  for (;;) {
    const everywhere = /^(.+?)[,\s]+(?:everywhere|globally|anywhere|here)$/is.exec(rest)
    if (everywhere?.[1]) {
      rest = everywhere[1]
      continue
    }
    const match = PREPOSITION.exec(rest)
    const found = match?.[2] === undefined ? undefined : scopeOf(match[2], pieces)
    if (!match?.[1] || !found) return { rest, scope }
    rest = match[1]
    scope = { ...found, ...scope }
  }
}

/** The scope that a phrase such as "all ts files" or "the src folder" stands for. */
export function scopeOf(phrase: string, pieces: readonly string[]): Scope | undefined {
  const words = phrase
    .trim()
    .replace(/^(?:(?:all|every|each|any|only)(?:\s+of)?\s+)?(?:the\s+|our\s+|my\s+|this\s+|these\s+|your\s+)?/i, "")
  if (WHOLE.test(words) || /^(?:here|all|everything|\.|\.\/)$/i.test(words)) return {}
  const kind = /^(\S+)\s+(?:source\s+)?(?:files?|sources?|code|documents?|scripts?|modules?)$/i.exec(words)
  if (kind?.[1]) {
    const include = globOfKind(unmask(kind[1], pieces))
    if (include) return { include }
  }
  const named = new RegExp(
    `^(?:(file|folder|directory|dir|path)\\s+(?:called\\s+|named\\s+)?)?(${PIECE}|\\S+?)(?:\\s+(file|folder|directory|dir))?$`,
    "i",
  ).exec(words)
  if (!named?.[2]) return undefined
  const word = cleanPath(unmask(named[2], pieces))
  const said = (named[1] ?? named[3] ?? "").toLowerCase()
  if (/[*?{]/.test(word)) return { include: word }
  if (said === "file") return { file: word }
  if (said && said !== "path") return { folder: trimSlash(word) }
  return isFileName(word) ? { file: word } : { folder: trimSlash(word) }
}

const trimSlash = (path: string) => path.replace(/(?<=.)[\\/]+$/, "")
