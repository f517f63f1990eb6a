/** The database of OpenCode 1.2 and later. Reads row by row: a damaged page costs what is on it and nothing else. */
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Todo } from "@opencode/protocol/todo.ts"
import { asNumber, asRecord, asText, parseJson, parseRecord, type Json } from "../model/wire/json.ts"
import type { Sqlite, SqlValue } from "../store/sqlite.ts"
import { messageOf, ofColumns, partOf, sessionOf } from "./opencode-rows.ts"
import { projectOf, spent, type StoredSessions } from "./opencode-stored.ts"
import type { Conversation, Tell } from "./source.ts"

export function readDatabase(sqlite: Sqlite): StoredSessions {
  const all = (sql: string, ...values: SqlValue[]): Json[] => sqlite.prepare(sql).all(...values) as Json[]
  const row = (sql: string, ...values: SqlValue[]): Json | undefined => {
    try {
      return asRecord(sqlite.prepare(sql).get(...values))
    } catch {
      return undefined // a damaged page: told where the row is missed
    }
  }
  const ids = (sql: string, ...values: SqlValue[]): string[] => all(sql, ...values).map(({ id }) => String(id))
  const problems: string[] = []

  function projects() {
    try {
      return all("SELECT * FROM project").flatMap((one) => projectOf(projectColumns(one)) ?? [])
    } catch {
      problems.push("The table of projects is damaged.")
      return []
    }
  }

  function conversation(sessionID: string, tell: Tell): Conversation | undefined {
    const found = row("SELECT * FROM session WHERE id = ?", sessionID)
    const info = found ? sessionOf(ofColumns(found), tell) : void tell("It is damaged.")
    if (!info) return undefined
    const messageIDs = ids("SELECT id FROM message WHERE session_id = ? ORDER BY time_created, id", sessionID)
    const model = modelOf(sessionID)
    let prompt: string | undefined

    function message(id: string): MessageWithParts | undefined {
      const stored = row("SELECT time_created, data FROM message WHERE id = ?", id)
      const created = asNumber(stored?.time_created) ?? info?.time.created ?? 0
      const owner = { sessionID, created, directory: info?.directory ?? "/", parentID: prompt, model }
      const read = messageOf(parseRecord(asText(stored?.data)), id, owner, tell)
      if (!read) return undefined
      if (read.role === "user") prompt = id
      return { info: read, parts: partIDs(id).flatMap((part) => readPart(part, { sessionID, messageID: id, created })) }
    }

    function partIDs(messageID: string): string[] {
      try {
        return ids("SELECT id FROM part WHERE message_id = ? ORDER BY id", messageID)
      } catch {
        tell(`The parts of the message ${messageID} are damaged and were left out.`)
        return []
      }
    }

    function readPart(id: string, owner: { sessionID: string; messageID: string; created: number }) {
      const stored = row("SELECT data FROM part WHERE id = ?", id)
      return partOf(parseRecord(asText(stored?.data)), { ...owner, id }, tell) ?? []
    }

    const known = found?.cost === undefined ? { ...spent(messageIDs.map(raw)), ...info } : info
    return { info: known, messageIDs, message, todos: todosOf(sessionID, tell) }
  }

  const raw = (messageID: string): Json | undefined =>
    parseRecord(asText(row("SELECT data FROM message WHERE id = ?", messageID)?.data))

  function modelOf(sessionID: string) {
    const answer = row(
      "SELECT data FROM message WHERE session_id = ? AND data LIKE '%providerID%' ORDER BY time_created LIMIT 1",
      sessionID,
    )
    const { providerID, modelID, model } = parseRecord(asText(answer?.data)) ?? {}
    const named = asRecord(model)
    return {
      providerID: asText(providerID) ?? asText(named?.providerID) ?? "unknown",
      modelID: asText(modelID) ?? asText(named?.modelID) ?? "unknown",
    }
  }

  function todosOf(sessionID: string, tell: Tell): Todo[] {
    try {
      const rows = all("SELECT content, status, priority FROM todo WHERE session_id = ? ORDER BY position", sessionID)
      return rows.map(({ content, status, priority }) => ({
        content: String(content),
        status: String(status),
        priority: String(priority),
      }))
    } catch {
      tell("What was noted to be done is damaged and was left out.")
      return []
    }
  }

  /** Changes with every message and part that is added or changed. */
  const STAMP = `SELECT
    (SELECT time_updated FROM session WHERE id = ?) AS session,
    (SELECT count(*) || '.' || max(time_updated) FROM message WHERE session_id = ?) AS messages,
    (SELECT count(*) || '.' || max(time_updated) FROM part WHERE session_id = ?) AS parts`

  function stamp(id: string): string {
    const found = row(STAMP, id, id, id)
    return `${found?.session} ${found?.messages} ${found?.parts}`
  }

  return {
    projects: projects(),
    problems,
    sessions: ids("SELECT id FROM session ORDER BY time_created, id").map((id) => ({
      id,
      stamp: stamp(id),
      read: (tell) => conversation(id, tell),
    })),
  }
}

const projectColumns = (row: Json): Json => ({
  id: row.id,
  worktree: row.worktree,
  vcs: row.vcs,
  name: row.name,
  icon: { url: row.icon_url, override: row.icon_url_override, color: row.icon_color },
  time: { created: row.time_created, updated: row.time_updated, initialized: row.time_initialized },
  sandboxes: parseJson(asText(row.sandboxes)),
})
