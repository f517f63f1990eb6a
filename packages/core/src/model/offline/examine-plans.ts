import { clip } from "../../lib/text.ts"
import type { IntentOf } from "./intent.ts"
import { failure } from "./look-plans.ts"
import { outlineOf } from "./outline.ts"
import { absolute, isKept, shellPath, shown, type Batch, type Plan, type PlanContext } from "./plan.ts"
import { block, bullets, plural, quoted, reason } from "./prose.ts"
import { commandIn, contentIn, nextLine, pathsIn, totalLines, type Outcome } from "./results.ts"

const NOTHING: Outcome = { text: "", failed: true }
/** Files that are looked at in one step: enough to be quick, few enough to follow. */
const BATCH = 20
/** Pages of one file, of up to 2,000 lines each: what is longer was not written by hand. */
const MAX_PAGES = 6
/** Characters of a path and its figure. */
const MAX_ROW = 400

export function* outline({ files }: IntentOf<"outline">, context: PlanContext): Plan {
  const texts: string[] = []
  let failed = 0
  for (const file of files) {
    const { outcome, lines, isWhole } = yield* readWhole(absolute(file, context))
    if (outcome.failed) {
      texts.push(failure(`${quoted(file)} could not be read`, outcome).text)
      failed++
      continue
    }
    const isFolder = outcome.text.includes("<type>directory</type>")
    const symbols = isFolder ? undefined : outlineOf(file, lines)
    if (isFolder) texts.push(`${quoted(file)} is a folder; name a file in it.\n${bullets(contentIn(outcome).lines)}`)
    else if (!symbols) texts.push(`I do not know what the symbols of a file such as ${quoted(file)} look like.`)
    else if (symbols.length === 0) texts.push(`I see no symbols in ${quoted(file)}.`)
    else {
      const width = String(symbols.at(-1)?.line ?? 1).length
      const rows = symbols.map(
        ({ line, depth, text }) => `${String(line).padStart(width)}: ${"  ".repeat(depth)}${text}`,
      )
      const rest = isWhole ? "" : "\n(The file goes on; only its first part was looked at.)"
      texts.push(
        `${quoted(file)} has ${plural(symbols.length, "symbol")}, by the look of its lines:\n${block(rows)}${rest}`,
      )
    }
  }
  return { text: texts.join("\n\n"), ...(failed === files.length ? { stop: true } : {}) }
}

/** A file as far as a few pages go. */
export function* readWhole(
  filePath: string,
): Generator<Batch, { outcome: Outcome; lines: string[]; isWhole: boolean }, Outcome[]> {
  const [first = NOTHING] = yield { calls: [{ tool: "read", input: { filePath } }] }
  return yield* readOn(filePath, first)
}

/** The pages after the first. */
export function* readOn(
  filePath: string,
  first: Outcome,
): Generator<Batch, { outcome: Outcome; lines: string[]; isWhole: boolean }, Outcome[]> {
  if (first.failed) return { outcome: first, lines: [], isWhole: false }
  const lines = contentIn(first).lines
  let offset = nextLine(first)
  for (let pages = 1; offset !== undefined && pages < MAX_PAGES; pages++) {
    const [next = NOTHING] = yield { calls: [{ tool: "read", input: { filePath, offset } }] }
    if (next.failed) break
    lines.push(...contentIn(next).lines)
    const after = nextLine(next)
    offset = after !== undefined && after > offset ? after : undefined
  }
  return { outcome: first, lines, isWhole: offset === undefined }
}

export function* lines({ files, glob, folder }: IntentOf<"lines">, context: PlanContext): Plan {
  let paths = files.map((file) => absolute(file, context))
  let isCut = false
  if (glob !== undefined) {
    const place = folder ? { path: absolute(folder, context) } : {}
    const [found = NOTHING] = yield { calls: [{ tool: "glob", input: { pattern: glob, ...place } }] }
    if (found.failed) return failure("The files could not be looked up", found)
    const list = pathsIn(found)
    paths = list.paths.filter((path) => !isKept(path, context))
    isCut = list.isCut
    if (paths.length === 0) return { text: `No file matches ${quoted(glob)}.` }
  }
  const rows: string[] = []
  let total = 0
  for (let start = 0; start < paths.length; start += BATCH) {
    const batch = paths.slice(start, start + BATCH)
    const pages = yield { calls: batch.map((filePath) => ({ tool: "read", input: { filePath, limit: 1 } })) }
    for (const [index, path] of batch.entries()) {
      const page = pages[index] ?? NOTHING
      if (page.refused) return failure(`${quoted(shown(path, context))} could not be read`, page)
      const counted = page.failed ? undefined : (totalLines(page) ?? (yield* countByCommand(path, page)))
      total += counted ?? 0
      const why = page.failed ? reason(page.text) : "it could not be counted"
      rows.push(`${shown(path, context)}: ${counted === undefined ? why : plural(counted, "line")}`)
    }
  }
  if (rows.length === 1) return { text: `${clip(rows[0] ?? "", MAX_ROW)}.` }
  const more = isCut ? "More than these: the newest " : ""
  return { text: `${more}${plural(rows.length, "file")}, ${plural(total, "line")} in all:\n${bullets(rows)}` }
}

/** `read` does not count to the end of what is very long. */
function* countByCommand(path: string, page: Outcome): Generator<Batch, number | undefined, Outcome[]> {
  if (nextLine(page) === undefined) return undefined
  const command = `wc -l -- ${shellPath(path)}`
  const [done = NOTHING] = yield { calls: [{ tool: "bash", input: { command, description: "Count the lines" } }] }
  const count = done.failed ? undefined : /^\s*(\d+)\b/.exec(commandIn(done).output)?.[1]
  return count === undefined ? undefined : Number(count)
}

export function* compare({ files }: IntentOf<"compare">): Plan {
  const [left = "", right = ""] = files
  const command = `diff -u -- ${shellPath(left)} ${shellPath(right)}`
  const [done = NOTHING] = yield { calls: [{ tool: "bash", input: { command, description: "Compare two files" } }] }
  const names = `${quoted(left)} and ${quoted(right)}`
  if (done.failed) return failure(`${names} could not be compared`, done)
  const { output, code, note } = commandIn(done)
  if (code === 0) return { text: output ? `${names}:\n${block(output.split("\n"))}` : `${names} are the same.` }
  if (code !== 1) return { text: `${names} could not be compared: ${reason(output || (note ?? ""))}`, stop: true }
  const rows = output.split("\n")
  const [gone, added] = ["-", "+"].map(
    (sign) => rows.filter((row) => row.startsWith(sign) && !row.startsWith(sign.repeat(3) + " ")).length,
  )
  const size = /^Binary files/m.test(output) ? "" : `: ${gone} only in the first, ${added} only in the second`
  return { text: `${names} differ${size}.\n${block(rows, { language: "diff" })}` }
}

/** Folders that nobody means when a project is to be shown. */
const DULL = /^(?:node_modules|\.git|dist|build|target|\.venv|__pycache__|\.next|vendor)\/$/
/** Folders whose entries are shown when a project is too large for all of it. */
const MAX_FOLDERS = 12

export function* tree({ folder }: IntentOf<"tree">, context: PlanContext): Plan {
  const root = absolute(folder, context)
  const place = folder === "." ? {} : { path: root }
  const [found = NOTHING] = yield { calls: [{ tool: "glob", input: { pattern: "**/*", ...place } }] }
  if (found.failed) return failure(`${quoted(folder)} could not be listed`, found)
  const { paths, isCut } = pathsIn(found)
  const inside = { directory: context.directory === undefined ? undefined : root }
  const name = folder === "." ? "This folder" : quoted(folder)
  if (!isCut) {
    const names = paths.filter((path) => !isKept(path, context)).map((path) => shown(path, inside))
    if (names.length === 0) return { text: `${name} has no files.` }
    return { text: `${name} has ${plural(names.length, "file")}:\n${block(drawn(names))}` }
  }
  const [top = NOTHING] = yield { calls: [{ tool: "read", input: { filePath: root } }] }
  if (top.failed) return failure(`${name} could not be listed`, top)
  const entries = contentIn(top).lines.filter((entry) => !isKept(`${folder}/${entry}`.replace(/\/$/, ""), context))
  const opened = entries.filter((entry) => entry.endsWith("/") && !DULL.test(entry)).slice(0, MAX_FOLDERS)
  const below =
    opened.length === 0
      ? []
      : yield { calls: opened.map((entry) => ({ tool: "read", input: { filePath: `${root}/${entry.slice(0, -1)}` } })) }
  const names = entries.flatMap((entry) => {
    const outcome = below[opened.indexOf(entry)]
    return [entry, ...(outcome && !outcome.failed ? contentIn(outcome).lines.map((child) => entry + child) : [])]
  })
  return { text: `${name} has more files than I look up; these are its two upper levels:\n${block(drawn(names))}` }
}

/** Paths as a tree: folders first named, then what is in them. */
function drawn(paths: readonly string[]): string[] {
  const rows: string[] = []
  let open: string[] = []
  for (const path of [...paths].sort()) {
    const parts = path.split("/").filter(Boolean)
    const isFolder = path.endsWith("/")
    const folders = isFolder ? parts : parts.slice(0, -1)
    let depth = 0
    while (depth < folders.length && open[depth] === folders[depth]) depth++
    for (; depth < folders.length; depth++) rows.push(`${"  ".repeat(depth)}${folders[depth]}/`)
    open = folders
    if (!isFolder) rows.push(`${"  ".repeat(folders.length)}${parts.at(-1)}`)
  }
  return rows
}
