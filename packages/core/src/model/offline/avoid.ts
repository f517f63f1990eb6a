import { basename } from "node:path"
import { cleanPath, globOfKind } from "./scope.ts"
import { PIECE, unmask } from "./sentence.ts"

// What must be left alone: how people say it, and which paths that is.

const TOUCH =
  "touch|change|edit|modify|alter|rename|include|consider|look\\s+(?:in|at|into)|search(?:\\s+in)?|update|replace(?:\\s+in)?"
const DOING =
  "touching|changing|editing|modifying|altering|including|considering|looking\\s+(?:in|at|into)|searching(?:\\s+in)?|updating"
const NAMES = "((?:(?!\\s(?:then|after)\\b)[^;])+?)"
const START = "(?:^|[\\s,;.]+)(?:(?:and|but)\\s+)?(?:please\\s+)?"
const END = "(?=\\s*(?:$|[;.]\\s|[;.]$))"
const CLAUSES = [
  `${START}(?:do\\s+not|don't|dont|never|not)\\s+(?:${TOUCH})\\s+${NAMES}${END}`,
  `${START}without\\s+(?:${DOING})\\s+${NAMES}${END}`,
  `${START}leave\\s+${NAMES}\\s+(?:alone|untouched|unchanged|as\\s+(?:it\\s+is|they\\s+are)|out)(?=\\s*(?:$|[;.,]|\\s+and\\s))`,
  `${START}(?:except(?:\\s+(?:for|in|inside))?|excepting|excluding|exclude|apart\\s+from|other\\s+than|not\\s+(?:in|inside)|ignor(?:e|ing)(?!\\s+(?:the\\s+)?case\\b)|skip(?:ping)?|leav(?:e|ing)\\s+out)\\s+${NAMES}${END}`,
]

/**
 * Takes "but not in tests", "do not touch src/legacy" out of a request. `names` is missing when it is not clear what is
 * meant.
 */
export function takeAvoided(
  text: string,
  pieces: readonly string[],
): { rest: string; names: string[] | undefined } | undefined {
  if (!/not|n't|dont|never|without|leav|except|exclud|apart|other|ignor|skip/i.test(text)) return undefined
  for (const clause of CLAUSES) {
    const match = new RegExp(clause, "is").exec(text)
    if (!match?.[1]) continue
    const { names, after } = namesOf(match[1], pieces)
    const rest = `${text.slice(0, match.index)} ${after} ${text.slice(match.index + match[0].length)}`
    return { rest: rest.replaceAll(/^[;.,\s]+|[;,\s]+$/g, ""), names }
  }
  return undefined
}

const ARTICLES =
  /^(?:in|inside|for|the\s+ones\s+in|those\s+in|files\s+in|anything\s+in|everything\s+in|any|all|of|every|the|my|our|your|other)\s+/i
const KINDS = /\s+(?:files?|folders?|directory|directories|dirs?|code)$/i
const JOINT = /(\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|nor|but)\s+)/i

/** The names of a clause; `after` is another request that follows it: "do not touch docs, replace a with b". */
function namesOf(said: string, pieces: readonly string[]): { names: string[] | undefined; after: string } {
  const items = said.split(JOINT)
  const names: string[] = []
  for (let at = 0; at < items.length; at += 2) {
    const item = (items[at] ?? "").trim()
    let word = item
    for (let before = ""; before !== word;) [before, word] = [word, word.replace(ARTICLES, "")]
    word = word.replace(/^(?:files?|folders?|directory|directories)\s+/i, "").replace(KINDS, "")
    if (!new RegExp(`^(?:${PIECE}|\\S+)$`).test(word) || VAGUE.test(word)) {
      const isRequest = names.length > 0 && /^\w+\s/.test(item)
      return isRequest ? { names, after: items.slice(at).join("") } : { names: undefined, after: "" }
    }
    const name = cleanPath(unmask(word, pieces)).replace(/(?<=.)\/+$/, "")
    const isKind = KINDS.test(item) && !/folder|director|dir/i.test(item)
    names.push((isKind ? globOfKind(name) : undefined) ?? name)
  }
  return { names: names.length ? names : undefined, after: "" }
}

/** Nothing that can be told from a path. */
const VAGUE =
  /^(?:anything|everything|something|it|that|this|them|case|else|files?|others?|rest|comments?|strings?|whitespace)$/i

const TESTS = /(?:^|\/)(?:tests?|__tests__|specs?)(?:\/|$)|[._-](?:test|spec)\.[^/]+$|(?:^|\/)test_[^/]+$/i

/** Whether a path, relative to the workspace folder, is one of those. */
export function isAvoided(relative: string, names: readonly string[]): boolean {
  const path = relative.replace(/^\.\//, "")
  return names.some((name) => {
    if (/^(?:tests?|specs?|\*\{test,spec\}\*)$/i.test(name) && TESTS.test(path)) return true
    if (/[*?{]/.test(name)) return globExpression(name).test(name.includes("/") ? path : basename(path))
    const plain = name.replace(/^\.\//, "")
    return path === plain || path.startsWith(`${plain}/`) || `/${path}/`.includes(`/${plain}/`)
  })
}

function globExpression(glob: string): RegExp {
  let depth = 0
  const source = glob.replaceAll(/\*\*\/?|[*?{},]|[\\^$.+()[\]|]/g, (sign) => {
    if (sign === "{") depth++
    if (sign === "}" && depth > 0) depth--
    const meant: Record<string, string> = { "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")" }
    if (sign.startsWith("**")) return ".*"
    if (sign === ",") return depth > 0 ? "|" : ","
    return meant[sign] ?? `\\${sign}`
  })
  try {
    return new RegExp(`^${source}$`)
  } catch {
    // Braces that do not close: nobody meant a pattern.
    return /^(?!)/
  }
}
