import type { ConfigIssueReport } from "@opencode/protocol/config-report.ts"
import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { dataOf } from "./api.ts"

/** Says what of a folder's settings was not taken as it is written, each thing once. */
export interface Issues {
  tell(directory: string): Promise<void>
}

/** What waits for trust is asked about with the next prompt. */
const ASKED_ABOUT = "held_back"

/** More than this nobody reads in a log. */
const MAX_TOLD = 100

export function createIssues(client: OpencodeClient, note: (text: string) => void): Issues {
  const told = new Set<string>()
  return {
    async tell(directory) {
      const issues = dataOf(await client.config.issues({ directory })) as ConfigIssueReport[]
      for (const issue of issues) {
        const line = lineOf(issue)
        if (issue.kind === ASKED_ABOUT || told.has(line) || told.size >= MAX_TOLD) continue
        told.add(line)
        note(`Warning: ${line}`)
      }
    },
  }
}

const lineOf = ({ file, line, message }: ConfigIssueReport): string =>
  file === undefined ? message : `${[file, line].filter((known) => known !== undefined).join(":")}: ${message}`
