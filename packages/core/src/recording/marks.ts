import type { Frame } from "../bus/bus.ts"

/**
 * The moments of a session that what comes from outside may answer to: a reply comes after its question, an abort after
 * the wait that it ended. Each has a name with its number in the session, the same in the recording and in the replay.
 */
export function createMarks(note: (mark: string) => void): (frame: Frame) => void {
  const counts = new Map<string, number>()
  const titles = new Map<string, string>()
  const completed = new Set<string>()

  function mark(what: string, sessionID: string): void {
    const name = `${what} ${sessionID}`
    const count = (counts.get(name) ?? 0) + 1
    counts.set(name, count)
    note(`${name} ${count}`)
  }

  return ({ type, properties }) => {
    // Looked at by name: the table of events says what each carries.
    const { sessionID, info, status } = properties as {
      sessionID?: string
      info?: { id: string; role?: string; title?: string; time?: { completed?: number } }
      status?: { type: string }
    }
    if (sessionID === undefined) return
    if (type === "session.deleted") note(`deleted ${sessionID}`)
    if (type.endsWith(".asked")) mark("asked", sessionID)
    if (type === "session.status" && status) mark(status.type, sessionID)
    if (type === "message.created" && info?.role === "user") mark("prompted", sessionID)
    if (type === "message.updated" && info?.time?.completed !== undefined && !completed.has(info.id)) {
      completed.add(info.id)
      mark("completed", sessionID)
    }
    if ((type === "session.updated" || type === "session.created") && info?.title !== undefined) {
      const before = titles.get(sessionID)
      titles.set(sessionID, info.title)
      if (before !== undefined && before !== info.title) mark("titled", sessionID)
    }
  }
}
