import type { SessionHealth } from "@opencode/protocol/session-health.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { dataOf, openDoor, type Door } from "../door.ts"
import { requireSessionID } from "../fail.ts"
import { out } from "../out.ts"
import { workingFolder } from "../workplace.ts"

/** Exit code 0 also with findings: each of them is repaired by itself. */
export async function examineSessions(
  named: string | undefined,
  { format }: { format: "text" | "json" },
): Promise<void> {
  if (named !== undefined) requireSessionID(named)
  const door = await openDoor(workingFolder(undefined))
  try {
    const ids = named === undefined ? await sessionIDs(door) : [named]
    const found: SessionHealth[] = []
    for (const sessionID of ids) {
      found.push(dataOf(await door.client.session.doctor({ sessionID })) as SessionHealth)
    }
    if (format === "json") return out.line(JSON.stringify(found, null, 2))
    const told = found.filter(({ findings }) => findings.length > 0)
    if (told.length > 0) out.line(told.map(report).join("\n\n"))
    out.note(summary(found.length, told.length))
  } finally {
    await door.close()
  }
}

const sessionIDs = async ({ client }: Door): Promise<string[]> =>
  (dataOf(await client.session.list({ scope: "project", limit: -1 })) as Session[]).map(({ id }) => id)

function summary(all: number, withFindings: number): string {
  if (withFindings === 0) return `${sessions(all)} examined: nothing that a provider would refuse.`
  return `${sessions(all)} examined, ${withFindings} with findings. All of it is repaired when it is sent; nothing stored is changed.`
}

const sessions = (count: number): string => (count === 1 ? "1 session" : `${count} sessions`)

function report({ sessionID, busy, findings, more }: SessionHealth): string {
  const lines = findings.flatMap(({ messageID, partID, found, repair }) => [
    `  ${partID ?? messageID ?? ""}  ${found}`,
    `    ${repair}`,
  ])
  return [
    sessionID + (busy ? " (a turn runs in it)" : ""),
    ...lines,
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ].join("\n")
}
