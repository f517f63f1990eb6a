import { path, term, type IntentOf, type Recogniser } from "./intent.ts"
import { phrases } from "./phrase.ts"
import { isPathLike, scopeOf, takeScope, type Scope } from "./scope.ts"
import { isQuoted, PIECE, unmask } from "./sentence.ts"
import { isWish, isWishToAdd } from "./wish.ts"

// How people ask to change or run something. Each recogniser reads one kind of request.

const WHAT =
  "[all|every|each|any|the]* [(occurr?ences?|instances?|uses?|appearances?|mentions?) of] [the] [word|text|string|name|phrase|identifier|variable|function|class|method|type|constant|symbol|value|line]"
const NEW = "[the] [word|text|string]"
const replacements = phrases(
  `(use|put|write) <to> (instead of|in place of) ${WHAT} <from>`,
  `substitute <to> for ${WHAT} <from>`,
  `(search for|find) ${WHAT} <from> and (replace|change|rename) [it|them|that|those|all|each|everything] (with|by|to|into) <to>`,
  `[find and] (replace|substitute|swap|exchange) ${WHAT} <from> (with|by|for) ${NEW} <to>`,
  `(change|rename|convert|update|turn|replace|modify) ${WHAT} <from> (to|into) ${NEW} <to>`,
)
const removals = phrases(`(remove|delete|erase|strip) ${WHAT} <from:word>`)
const removalsFrom = phrases(`(remove|delete|erase|strip|take) ${WHAT} <from:word> (from|out of) <place>`)
const leadingScopes = phrases("(in|inside|within) <scope> <rest>")
const SED = /^s\/((?:[^/\\]|\\.)+)\/((?:[^/\\]|\\.)*)\/g?(?:\s+(.+))?$/s

export const replace: Recogniser = (text, pieces) => {
  const sed = SED.exec(text)
  if (sed?.[1]) {
    const { scope } = takeScope(`everything ${sed[3] ?? ""}`, pieces)
    return { type: "replace", from: unescape(sed[1]), to: unescape(sed[2] ?? ""), scope }
  }
  const out = removalsFrom(text)
  const place = out?.place === undefined ? undefined : scopeOf(out.place, pieces)
  if (out?.from !== undefined && place && isQuoted(out.from))
    return { type: "replace", from: term(out.from, pieces), to: "", scope: place }
  const leading = withLeadingScope(text, pieces)
  const { rest, scope } = takeScope(leading.rest, pieces)
  const removed = removals(rest)?.from ?? ""
  const said = isQuoted(removed) ? { from: removed, to: "" } : replacements(rest)
  if (said?.from === undefined || said.to === undefined) return undefined
  const isPlaced = rest !== text || leading.rest !== text
  if (isWish({ verb: text, from: said.from, to: said.to, isPlaced })) return undefined
  // "replace foo in a.ts with bar"
  const between = takeScope(said.from, pieces)
  const from = term(between.rest, pieces)
  return from
    ? { type: "replace", from, to: term(said.to, pieces), scope: { ...leading.scope, ...between.scope, ...scope } }
    : undefined
}

const unescape = (text: string) => text.replaceAll(/\\(.)/gs, "$1")

/** "in src, replace a with b" */
function withLeadingScope(text: string, pieces: readonly string[]): { rest: string; scope: Scope } {
  const leading = leadingScopes(text)
  const comma = /^(.+?),?\s+(?=(?:replace|change|rename|substitute|swap|update)\s)(.+)$/is.exec(
    `${leading?.scope ?? ""} ${leading?.rest ?? ""}`,
  )
  const scope = comma?.[1] === undefined ? undefined : scopeOf(comma[1], pieces)
  return scope && comma?.[2] ? { rest: comma[2], scope } : { rest: text, scope: {} }
}

const appends = phrases(
  "(append|add) [the line|the text|a line] <content> (to|at) [[the] (end|bottom) of] [the] [file] <file:word>",
)
const writes = phrases(
  "(write|save|put|store) <content> (to|into|in|as) [a|the] [new] [file] [called|named] <file:word>",
)
const MAKE = "(create|make|write|add|touch|generate|overwrite) [a|an|the|another] [new|empty|blank|text]*"
const CONTENT =
  "(with|containing|that (contains|says|has|reads)|which (contains|says)|and (write|put)|saying) [the|this|following|its]* [contents?:?|text:?|line:?|words?:?] [of] <content>"
const FOLDER = "[(in|inside|under) [the] <folder:word> [folder|directory]]"
const creations = phrases(
  `${MAKE} <said:file> [called|named] <file:word> ${FOLDER} [${CONTENT}]`,
  `${MAKE} <file:word> ${FOLDER} [${CONTENT}]`,
)

export const create: Recogniser = (text, pieces) => {
  const appended = appends(text)
  if (appended && isPathLike(path(appended.file, pieces)) && !isWishToAdd(text, appended.content ?? "")) {
    return { type: "append", file: path(appended.file, pieces), content: term(appended.content, pieces) }
  }
  const written = /^(?:write|put|save|store)\s+an?\s+(?:new\s+)?file\b/i.test(text) ? undefined : writes(text)
  if (written && isPathLike(path(written.file, pieces))) {
    return {
      type: "create",
      file: path(written.file, pieces),
      content: term(written.content, pieces),
      overwrite: false,
    }
  }
  // "a.txt: hello" is "a.txt with hello".
  const made = creations(
    text.replace(/(?<=\S):\s+/, () => (/\bwith\b|contain/i.test(text.split(":")[0] ?? "") ? " " : " with ")),
  )
  return made && created(text, made, pieces)
}

function created(
  text: string,
  made: Record<string, string | undefined>,
  pieces: readonly string[],
): IntentOf<"create"> | undefined {
  const file = path(made.file, pieces)
  const isSurelyFile = made.said !== undefined || /^touch\b/i.test(text)
  if (!isPathLike(file) && (!isSurelyFile || /^(?:a|an|the|new|with|that|in|for|to)$/i.test(file))) return undefined
  const folder = made.folder === undefined ? "" : `${path(made.folder, pieces).replace(/[\\/]+$/, "")}/`
  return {
    type: "create",
    file: folder + file,
    content: term(made.content, pieces),
    overwrite: /^overwrite\b/i.test(text),
  }
}

const executions = phrases(
  "(run|execute|start) [the] (file|script|program) <file:word>",
  "(run|execute|start) <file:it|that|this|that file|this file|the file|the script>",
  "(run|execute|start) <script:word>",
)

const scripts = phrases(
  "(run|execute|start|do|perform) [all|the|our|my|unit|its]* <script:tests?|build|lint|linter|linting|type checks?> [suite|script]",
  "<script:test|build|lint|compile> [it|this|everything|(the|this|my) (project|code|repo)]",
  "(check|see|tell me) (if|whether) [all] [the] <script:tests?> (pass|work|are green)",
  "do [all] [the] <script:tests?> (pass|work)",
)
const commands = phrases(
  "(run|execute|exec) [[the] [shell|terminal|bash] command:?|the following:?] <command> [in [the|a] (shell|terminal|bash)|(and|to) (show|see|tell) <aside>]",
  "<command:(npm|npx|pnpm|yarn|bun|deno|node|git|cargo|pytest|python3?|pip3?|docker|tsc|vitest|jest|eslint|curl|wc|echo|mkdir|du|df) <arguments>>",
  "<command:(npm|pytest|tsc|vitest|jest|eslint|pwd|df)>",
  "<command:go (test|build|run|vet|mod|fmt|version) [<arguments>]>",
  "<command:make [test|build|all|clean|install|lint|check|run]>",
  "<command:(ls|cat|head|tail|sort) <arguments>>",
)

export const run: Recogniser = (text, pieces) => {
  const script = scripts(text)?.script
  if (script) {
    const kind = /^test/i.test(script) ? "test" : /^(?:build|compile)/i.test(script) ? "build" : "lint"
    return { type: "script", script: kind }
  }
  const said = executions(text)
  // "run ./build.sh" is a command as it stands.
  const executed =
    said?.file ??
    (/^[^./].*\.(?:m?js|cjs|m?ts|py|rb|sh|php|pl|lua)$/.test(term(said?.script, pieces)) ? said?.script : undefined)
  if (executed !== undefined) {
    const isNamed = isQuoted(executed) || isPathLike(path(executed, pieces))
    if (isNamed) return { type: "execute", file: path(executed, pieces) }
    if (/^(?:it|th)/i.test(executed)) return { type: "execute", file: "it" }
  }
  const command = /^[$!]\s*(\S.*)$/s.exec(text)?.[1] ?? commands(text)?.command
  // With an option or a pipe these are commands; without, they are words for "list" and "read".
  if (command === undefined || (/^(?:ls|cat|head|tail|sort)\b/.test(text) && !/\s-|[|<>&]/.test(command)))
    return undefined
  // "run the tests and tell me": no program has such a name.
  if (/^(?:the|all|my|our|a|an|this|that|these|those|every|some|it|them|everything)\s/i.test(command)) return undefined
  // Inside a command the quotes belong to it; around all of it they do not.
  const line = unmask(command, isQuoted(command) ? pieces : pieces.map(inQuotes)).trim()
  return line ? { type: "run", command: line } : undefined
}

const inQuotes = (piece: string) => (piece.includes('"') ? `'${piece}'` : `"${piece}"`)

const SEE = "(show|list|print|display|view|see|check|give|tell|get) [me]"
const WHERE = "[so far|here|in (git|this|the) <place:word>]"
const differences = phrases(
  `[${SEE}] (what|which files?) [is|are|has|have|was|were|did (you|i|we)|you|i] [been] (changed?|new|different|modified|edited|uncommitted) ${WHERE}`,
  `[${SEE}] [the|my|our|all|any|your]* [git|uncommitted|current|local|working tree]* (changes|diffs?|status|modifications|changed files) ${WHERE}`,
  "(are there|do i have|is there) [any] [uncommitted] (changes|modifications)",
)

export const changes: Recogniser = (text) =>
  !/^git\b/i.test(text) && differences(text) ? { type: "changes" } : undefined

/** Whether a request goes on to its end: text to write and commands may hold "and" and full stops. */
export const takesTheRest = (type: string, said: string): boolean =>
  ["create", "append", "run"].includes(type) && !new RegExp(`(?:${PIECE}|\\.\\w+)$`).test(said)
