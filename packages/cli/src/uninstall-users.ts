import type { DatabaseUser } from "@opencode/core/peer/database-users.ts"

/** That the data is in use and by whom, as one sentence. Without the names of those it is known all the same. */
export function saidOfUsers(users: readonly DatabaseUser[]): string {
  if (users.length === 0) return "Another process works with this data."
  const named = users.map(nameOf)
  const last = named.pop() ?? ""
  if (named.length === 0) return `Process ${last} works with this data.`
  return `Processes ${named.join(", ")} and ${last} work with this data.`
}

function nameOf({ pid, command, sessionIDs }: DatabaseUser): string {
  const what = [
    ...(command === undefined ? [] : [`opencode ${command}`]),
    ...(sessionIDs.length === 0 ? [] : [`at work on ${sessionIDs.join(", ")}`]),
  ]
  return what.length === 0 ? String(pid) : `${pid} (${what.join(", ")})`
}
