import { basename } from "node:path"
import type { IntentOf } from "./intent.ts"
import {
  absolute,
  escapeRegex,
  isKept,
  shellPath,
  shellWord,
  shown,
  type Batch,
  type Plan,
  type PlanContext,
  type Report,
} from "./plan.ts"
import { block, bullets, plural, quoted, reason } from "./prose.ts"
import { commandIn, contentIn, linesIn, occurrences, pathsIn, type FoundLine, type Outcome } from "./results.ts"

const NOTHING: Outcome = { text: "", failed: true }
/** Lines around a definition that are shown with it. */
const CONTEXT_BEFORE = 2
const CONTEXT_LINES = 14

export function* list({ folder, recursive }: IntentOf<"list">, context: PlanContext): Plan {
  const path = absolute(folder, context)
  const name = folder === "." ? "This folder" : quoted(folder)
  if (recursive) {
    const [found = NOTHING] = yield {
      calls: [{ tool: "glob", input: { pattern: "**/*", ...(folder === "." ? {} : { path }) } }],
    }
    if (found.failed) return failure(`${name} could not be listed`, found)
    const { paths, isCut } = pathsIn(found)
    const names = paths
      .filter((file) => !isKept(file, context))
      .map((file) => shown(file, context))
      .sort()
    return {
      text: `${name} has ${isCut ? "more than " : ""}${plural(names.length, "file")}.\n${bullets(names, isCut)}`,
    }
  }
  const [found = NOTHING] = yield { calls: [{ tool: "read", input: { filePath: path } }] }
  if (found.failed) return failure(`${name} could not be listed`, found)
  const { kind, lines, isCut } = contentIn(found)
  if (kind === "file") return { text: `${name} is a file:\n${block(lines)}` }
  if (lines.length === 0) return { text: `${name} is empty.` }
  const one = `${isCut ? "more than " : ""}${plural(lines.length, "entry", "entries")}`
  return { text: `${name} has ${one}.\n${bullets(lines, isCut)}` }
}

export function* find({ glob, folder, count }: IntentOf<"find">, context: PlanContext): Plan {
  const path = folder ? { path: absolute(folder, context) } : {}
  const [found = NOTHING] = yield { calls: [{ tool: "glob", input: { pattern: glob, ...path } }] }
  if (found.failed) return failure("The search failed", found)
  const { paths: all, isCut } = pathsIn(found)
  const paths = all.filter((file) => !isKept(file, context))
  const what = `${quoted(glob)}${folder ? ` in ${folder}` : ""}`
  if (paths.length === 0) return { text: `No file matches ${what}.` }
  const matches = paths.length === 1 ? "matches" : "match"
  const counted = count && isCut ? yield* countFiles(glob, folder, context) : undefined
  if (counted !== undefined) return { text: `${plural(counted, "file")} match ${what}, by the count of git.` }
  const total = `${isCut ? "More than " : ""}${plural(paths.length, "file")} ${matches} ${what}`
  return {
    ...(paths.length === 1 ? { subject: { file: shown(paths[0] ?? "", context) } } : {}),
    text: count
      ? `${total}.`
      : `${total}:\n${bullets(
          paths.map((file) => shown(file, context)),
          isCut,
        )}`,
  }
}

/** A glob lists 100 files; git counts all that it does not ignore. */
function* countFiles(
  glob: string,
  folder: string | undefined,
  context: PlanContext,
): Generator<Batch, number | undefined, Outcome[]> {
  if (context.avoid !== undefined) return undefined
  const specs = withoutBraces(glob).map((one) => shellWord(`:(glob)${folder ? `${folder}/` : ""}${one}`))
  return yield* countLines(`git ls-files -co --exclude-standard -- ${specs.join(" ")}`)
}

/** How many lines a git command prints; undefined when it cannot be told. */
function* countLines(command: string): Generator<Batch, number | undefined, Outcome[]> {
  const [done = NOTHING] = yield {
    calls: [{ tool: "bash", input: { command: `${command} | wc -l`, description: "Count them all" } }],
  }
  const count = done.failed ? undefined : /^\s*(\d+)\s*$/.exec(commandIn(done).output)?.[1]
  return count === undefined || count === "0" ? undefined : Number(count)
}

/** `*.{a,b}` as `*.a` and `*.b`: git's patterns have no braces. */
function withoutBraces(glob: string): string[] {
  const match = /^(.*?)\{([^{}]*)\}(.*)$/.exec(glob)
  if (!match) return [glob]
  const [, before = "", inside = "", after = ""] = match
  return inside.split(",").flatMap((part) => withoutBraces(`${before}${part}${after}`))
}

export function* search({ text, scope, count, anyCase }: IntentOf<"search">, context: PlanContext): Plan {
  const place = scope.file ?? scope.folder
  const where = {
    ...(place ? { path: absolute(place, context) } : {}),
    ...(scope.include ? { include: scope.include } : {}),
  }
  const pattern = `${anyCase ? "(?i)" : ""}${escapeRegex(text)}`
  const [exact = NOTHING] = yield { calls: [{ tool: "grep", input: { pattern, ...where } }] }
  if (exact.failed) return failure("The search failed", exact)
  let found = linesIn(exact)
  let how = ""
  // Without capitals it is worth a second look.
  if (found.lines.length === 0 && !anyCase && /\p{L}/u.test(text)) {
    const [loose = NOTHING] = yield { calls: [{ tool: "grep", input: { pattern: `(?i)${pattern}`, ...where } }] }
    if (loose.failed) return failure("The search failed", loose)
    found = linesIn(loose)
    how = ", in other capitals,"
  }
  const isOther = how !== "" || anyCase === true
  found = { ...found, lines: found.lines.filter(({ file }) => !isKept(file, context)) }
  const inside = [place, scope.include].filter(Boolean).join(", ")
  const placed = inside ? ` in ${inside}` : ""
  if (found.lines.length === 0)
    return { text: `${quoted(text)} was not found${placed}${found.isCut ? ", as far as could be searched" : ""}.` }
  const all = count && found.isCut && !isOther ? yield* countOccurrences(text, scope, context) : undefined
  if (all !== undefined) return { text: `${quoted(text)} occurs ${plural(all, "time")}${placed}, by the count of git.` }
  const [only, ...others] = new Set(found.lines.map(({ file }) => file))
  const files = others.length + 1
  const more = found.isCut ? "more than " : ""
  const total = `${quoted(text)} is${how} on ${more}${plural(found.lines.length, "line")} of ${plural(files, "file")}${placed}`
  const fold = (line: string) => (isOther ? line.toLowerCase() : line)
  const times = found.lines.reduce((sum, line) => sum + occurrences(fold(line.text), fold(text)), 0)
  return {
    ...(others.length === 0 && only !== undefined ? { subject: { file: shown(only, context) } } : {}),
    text: count
      ? `${total}, ${more}${plural(times, "time")} in all.`
      : `${total}:\n${bullets(
          found.lines.map((line) => placeOf(line, context)),
          found.isCut,
        )}`,
  }
}

/** A search shows 100 lines; git counts them all. */
function* countOccurrences(
  text: string,
  { file, folder, include }: IntentOf<"search">["scope"],
  context: PlanContext,
): Generator<Batch, number | undefined, Outcome[]> {
  if (context.avoid !== undefined || text.includes("\n")) return undefined
  const below = folder ? `:(glob)${folder}/**/` : ":(glob)**/"
  const specs = file ? [shellPath(file)] : withoutBraces(include ?? "*").map((one) => shellWord(below + one))
  return yield* countLines(`git grep --untracked -IohF -e ${shellWord(text)} -- ${specs.join(" ")}`)
}

const placeOf = ({ file, line, text }: FoundLine, context: PlanContext) =>
  `${shown(file, context)}:${line}: ${text.trim()}`

export function* define({ name }: IntentOf<"define">, context: PlanContext): Plan {
  const escaped = escapeRegex(name)
  const words =
    "function\\*?|class|interface|type|const|let|var|enum|def|fn|func|struct|trait|mod|module|namespace|package|object|record|protocol|macro_rules!|#define|static|sub"
  const pattern = `\\b(?:${words})\\s+(?:\\([^)]*\\)\\s*)?${escaped}\\b`
  const [found = NOTHING] = yield { calls: [{ tool: "grep", input: { pattern } }] }
  if (found.failed) return failure("The search failed", found)
  const { lines: all, isCut } = linesIn(found)
  const lines = all.filter(({ file }) => !isKept(file, context))
  if (lines.length === 0) {
    const [used = NOTHING] = yield { calls: [{ tool: "grep", input: { pattern: `\\b${escaped}\\b` } }] }
    if (used.failed) return failure("The search failed", used)
    const uses = linesIn(used)
    if (uses.lines.length === 0) return { text: `${quoted(name)} is neither defined nor used here.` }
    const places = bullets(
      uses.lines.map((line) => placeOf(line, context)),
      uses.isCut,
    )
    return { text: `I see no definition of ${quoted(name)}. It is named here:\n${places}` }
  }
  const places = lines.map((line) => placeOf(line, context))
  const [first] = lines
  if (lines.length > 1 || !first) {
    return {
      text: `${quoted(name)} seems to be defined in ${plural(lines.length, "place")}:\n${bullets(places, isCut)}`,
    }
  }
  const offset = Math.max(1, first.line - CONTEXT_BEFORE)
  const [around = NOTHING] = yield {
    calls: [{ tool: "read", input: { filePath: first.file, offset, limit: CONTEXT_LINES } }],
  }
  const code = around.failed ? `- ${places[0]}` : block(contentIn(around).lines)
  const file = shown(first.file, context)
  return { text: `${quoted(name)} is defined in ${file}:${first.line}\n${code}`, subject: { file } }
}

export function* read({ file, first, last }: IntentOf<"read">, context: PlanContext): Plan {
  const range = {
    ...(first === undefined ? {} : { offset: first }),
    ...(last === undefined ? {} : { limit: Math.max(1, last - (first ?? 1) + 1) }),
  }
  const path = absolute(file, context)
  const [found = NOTHING] = yield { calls: [{ tool: "read", input: { filePath: path, ...range } }] }
  if (!found.failed) return contentReport(file, found, { first, last })
  if (found.refused) return failure(`${quoted(file)} could not be read`, found)
  // Perhaps it lies in another folder.
  const [others = NOTHING] = yield { calls: [{ tool: "glob", input: { pattern: `**/${basename(file)}` } }] }
  const { paths } = others.failed ? { paths: [] } : pathsIn(others)
  const [other] = paths
  if (paths.length !== 1 || !other || other === path) {
    const hint =
      paths.length > 1 ? `\nThere are several of that name:\n${bullets(paths.map((one) => shown(one, context)))}` : ""
    return { text: `${failure(`${quoted(file)} could not be read`, found).text}${hint}`, stop: true }
  }
  const [again = NOTHING] = yield { calls: [{ tool: "read", input: { filePath: other, ...range } }] }
  if (again.failed) return failure(`${quoted(shown(other, context))} could not be read`, again)
  return contentReport(shown(other, context), again, { first, last })
}

function contentReport(
  file: string,
  outcome: Outcome,
  { first, last }: { first?: number | undefined; last?: number | undefined },
): Report {
  const { kind, lines, isCut } = contentIn(outcome)
  if (kind === "directory") return { text: `${quoted(file)} is a folder.\n${bullets(lines, isCut)}` }
  if (!outcome.text.includes("<content>")) return { text: `${quoted(file)}: ${reason(outcome.text)}` }
  if (lines.length === 0) return { text: `${quoted(file)} ${first === undefined ? "is empty" : "has no such lines"}.` }
  const part = first === undefined ? "" : `, lines ${first} to ${first + lines.length - 1}`
  const more = isCut && last === undefined ? "\n(The file goes on; ask for the lines you want to see.)" : ""
  const language = /\.([a-z]{1,5})$/i.exec(file)?.[1] ?? ""
  return { text: `${quoted(file)}${part}:\n${block(lines, { language })}${more}` }
}

export const failure = (what: string, outcome: Outcome): Report => ({
  text: `${what}: ${reason(outcome.text)}`,
  stop: true,
})
