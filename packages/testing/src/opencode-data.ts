// Data folders that OpenCode made, as fixtures: see fixtures/opencode/README.md.
import { readFileSync } from "node:fs"
import type { Session } from "@opencode/protocol/session.ts"
import { brotliDecompressSync } from "node:zlib"

const fixture = (name: string): Buffer =>
  brotliDecompressSync(readFileSync(new URL(`../fixtures/opencode/${name}.br`, import.meta.url)))

/** The database that OpenCode 1.18.33 made. */
export const opencodeDatabase = (): Buffer => fixture("1.18.33.db")

/** The files that OpenCode 1.1.65 made, by their paths in its data folder. */
export const opencodeFiles = (): Record<string, string> =>
  JSON.parse(fixture("1.1.65.json").toString()) as Record<string, string>

/** What OpenCode 1.18.33 itself answered of that database; of one session it answers a failure. */
export const opencodeAnswers = (): OpencodeAnswers =>
  JSON.parse(fixture("1.18.33-answers.json").toString()) as OpencodeAnswers

export interface OpencodeAnswers {
  sessions: (Session & { project: unknown })[]
  messages: Record<string, unknown>
}
