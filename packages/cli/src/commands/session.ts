import type { Session } from "@opencode/protocol/session.ts"
import { aligned } from "../aligned.ts"
import { dataOf, openDoor } from "../door.ts"
import { requireSessionID } from "../fail.ts"
import { moment } from "../moment.ts"
import { out } from "../out.ts"
import { workingFolder } from "../workplace.ts"

export async function listSessions({
  maxCount,
  format,
}: {
  maxCount?: number
  format: "table" | "json"
}): Promise<void> {
  const directory = workingFolder(undefined)
  const door = await openDoor(directory)
  try {
    const limit = maxCount ?? ALL
    const sessions = dataOf(await door.client.session.list({ directory, roots: true, limit })) as Session[]
    if (format === "json") out.line(JSON.stringify(sessions.map(summary), null, 2))
    else if (sessions.length > 0) out.line(table(sessions))
  } finally {
    await door.close()
  }
}

const ALL = -1

const summary = ({ id, title, time, projectID, directory }: Session) => ({
  id,
  title,
  updated: time.updated,
  created: time.created,
  projectId: projectID,
  directory,
})

function table(sessions: Session[]): string {
  return aligned([
    ["Session ID", "Updated", "Title"],
    ...sessions.map(({ id, title, time }) => [id, moment(time.updated), title.replaceAll(/\s+/g, " ")]),
  ])
}

export async function deleteSession(sessionID: string): Promise<void> {
  requireSessionID(sessionID)
  const door = await openDoor(workingFolder(undefined))
  try {
    dataOf(await door.client.session.delete({ sessionID }))
    out.note(`Deleted session: ${sessionID}`)
  } finally {
    await door.close()
  }
}
