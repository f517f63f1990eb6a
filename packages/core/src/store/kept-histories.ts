/**
 * The histories of long sessions that were read lately, as values. A turn begins by reading its whole session; without
 * this a session of 2,000 messages would be parsed anew for each prompt, for ten times what the prompt itself costs.
 *
 * Invariants: what is returned is what the database says at that moment. Triggers of this connection note which
 * messages were written, by whatever statement, and SQLite itself tells when another process wrote. Inside a write
 * nothing is kept, because it may be rolled back. Messages and parts that are returned are shared: nobody changes them.
 */
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import { charactersIn } from "../lib/weight.ts"
import type { Database } from "./database.ts"
import type { MessageStore } from "./message-store.ts"
import type { Reader } from "./tx.ts"

/** Reading a shorter history takes about a millisecond: not worth its memory. */
const LONG = 64
/** Characters of all that is kept: three or four sessions of 2,000 messages, about 25 MB. */
const MAX_CHARACTERS = 12_000_000
/** What a message with its parts weighs without its texts. */
const MESSAGE_CHARACTERS = 1_500

const TRIGGERS = `
  PRAGMA temp_store = MEMORY;
  CREATE TEMP TABLE kept_session (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
  CREATE TEMP TABLE kept_change (session_id TEXT, message_id TEXT, PRIMARY KEY (session_id, message_id)) STRICT, WITHOUT ROWID;
  ${["INSERT", "UPDATE", "DELETE"]
    .map((act) => {
      const row = act === "DELETE" ? "OLD" : "NEW"
      const ofTail = `(SELECT session_id, id, message_id FROM part WHERE id = ${row}.part_id)`
      return `
  CREATE TEMP TRIGGER kept_message_${act} AFTER ${act} ON main.message BEGIN ${note(`${row}.session_id`, `${row}.id`)} END;
  CREATE TEMP TRIGGER kept_part_${act} AFTER ${act} ON main.part BEGIN ${note(`${row}.session_id`, `${row}.message_id`)} END;
  CREATE TEMP TRIGGER kept_tail_${act} AFTER ${act} ON main.part_tail BEGIN
    ${note("owner.session_id", "owner.message_id", `FROM ${ofTail} AS owner`)} END;`
    })
    .join("")}`

/** A conflict clause here would be overruled by that of the statement that fires the trigger, hence NOT EXISTS. */
function note(session: string, message: string, from = ""): string {
  return `INSERT INTO kept_change SELECT ${session}, ${message} ${from}
    WHERE EXISTS (SELECT 1 FROM kept_session WHERE id = ${session})
      AND NOT EXISTS (SELECT 1 FROM kept_change WHERE session_id = ${session} AND message_id = ${message});`
}

interface Kept {
  /** Of the database, when it was read. */
  version: number
  messages: { position: number; weight: number; message: MessageWithParts }[]
  weight: number
}

/** The same store of messages, whose `list` of a whole session remembers. */
export function keepHistories(messages: MessageStore, database: Database, reader: Reader): MessageStore {
  /** The one that was not asked for longest is first. */
  const kept = new Map<string, Kept>()
  let total = 0
  let hasTriggers = false

  const version = (): number => reader.get<{ data_version: number }>("PRAGMA data_version")?.data_version ?? 0

  function weighed(message: MessageWithParts): Kept["messages"][number] {
    const weight = MESSAGE_CHARACTERS + charactersIn(message)
    return { position: messages.position(message.info.id), weight, message }
  }

  function forget(sessionID: string): void {
    const history = kept.get(sessionID)
    if (!history) return
    kept.delete(sessionID)
    total -= history.weight
    database.prepare("DELETE FROM kept_session WHERE id = ?").run(sessionID)
    database.prepare("DELETE FROM kept_change WHERE session_id = ?").run(sessionID)
  }

  function keep(sessionID: string, seen: number, list: MessageWithParts[]): void {
    const entries = list.map(weighed)
    const weight = entries.reduce((sum, entry) => sum + entry.weight, 0)
    if (weight > MAX_CHARACTERS) return
    if (!hasTriggers) database.exec(TRIGGERS)
    hasTriggers = true
    database.prepare("INSERT INTO kept_session VALUES (?)").run(sessionID)
    kept.set(sessionID, { version: seen, messages: entries, weight })
    total += weight
    trim()
  }

  function trim(): void {
    for (const sessionID of kept.keys()) {
      if (total <= MAX_CHARACTERS) return
      forget(sessionID)
    }
  }

  /** Reads again what was written since. */
  function refresh(sessionID: string, history: Kept): void {
    const changed = reader.all<{ message_id: string }>(
      "SELECT message_id FROM kept_change WHERE session_id = ?",
      sessionID,
    )
    if (changed.length === 0) return
    const entries = history.messages
    const weigh = (by: number): void => {
      history.weight += by
      total += by
    }
    for (const { message_id: id } of changed) {
      const at = entries.findLastIndex(({ message }) => message.info.id === id)
      if (at >= 0) weigh(-(entries.splice(at, 1)[0]?.weight ?? 0))
      const message = messages.getWithParts(id)
      if (message?.info.sessionID !== sessionID) continue
      const entry = weighed(message)
      // Nearly always one of the last, so nothing is gone through that did not change.
      entries.splice(entries.findLastIndex(({ position }) => position < entry.position) + 1, 0, entry)
      weigh(entry.weight)
    }
    database.prepare("DELETE FROM kept_change WHERE session_id = ?").run(sessionID)
  }

  function whole(sessionID: string): MessageWithParts[] {
    const seen = version()
    const history = kept.get(sessionID)
    if (history?.version === seen) {
      // Deleted first so that the order is that of last use.
      kept.delete(sessionID)
      kept.set(sessionID, history)
      refresh(sessionID, history)
      const list = history.messages.map(({ message }) => message)
      trim()
      return list
    }
    forget(sessionID)
    const list = messages.list(sessionID)
    if (list.length >= LONG) keep(sessionID, seen, list)
    return list
  }

  return {
    ...messages,
    list: (sessionID, page = {}) =>
      page.limit === undefined && page.before === undefined && !database.isWriting
        ? whole(sessionID)
        : messages.list(sessionID, page),
  }
}
