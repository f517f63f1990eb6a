import type { GlobalSession } from "@opencode/protocol/session.ts"
import type { OpencodeClient } from "@opencode-ai/sdk/v2/client.ts"
import { dataOf } from "./api.ts"
import type { SessionInfo } from "./wire.ts"

/** The sessions that there are, the newest first. */
export interface SessionFilter {
  cwd?: string | undefined
  /** Of the page before. */
  cursor?: string | undefined
}

export interface SessionPage {
  sessions: SessionInfo[]
  nextCursor?: string
}

/** What a list on a screen has room for; there is a next page. */
const PAGE = 100

export async function listSessions(client: OpencodeClient, { cwd, cursor }: SessionFilter): Promise<SessionPage> {
  const before = cursor === undefined ? Number.NaN : Number(cursor)
  const answer = await client.experimental.session.list({
    roots: true,
    limit: PAGE,
    ...(cwd === undefined ? {} : { directory: cwd }),
    ...(Number.isFinite(before) ? { cursor: before } : {}),
  })
  // A folder that is gone has no sessions to go on with; that is no mistake of the client.
  const isGone = cwd !== undefined && answer.response?.status === 400
  const found = isGone ? [] : (dataOf(answer) as GlobalSession[])
  const nextCursor = answer.response?.headers.get("x-next-cursor")
  return { sessions: found.map(infoOf), ...(nextCursor ? { nextCursor } : {}) }
}

const infoOf = ({ id, directory, title, time }: GlobalSession): SessionInfo => ({
  sessionId: id,
  cwd: directory,
  title,
  updatedAt: new Date(time.updated).toISOString(),
})
