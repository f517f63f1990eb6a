import { path, term, type Intent, type Recogniser } from "./intent.ts"
import { isPronoun } from "./names.ts"
import { phrases } from "./phrase.ts"
import { globOfKind, isPathLike, scopeOf, takeScope } from "./scope.ts"
import { isQuoted } from "./sentence.ts"

// How people ask to see something. Each recogniser reads one kind of request.

const ALL = "[all|any|every|each|the|of|our|my|a|some]*"
const SHOW = "(show|read|open|cat|print|display|view|see|output|give|get|check|look at|let me see|let me read) [me]"
const LIST = "(list|show|see|print|display|get|give|view|tell) [me]"
const SYMBOL =
  "(function|class|method|type|interface|variable|constant|const|struct|enum|component|module|symbol|trait|macro)"

const definitions = phrases(
  `(where|which file|what file|in which file) [is|are] [the] [${SYMBOL}] <name:word> [${SYMBOL}] [being] (defined|declared|implemented|created)`,
  `(where|which file|what file|who) [do we|do you] (defines?|declares?|implements?) [the] [${SYMBOL}] <name:word>`,
  `[${SHOW}|find [me]|go to|jump to|locate|search for] [the] (definitions?|declarations?|implementations?) (of|for) [the] [${SYMBOL}] <name:word>`,
  `(where is|find [me]|locate|${SHOW}) [the] ${SYMBOL} [called|named] <name:word>`,
  `(where is|find [me]|locate|${SHOW}) the <name:word> ${SYMBOL}`,
)

export const define: Recogniser = (text, pieces) => {
  const name = term(definitions(text)?.name, pieces).replace(/\(\)$/, "")
  return /^[\w$.#:-]+$/.test(name) && !isPathLike(name) ? { type: "define", name, scope: {} } : undefined
}

const COUNTED = "[the] [word|text|string]"
const counts = phrases(
  `how (many|often) [times] (is|does|do|are|did) ${COUNTED} <text> (occurs?|appears?|used|mentioned|called|there)`,
  "how many (occurrences|instances|uses|mentions) of <text> [are there]",
  "count [all|the]* [(occurrences|instances|uses|mentions|number) of] <text>",
  "how many <text:word> [are there|do we have]",
)
const uses = phrases(
  `(where|who|what|which files?|which code) [is|are|do we|does] [the] [word|text|string|function|class] <text:word> [being] (used|called|mentioned|referenced|imported)`,
  "(where|who|what) [do we|do you] (uses?|calls?|mentions?|references?|imports?) [the] <text:word>",
  "[(find|show|list|get|locate) [me]] [all|any|the]* (usages?|uses|references|occurrences|instances|mentions|calls|callers) (of|to) [the] [word|text|string|function] <text>",
  `[(find|show|list|get) [me]] [all|the]* [which|what] (lines?|files?) [that|which] (contains?|containing|mentions?|mentioning|includes?|imports?|importing|uses?|using|have|has|with) [the] [word|text|string] <text>`,
  "(search|grep|look|scan|rg) [for|up] [all|any|the]* [word|text|string|phrase|pattern|occurrences of|instances of] <text>",
)
const placedSearch = phrases("[in] [the] <place> for <text>")

const ANY_CASE =
  /[\s,]+(?:and\s+)?(?:ignor(?:e|ing)\s+(?:the\s+)?case|case[\s-]insensitiv(?:e|ely)|regardless\s+of\s+case|in\s+any\s+case)(?=[\s,.]|$)/i

export const search: Recogniser = (text, pieces) => {
  const plain = text.replace(ANY_CASE, "")
  if (plain !== text) {
    const intent = search(plain, pieces)
    return intent?.type === "search" ? { ...intent, anyCase: true } : undefined
  }
  const { rest, scope } = takeScope(text, pieces)
  const counted = counts(rest)?.text
  if (counted && !/^(?:to|from|on|up|down)\s|\bfiles?\b/i.test(counted))
    return searchFor(term(counted, pieces), scope, true)
  const found = uses(rest)?.text
  // "all uses of a should be replaced with b" asks for more than to see them.
  if (
    found === undefined ||
    /\s(?:should|must|has\s+to|have\s+to|needs?\s+to)\s+be\s|^(?:into|after|forward)\s/i.test(found)
  )
    return undefined
  // "search src for TODO"
  const placed = placedSearch(found)
  const place = placed?.place === undefined ? undefined : scopeOf(placed.place, pieces)
  if (place) return searchFor(term(placed?.text, pieces), { ...place, ...scope })
  return searchFor(term(found, pieces), scope)
}

const searchFor = (text: string, scope: object, count = false): Intent | undefined =>
  text ? { type: "search", text: text === "TODOs" ? "TODO" : text, scope, count } : undefined

const things = phrases(
  "(find|locate|look for|where is|where are) [me] [all|any|every|the]* [word|text|string|phrase] <text>",
)
/** "find what I mean by this" is no search for these words. */
const MAX_SEARCH_WORDS = 4

/** "find X" where X is no file. Tried after the ways of asking for files. */
export const findText: Recogniser = (text, pieces) => {
  const { rest, scope } = takeScope(text, pieces)
  const said = things(rest)?.text ?? ""
  const isSentence =
    !isQuoted(said) && (said.split(/\s+/).length > MAX_SEARCH_WORDS || /^(?:out|why|how|a\s+way)\s/i.test(said))
  return isSentence ? undefined : searchFor(term(said, pieces), scope)
}

const FIND =
  "(find|list|locate|show|get|give|display|search for|look for|where is|where are|are there|is there|do we have|how many|count|which|what) [me]"
const endings = phrases(
  `${FIND} ${ALL} files? [that|which] ((ends?|ending) (in|with|on)|(with|having|of) [the] (extension|suffix|ending|type)) <name:word> [extension|suffix|ending]`,
)
const globs = phrases("glob <name:word>", `${FIND} ${ALL} [files?] <name:word> [files?]`)
const names = phrases(
  `${FIND} ${ALL} (files?|folders?|documents?) [(that|which) (are|is)] (named|called|matching|like|with [the] names?) <name:word>`,
  `(find|locate|search for|look for|where is) [me] ${ALL} files? <name:word>`,
)
const kinds = phrases(
  `${FIND} ${ALL} <name:word> [source] (files?|documents?|scripts?) [are there|there are|do we have|exist|are]`,
)
const fileCounts = phrases("(how many|count) [all|the]* files? [are there|there are|do we have|exist]")
const oneFile = phrases("(find|locate|where is|is there) [me] [a|the] [file] <name:word>")

export const find: Recogniser = (text, pieces) => {
  const { rest, scope } = takeScope(text, pieces)
  const found = (glob: string): Intent => ({
    type: "find",
    glob,
    ...(scope.folder ? { folder: scope.folder } : {}),
    count: /^(?:how\s+many|count)\b/i.test(rest),
  })
  // In "files ending in .md" the last words are no place.
  const ending = endings(text) ?? endings(rest)
  if (ending) return found(`**/*.${path(ending.name, pieces).replace(/^\*?\.?/, "")}`)
  const glob = globs(rest)?.name
  if (glob !== undefined && /[*?]/.test(glob)) return found(globFor(term(glob, pieces)))
  const named = names(rest)
  if (named) return found(globFor(path(named.name, pieces)))
  const kind = term(kinds(rest)?.name, pieces)
  if (kind && !/^(?:all|the|my|our|every|what|which|me|this|that|these|those|it|its)$/i.test(kind))
    return found(globFor(globOfKind(kind) ?? kind))
  if (fileCounts(rest)) return found(scope.include ? globFor(scope.include) : "**/*")
  const one = oneFile(rest)?.name ?? ""
  const file = path(one, pieces)
  return !isQuoted(one) && isPathLike(file) ? found(globFor(file)) : undefined
}

/** A name anywhere below; a path as it is; a part of a name with anything around it. */
function globFor(name: string): string {
  if (name.includes("/")) return name
  return /[*?{]/.test(name) || isPathLike(name) ? `**/${name}` : `**/*${name}*`
}

const trees = phrases(
  `[${LIST}] [the] [directory|folder|file|project] (tree|structure|layout) [of [the|this] (project|repo|repository|codebase|folder|directory)]`,
  `${LIST} (all|every) [of] [the|my|our] files? [recursively]`,
)
const ENTRIES = "(files?|folders?|directory|directories|contents?|entries)"
const lists = phrases(
  `${LIST} [the|my|our|some]* ${ENTRIES} [and ${ENTRIES}] [[of] [the|this] [current] (folder|directory|project|repo|repository)]`,
  `(what|which) (files?|folders?) [and (files?|folders?)] [are there|are here|are|do we have|do i have|exist]`,
)
const folders = phrases(
  "(ls|dir|list)",
  "(ls|dir|list) [the] [folder|directory] <folder:word>",
  `[${LIST}] [the] (contents?|files) of [the] [folder|directory] <folder:word> [folder|directory]`,
  `${LIST} the <folder:word> (folder|directory)`,
)
const whatIs = phrases("what (is|are) [there]")

export const list: Recogniser = (text, pieces) => {
  const { rest, scope } = takeScope(text, pieces)
  const isTree = trees(rest) !== undefined
  if (isTree || lists(rest)) {
    if (scope.include) return { type: "find", glob: globFor(scope.include), ...folderOf(scope), count: false }
    return { type: "list", folder: scope.folder ?? ".", recursive: isTree }
  }
  if (whatIs(rest) && rest !== text) {
    const named = scope.file ?? (isPronoun(scope.folder ?? "") ? "it" : undefined)
    return named !== undefined
      ? { type: "read", file: named }
      : { type: "list", folder: scope.folder ?? ".", recursive: false }
  }
  const named = folders(text)
  const folder = path(named?.folder, pieces)
  if (!named || (folder && scopeOf(folder, [])?.file)) return undefined
  return { type: "list", folder: folder.replace(/(?<=.)\/+$/, "") || ".", recursive: false }
}

const folderOf = ({ folder }: { folder?: string }) => (folder ? { folder } : {})

const files = phrases(
  `${SHOW} [the] [whole|entire|full] [(contents?|text|source|code) of] [the] [whole|entire|full|file]* <file:word> [file]`,
  "what (does|do) [the] [file] <file:word> (say|contain|look like|have)",
  "what is [written] (in|inside) [the] [file] <file:word> [file]",
  "[the] contents? of [the] [file] <file:word>",
  "<file:word>",
)

export const read: Recogniser = (text, pieces) => {
  const { rest, ...lines } = takeLines(text)
  const said = files(rest)?.file ?? ""
  const file = path(said, pieces)
  // A quoted piece alone may be anything; after "show" it is a file.
  const isNamed = isQuoted(said) && said !== rest
  if (!isPathLike(file) && !isNamed && !isPronoun(file)) return undefined
  return { type: "read", file: /^readme$/i.test(file) ? "README.md" : file, ...lines }
}

const OF = "(of|from|in) [the] [file]"
const ranges = phrases(
  `<before> [the] lines? <first:number> [(-|–|to|through|until|and) <last:number>] ${OF} <after>`,
  `<before> [the] lines? <first:number>[-–]<last:number> ${OF} <after>`,
)
const starts = phrases(`<before> [the] (first|top) <last:number> lines? ${OF} <after>`)
const tails = phrases(
  "<before> [from] lines? <first:number>",
  "<before> [from] lines? <first:number> (-|–|to|through|until) [line] <last:number>",
)

/** Takes "lines 10-20 of", "the first 20 lines of" and "from line 5 to 9" out of a request. */
function takeLines(text: string): { rest: string; first?: number; last?: number } {
  const spaced = text.replace(/(\d)\s*[-–]\s*(?=\d)/g, "$1 - ")
  const inside = ranges(spaced)
  const start = inside ? undefined : starts(spaced)
  const tail = inside || start ? undefined : tails(spaced)
  const found = inside ?? start ?? tail
  if (!found) return { rest: text }
  const first = Number(found.first ?? 1)
  const last = found.last === undefined ? (inside ? first : undefined) : Number(found.last)
  const rest = [found.before, found.after].filter(Boolean).join(" ").replace(/,$/, "")
  return { rest, first, ...(last === undefined ? {} : { last }) }
}
