import type { FoundText } from "@opencode/protocol/file.ts"
import { resolve, sep } from "node:path"
import { fault, toolFailure } from "../lib/fault.ts"
import type { StartProcess } from "../process/spawn.ts"
import { fileFilter, normaliseGlob } from "./glob.ts"
import { foundText } from "./found-text.ts"
import { MAX_LINE_BYTES, SEARCH_DEADLINE_MS, tooSlow, type Match, type Search } from "./search-query.ts"

interface RipgrepOptions {
  start: StartProcess
  env: Readonly<Record<string, string | undefined>>
  /** Absolute path. */
  program: string
}

/**
 * `--no-config`: a settings file can name programs. `--no-require-git`: ignore files count in every folder.
 * `--no-messages`: files that cannot be read are no news, so that anything on standard error is a real failure.
 * Sorting makes rg use one thread, and makes the answer the same each time.
 */
const ALWAYS = ["--no-config", "--no-messages", "--no-require-git", "--color=never", "--glob=!.git"]
const ORDERS = { newest: "--sortr=modified", path: "--sort=path" }

/** `--engine=auto`: what the fast engine cannot do (look-around), the other one does, within limits of its own. */
const MATCHES = [
  "--engine=auto",
  "--crlf",
  "--null",
  "--line-number",
  "--with-filename",
  "--no-heading",
  `--max-columns=${MAX_LINE_BYTES}`,
  "--max-columns-preview",
]

/** What is searched is the folder itself, and rg begins each path with its name. */
const HERE = `.${sep}`

/** A path and a cut line are far below; this is the end for something that is neither. */
const MAX_CARRY_BYTES = 64 * 1024
const MAX_STDERR_BYTES = 8 * 1024

export function createRipgrep({ start, env, program }: RipgrepOptions): Search {
  /** True when the splitter had enough before rg was done. */
  async function run(
    cwd: string,
    args: string[],
    signal: AbortSignal | undefined,
    splitter: Splitter,
  ): Promise<boolean> {
    let stderr = ""
    const child = start({
      file: program,
      args,
      cwd,
      env,
      signal,
      deadlineMs: SEARCH_DEADLINE_MS,
      sink(chunk, from) {
        if (from === "stderr") stderr = (stderr + chunk.toString()).slice(0, MAX_STDERR_BYTES)
        else if (!splitter.push(chunk)) void child.kill()
      },
    })
    const exit = await child.exited
    if (splitter.isDone()) return true
    if (exit.stopped === "abort") throw fault("aborted", "The search was stopped.")
    if (exit.stopped === "deadline") throw tooSlow()
    if (exit.failure) throw toolFailure(exit.failure)
    // 1 means no match; 2 without a message means that some file could not be read.
    if (stderr.trim() !== "" && exit.code !== 0) throw toolFailure(complaint(stderr))
    return false
  }

  return {
    async listFiles({ cwd, glob, hidden = true, order = "newest", limit, signal }) {
      const accepts = await fileFilter(cwd, glob)
      const files: string[] = []
      const above = cwd.endsWith(sep) ? cwd : cwd + sep
      // Not `--glob`: it would override the ignore files.
      const args = ["--files", "--null", ...ALWAYS, ORDERS[order], ...(hidden ? ["--hidden"] : []), "--", "."]
      const paths = createSplitter(["\0"], ([path = ""]) => {
        const file = above + path.slice(HERE.length)
        if (!accepts(file)) return true
        if (files.length >= limit) return false
        files.push(file)
        return true
      })
      return { truncated: await run(cwd, args, signal, paths), files }
    },

    async grep({ cwd, file, pattern, include, mayShow, hidden = true, limit, signal }) {
      const accepts = await fileFilter(cwd, include)
      const matches: Match[] = []
      const args = [
        ...ALWAYS,
        ORDERS.newest,
        ...(hidden ? ["--hidden"] : []),
        ...MATCHES,
        ...typeFilter(cwd, include),
        "-e",
        pattern,
        "--",
        file ?? ".",
      ]
      const isShown = remembered((path: string) => accepts(path) && (mayShow?.(path) ?? true))
      // Not line by line: a name may have line ends in it.
      const lines = createSplitter(["\0", "\n"], ([path = "", line = ""]) => {
        const [, number, text = ""] = line.match(/^(\d+):([^]*)$/) ?? []
        const found = {
          file: resolve(cwd, path.replace(NOTES, "")),
          line: Number(number),
          text: text.replace(/\r$/, ""),
        }
        if (number === undefined || !isShown(found.file)) return true
        if (matches.length >= limit) return false
        matches.push(found)
        return true
      })
      return { truncated: await run(cwd, args, signal, lines), matches }
    },

    async find({ cwd, pattern, limit, signal }) {
      const found: FoundText[] = []
      const args = [...ALWAYS, ORDERS.newest, "--hidden", "--engine=auto", "--crlf", "--json", "-e", pattern, "--", "."]
      const lines = createSplitter(["\n"], ([line = ""]) => {
        const match = foundText(line)
        if (!match) return true
        if (found.length >= limit) return false
        found.push(match)
        return true
      })
      await run(cwd, args, signal, lines)
      return found
    },
  }
}

/**
 * Lets rg skip most files that `include` excludes. A type, unlike `--glob`, does not override the ignore files; it
 * sees only the name of a file, so the filter on the results decides in the end.
 */
function typeFilter(cwd: string, include: string | undefined): string[] {
  const name =
    include === undefined ? "" : (normaliseGlob(cwd, include).match(/^(?:[^{}]*\/)?([^/!()|\\]+)$/)?.[1] ?? "")
  return name === "" || name === "**" ? [] : [`--type-add=wanted:${name}`, "--type=wanted"]
}

/** The line of rg's explanation that says what is wrong; without one, all of it. */
function complaint(stderr: string): string {
  const line = stderr.match(/^error: (.+)$/m)?.[1]
  return line === undefined ? stderr.trim() : `regex parse error: ${line}`
}

/** What rg says of the files before; it has lines of its own. */
const NOTES =
  /^(?:[^\0]*?: (?:WARNING: stopped searching binary file after match|binary file matches) \(found "\\0" byte around offset \d+\)\n)+/

/** The lines of one file come together: what was decided of the last one mostly holds for the next. */
function remembered(decide: (path: string) => boolean): (path: string) => boolean {
  let last: { path: string; answer: boolean } | undefined
  return (path) => (last?.path === path ? last : (last = { path, answer: decide(path) })).answer
}

interface Splitter {
  /** False once no more is wanted. */
  push(chunk: Buffer): boolean
  isDone(): boolean
}

/**
 * Calls `take` for each record, until it returns false: its pieces, each without the delimiter that ends it, and these
 * in turn.
 */
function createSplitter(delimiters: readonly string[], take: (pieces: string[]) => boolean): Splitter {
  const ends = delimiters.map((delimiter) => delimiter.charCodeAt(0))
  let pieces: string[] = []
  let carry: Buffer = Buffer.alloc(0)
  let done = false
  return {
    isDone: () => done,
    push(chunk) {
      const bytes = carry.length > 0 ? Buffer.concat([carry, chunk]) : chunk
      let start = 0
      const next = () => bytes.indexOf(ends[pieces.length]!, start)
      for (let at = next(); at >= 0 && !done; at = next()) {
        pieces.push(bytes.toString("utf8", start, at))
        start = at + 1
        if (pieces.length < ends.length) continue
        done = !take(pieces)
        pieces = []
      }
      carry = bytes.subarray(start)
      if (carry.length > MAX_CARRY_BYTES) carry = Buffer.alloc(0)
      return !done
    },
  }
}
