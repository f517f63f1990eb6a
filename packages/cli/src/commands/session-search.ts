import type { FoundSession } from "@opencode/protocol/session-search.ts"
import { dataOf, openDoor } from "../door.ts"
import { out } from "../out.ts"
import { moment } from "../moment.ts"
import { workingFolder } from "../workplace.ts"

export interface SearchOptions {
  maxCount?: number
  all?: boolean
  format: "text" | "json"
}

/** @returns 1 when nothing was found, as grep does */
export async function searchSessions(query: string, { maxCount, all, format }: SearchOptions): Promise<number> {
  const door = await openDoor(workingFolder(undefined))
  try {
    const limit = maxCount === undefined ? {} : { limit: maxCount }
    const found = dataOf(
      await door.client.find.sessions({ query, everywhere: all ?? false, ...limit }),
    ) as FoundSession[]
    if (format === "json") out.line(JSON.stringify(found, null, 2))
    else if (found.length > 0) out.line(found.map(entry).join("\n\n"))
    else out.note("Nothing was found.")
    return found.length > 0 ? 0 : 1
  } finally {
    await door.close()
  }
}

function entry({ session: { id, title, time }, messages, more }: FoundSession): string {
  const lines = messages.map(({ role, excerpt }) => `  ${role === "user" ? ">" : " "} ${excerpt}`)
  const rest = more > 0 ? [`    … and ${more} more`] : []
  return [`${id}  ${moment(time.updated)}  ${title.replaceAll(/\s+/g, " ")}`, ...lines, ...rest].join("\n")
}
