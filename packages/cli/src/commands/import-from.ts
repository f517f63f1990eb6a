import { resolve } from "node:path"
import type { ImportedSession, ImportInput, ImportReport, ImportState, Program } from "@opencode/protocol/intake.ts"
import { foldersOfUser } from "../compose.ts"
import { openDoor } from "../door.ts"
import { CommandFailure } from "../fail.ts"
import { out } from "../out.ts"
import { INTERRUPTED, onInterrupt } from "./interrupt.ts"
import { reportLines } from "./report-lines.ts"

export interface ImportFromOptions {
  from: Program
  dryRun?: boolean
  format: "default" | "json"
}

/** A person who waits wants to see that it goes on, and a log wants few lines. */
const PROGRESS_MS = 2_000
/** A screen has room for them; `--format json` has all. */
const SHOWN_PROBLEMS = 20

/** Takes over the sessions of another program. @returns the exit code: 1 when something could not be taken over */
export async function importFrom(folder: string | undefined, options: ImportFromOptions): Promise<number> {
  const { from, dryRun = false, format } = options
  const door = await openDoor(foldersOfUser().home, { isImport: true })
  const leaving = new AbortController()
  const interrupt = onInterrupt({ abort: async () => leaving.abort(), stop: () => {}, leave: () => {} })
  try {
    const body: ImportInput = { from, dryRun, ...(folder === undefined ? {} : { folder: resolve(folder) }) }
    const answer = await door.app.fetch(
      new Request("http://localhost/global/import", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    )
    if (!answer.ok || !answer.body) throw new CommandFailure(await sentenceOf(answer))
    const report = await follow(answer.body, { isQuiet: format === "json", signal: leaving.signal })
    if (!report) return INTERRUPTED
    if (format === "json") out.line(JSON.stringify(report, undefined, 2))
    else show(report)
    return isWhole(report) ? 0 : 1
  } finally {
    interrupt.close()
    await door.close()
  }
}

const isWhole = ({ stopped, problems, sessions }: ImportReport): boolean =>
  stopped === undefined && problems.length === 0 && sessions.every(({ state }) => state !== "failed")

interface Following {
  isQuiet: boolean
  signal: AbortSignal
}

/** @returns the report, or nothing when the person did not want to wait for it */
async function follow(
  body: ReadableStream<Uint8Array>,
  { isQuiet, signal }: Following,
): Promise<ImportReport | undefined> {
  let told = performance.now()
  const sessions: ImportedSession[] = []
  for await (const line of reportLines(body)) {
    if (line.kind === "end") return { ...line.report, sessions }
    sessions.push(line.session)
    if (signal.aborted) {
      out.note(`Stopped after ${sessions.length} of ${line.found} sessions. Run it again to go on.`)
      return undefined
    }
    if (isQuiet || performance.now() - told < PROGRESS_MS) continue
    told = performance.now()
    out.note(`${sessions.length} of ${line.found} sessions…`)
  }
  throw new CommandFailure("The import broke off; the log says more. What was stored stays, and the next one goes on.")
}

const NAMES: Record<Program, string> = { opencode: "OpenCode", "claude-code": "Claude Code", codex: "Codex" }

const WORDS: Record<ImportState, string> = {
  added: "added",
  extended: "extended, because they went on there",
  unchanged: "here already",
  removed: "here once and removed since",
  diverged: "left as they are here, because they went on in both places",
  busy: "left out, because they are at work here",
  failed: "could not be read",
}

function show(report: ImportReport): void {
  const { from, folder, dryRun, sessions, projects, credentials, stopped } = report
  out.line(`${NAMES[from]} (${folder})${dryRun ? ", as it would be taken over" : ""}:`)
  for (const [state, words] of Object.entries(WORDS)) {
    const count = sessions.filter((session) => session.state === state).length
    if (count > 0) out.line(`  ${count} ${count === 1 ? "session" : "sessions"} ${words}`)
  }
  if (sessions.length === 0) out.line("  no sessions")
  if (projects > 0) out.line(`  ${projects} ${projects === 1 ? "project" : "projects"} not known before`)
  if (credentials.added.length > 0) out.line(`  credentials: ${credentials.added.join(", ")}`)
  if (credentials.kept.length > 0) out.line(`  credentials that stay as they are here: ${credentials.kept.join(", ")}`)
  showProblems(report)
  if (dryRun) out.note("Nothing was stored: this was --dry-run.")
  if (stopped !== undefined) out.note(`Stopped: ${stopped} Run it again to go on.`)
}

function showProblems({ problems, sessions }: ImportReport): void {
  const all = [
    ...problems,
    ...sessions.flatMap(({ id, title, problems: own = [] }) =>
      own.map((problem) => `${id}${title ? ` (${title})` : ""}: ${problem}`),
    ),
  ]
  for (const problem of all.slice(0, SHOWN_PROBLEMS)) out.note(problem)
  const more = all.length - SHOWN_PROBLEMS
  if (more > 0) out.note(`${more} more; --format json shows them.`)
}

async function sentenceOf(answer: Response): Promise<string> {
  const { data, message } = (await answer.json()) as { data?: { message?: string }; message?: string }
  return data?.message ?? message ?? `The import was refused (${answer.status}).`
}
