import { rm } from "node:fs/promises"
import type { ImportInput } from "@opencode/protocol/intake.ts"
import type { Source } from "../intake/source.ts"
import { fault } from "../lib/fault.ts"
import { takeOver, type ReportDeps } from "./intake-report.ts"
import { openSource, scratchFolder, sweepScratch } from "./intake-source.ts"

/** Takes over what other programs left on this disk. */
export interface Intake {
  /**
   * One at a time. What it yields is the report as JSON, a session on each line, as it comes to be.
   * @throws fault `not_found` when there is nothing, `bad_request`, `unavailable`, `storage`
   */
  start(input: ImportInput): Promise<Running>
}

export interface Running {
  report: AsyncGenerator<string, void, undefined>
  /** Ends it between two sessions. */
  abort(): void
}

export function createIntake(deps: ReportDeps): Intake {
  const { home } = deps
  let isRunning = false

  async function end(source?: Source): Promise<void> {
    source?.close()
    await rm(scratchFolder(home), { recursive: true, force: true })
    isRunning = false
  }

  return {
    async start(input) {
      if (isRunning) throw fault("unavailable", "Another import is running.")
      isRunning = true
      let source: Source
      try {
        await sweepScratch(home)
        source = await openSource(input, home)
      } catch (error) {
        await end()
        throw error
      }
      const aborted = new AbortController()
      const report = takeOver(source, { input, signal: aborted.signal }, deps)
      return {
        abort: () => aborted.abort(fault("aborted", "It was aborted.")),
        report: ended(report, () => end(source)),
      }
    },
  }
}

async function* ended<T>(inner: AsyncGenerator<T>, end: () => Promise<void>): AsyncGenerator<T, void, undefined> {
  try {
    yield* inner
  } finally {
    await end()
  }
}
