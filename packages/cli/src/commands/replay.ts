import { readFileSync } from "node:fs"
import { replaceFile } from "@opencode/core/lib/replace-file.ts"
import { BadRecording, withRequests } from "@opencode/core/recording/entry.ts"
import type { Verdict } from "@opencode/core/recording/replay.ts"
import { CommandFailure } from "../fail.ts"
import { out } from "../out.ts"
import { replayFile } from "../replay-file.ts"

/** The file is no recording, or cannot be read: not the same as a recording that comes out differently. */
const BAD_FILE = 2

/** @returns the exit code: 0 the same, 1 something differs */
export async function debugReplay(file: string, { accept = false }: { accept?: boolean } = {}): Promise<number> {
  const verdict = await replayFile(file).catch((error: unknown) => {
    const { code } = error as NodeJS.ErrnoException
    if (error instanceof BadRecording) throw new CommandFailure(`${file}: ${error.message}`, BAD_FILE)
    if (code === "ENOENT" || code === "EISDIR" || code === "EACCES")
      throw new CommandFailure(`${file} cannot be read (${code}).`, BAD_FILE)
    throw error
  })
  for (const line of report(verdict)) out.line(line)
  if (isSame(verdict)) return 0
  if (!accept || verdict.difference || verdict.hasLeft) return 1
  replaceFile(file, withRequests(readFileSync(file, "utf8"), verdict.said))
  out.line(`accepted: ${file} has the requests of this version now.`)
  return 0
}

export const isSame = ({ difference, deviations }: Verdict): boolean => !difference && deviations.length === 0

/** For a person: what was compared, and the first thing that differs. */
export function report(verdict: Verdict): string[] {
  const { difference, deviations, sessions, messages, parts, requests, isWhole } = verdict
  const size = `${plural(messages, "message")}, ${plural(parts, "part")}`
  const around = `${plural(sessions, "session")}, ${plural(requests, "request")}`
  return [
    ...(isWhole ? [] : ["The recording breaks off; what comes after its end is not compared."]),
    ...deviations.map((deviation) => `differs: ${deviation}`),
    ...(difference
      ? [
          `another transcript: ${difference.where}`,
          `  recorded: ${difference.recorded}`,
          `  replayed: ${difference.replayed}`,
        ]
      : [`same transcript, ${size} (${around})`]),
  ]
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`
