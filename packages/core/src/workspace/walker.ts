import type { FoundText } from "@opencode/protocol/file.ts"
import { opendir, stat } from "node:fs/promises"
import { join, relative, resolve } from "node:path"
import { Script, createContext } from "node:vm"
import { fault, toolFailure } from "../lib/fault.ts"
import { isBinary, readAllBytes } from "./files.ts"
import { foundIn } from "./found-text.ts"
import { fileFilter } from "./glob.ts"
import { ignoreRulesAbove, ignoreRulesFor, isIgnored, type IgnoreRules } from "./ignore-rules.ts"
import { MAX_LINE_BYTES, SEARCH_DEADLINE_MS, tooSlow, type Match, type Search } from "./search-query.ts"

/** A search without ripgrep: the same answers, slower. Links are not followed. */

/** Beyond this a machine without ripgrep should get one. */
const MAX_FILES = 200_000
/** Larger ones are data. */
const MAX_FILE_BYTES = 8 * 1024 * 1024
/** Files whose time is asked for at once: enough to keep the file system busy. */
const BATCH = 64
/** For all lines of one file. It blocks the process meanwhile, so it is short; honest patterns need a tenth of it. */
const MATCH_DEADLINE_MS = 250

export function createWalker(): Search {
  return {
    async listFiles({ cwd, glob, hidden = true, order = "newest", limit, signal }) {
      const accepts = await fileFilter(cwd, glob)
      const found = walk({ folder: cwd, hidden, check: guard(signal) })
      const files = await (order === "newest" ? newestFirst : byPath)(found, accepts)
      return { files: files.slice(0, limit), truncated: files.length > limit }
    },

    async grep({ cwd, file, pattern, include, mayShow = () => true, hidden = true, limit, signal }) {
      const check = guard(signal)
      const find = createMatcher(pattern)
      const accepts = await fileFilter(cwd, include)
      const files = file ? [resolve(cwd, file)] : await newestFirst(walk({ folder: cwd, hidden, check }), accepts)
      const matches: Match[] = []
      for (const path of files) {
        check()
        if (!mayShow(path)) continue
        for (const match of find(path, await textOf(path))) {
          if (matches.length >= limit) return { matches, truncated: true }
          matches.push(match)
        }
      }
      return { matches, truncated: false }
    },

    async find({ cwd, pattern, limit, signal }) {
      const check = guard(signal)
      const find = interruptible<[at: number, index: number, text: string]>(
        pattern,
        "lines.forEach((line, at) => { for (const m of line.matchAll(wanted)) found.push([at, m.index, m[0]]) })",
      )
      const found: FoundText[] = []
      for (const path of await newestFirst(walk({ folder: cwd, hidden: true, check }), () => true)) {
        check()
        const text = await textOf(path)
        found.push(...foundIn(relative(cwd, path), text, find(path, linesOf(text))).slice(0, limit - found.length))
        if (found.length >= limit) break
      }
      return found
    },
  }
}

function guard(signal: AbortSignal | undefined): () => void {
  const end = performance.now() + SEARCH_DEADLINE_MS
  return () => {
    if (signal?.aborted) throw fault("aborted", "The search was stopped.")
    if (performance.now() > end) throw tooSlow()
  }
}

async function* walk({ folder, hidden, check }: { folder: string; hidden: boolean; check: () => void }) {
  const rulesAbove = await ignoreRulesAbove(folder)
  // Whoever searches in an ignored folder means it.
  const above = isIgnored(folder, true, rulesAbove) ? undefined : rulesAbove
  const waiting: { path: string; above: IgnoreRules | undefined }[] = [{ path: folder, above }]
  let count = 0
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    check()
    const rules = await ignoreRulesFor(next.path, next.above)
    // A folder that vanished or may not be read has no files for us.
    const entries = await opendir(next.path).catch(() => undefined)
    if (!entries) continue
    for await (const entry of entries) {
      const path = join(next.path, entry.name)
      if (entry.name === ".git" || (!hidden && entry.name.startsWith("."))) continue
      if (isIgnored(path, entry.isDirectory(), rules)) continue
      if (entry.isDirectory()) waiting.push({ path, above: rules })
      else if (entry.isFile()) {
        yield path
        if ((count += 1) >= MAX_FILES) return
      }
    }
  }
}

async function newestFirst(paths: AsyncIterable<string>, accepts: (file: string) => boolean): Promise<string[]> {
  const timed: { path: string; time: number }[] = []
  let batch: string[] = []
  const settle = async () => {
    const times = await Promise.all(
      batch.map((path) =>
        stat(path).then(
          ({ mtimeMs }) => mtimeMs,
          () => 0,
        ),
      ),
    )
    batch.forEach((path, index) => timed.push({ path, time: times[index] ?? 0 }))
    batch = []
  }
  for await (const path of paths) {
    if (!accepts(path)) continue
    batch.push(path)
    if (batch.length >= BATCH) await settle()
  }
  await settle()
  return timed.sort((a, b) => b.time - a.time).map(({ path }) => path)
}

async function byPath(paths: AsyncIterable<string>, accepts: (file: string) => boolean): Promise<string[]> {
  const found: string[] = []
  for await (const path of paths) if (accepts(path)) found.push(path)
  return found.sort()
}

async function textOf(path: string): Promise<string> {
  const bytes = await readAllBytes(path, MAX_FILE_BYTES).catch(() => Buffer.alloc(0))
  return isBinary(bytes) ? "" : bytes.toString()
}

function createMatcher(pattern: string): (file: string, text: string) => Match[] {
  const find = interruptible<number>(
    pattern,
    "lines.forEach((line, at) => { if (line.search(wanted) >= 0) found.push(at) })",
  )
  return (file, text) => {
    const lines = linesOf(text)
    return find(file, lines).map((at) => ({ file, line: at + 1, text: (lines[at] ?? "").slice(0, MAX_LINE_BYTES) }))
  }
}

function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === "") lines.pop()
  return lines
}

/**
 * JavaScript's engine backtracks, so a pattern can take for ever on one line. Run as a script of its own it can be
 * interrupted. @param code puts into `found` what of `lines` is `wanted`
 */
function interruptible<Found>(pattern: string, code: string): (file: string, lines: string[]) => Found[] {
  const { source, flags } = compile(pattern)
  const scope = { source, flags: `${flags}g`, lines: [] as string[], found: [] as Found[] }
  const context = createContext(scope)
  new Script("globalThis.wanted = new RegExp(source, flags)").runInContext(context)
  const script = new Script(code)
  return (file, lines) => {
    scope.lines = lines
    scope.found = []
    try {
      script.runInContext(context, { timeout: MATCH_DEADLINE_MS })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error
      throw toolFailure(`The pattern takes too long on ${file}. Use a simpler one.`)
    }
    return scope.found
  }
}

function compile(pattern: string): RegExp {
  // Ripgrep's way to ignore case, which JavaScript does not have.
  const [, inline, rest] = pattern.match(/^\(\?(i)\)([^]*)$/) ?? [undefined, "", pattern]
  try {
    return new RegExp(rest ?? pattern, inline)
  } catch (error) {
    throw toolFailure(`regex parse error: ${(error as Error).message}`)
  }
}
