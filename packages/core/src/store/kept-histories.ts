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
import { itemOf, listOf, viewsOf } from "./history-json.ts"
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
  messages: KeptMessage[]
  weight: number
  /** Of all messages as they are. The same bytes are given out until something changes. */
  json?: Uint8Array
  /** Bytes that were given out as messages that are no more: what is left of them are views, which keep all of it. */
  stale: number
}

interface KeptMessage {
  position: number
  weight: number
  message: MessageWithParts
  /** Made when the JSON of the history is first asked for. */
  json?: Uint8Array
}

/** The same store of messages, whose `list` of a whole session remembers. */
export function keepHistories(messages: MessageStore, database: Database, reader: Reader): MessageStore {
  /** The one that was not asked for longest is first. */
  const kept = new Map<string, Kept>()
  let total = 0
  let hasTriggers = false

  const version = (): number => reader.get<{ data_version: number }>("PRAGMA data_version")?.data_version ?? 0

  function weighed(message: MessageWithParts): KeptMessage {
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

  function keep(sessionID: string, seen: number, list: MessageWithParts[]): Kept | undefined {
    const entries = list.map(weighed)
    const weight = entries.reduce((sum, entry) => sum + entry.weight, 0)
    if (weight > MAX_CHARACTERS) return undefined
    if (!hasTriggers) database.exec(TRIGGERS)
    hasTriggers = true
    database.prepare("INSERT INTO kept_session VALUES (?)").run(sessionID)
    const history: Kept = { version: seen, messages: entries, weight, stale: 0 }
    kept.set(sessionID, history)
    total += weight
    return history
  }

  function trim(): void {
    for (const sessionID of kept.keys()) {
      if (total <= MAX_CHARACTERS) return
      forget(sessionID)
    }
  }

  function weigh(history: Kept, by: number): void {
    history.weight += by
    total += by
  }

  function drop(history: Kept, at: number): void {
    const [entry] = at < 0 ? [] : history.messages.splice(at, 1)
    if (!entry) return
    const bytes = entry.json?.byteLength ?? 0
    history.stale += bytes
    weigh(history, bytes - entry.weight)
  }

  /** Reads again what was written since. */
  function refresh(sessionID: string, history: Kept): void {
    const changed = reader.all<{ message_id: string }>(
      "SELECT message_id FROM kept_change WHERE session_id = ?",
      sessionID,
    )
    if (changed.length === 0) return
    delete history.json
    const entries = history.messages
    for (const { message_id: id } of changed) {
      drop(
        history,
        entries.findLastIndex(({ message }) => message.info.id === id),
      )
      const message = messages.getWithParts(id)
      if (message?.info.sessionID !== sessionID) continue
      const entry = weighed(message)
      // Nearly always one of the last, so nothing is gone through that did not change.
      entries.splice(entries.findLastIndex(({ position }) => position < entry.position) + 1, 0, entry)
      weigh(history, entry.weight)
    }
    database.prepare("DELETE FROM kept_change WHERE session_id = ?").run(sessionID)
  }

  /** @returns the messages, or what is kept of them; the caller trims when it has done with it */
  function whole(sessionID: string): Kept | MessageWithParts[] {
    const seen = version()
    const history = kept.get(sessionID)
    if (history?.version === seen) {
      // Deleted first so that the order is that of last use.
      kept.delete(sessionID)
      kept.set(sessionID, history)
      refresh(sessionID, history)
      return history
    }
    forget(sessionID)
    const list = messages.list(sessionID)
    return (list.length >= LONG && keep(sessionID, seen, list)) || list
  }

  function list(sessionID: string): MessageWithParts[] {
    const found = whole(sessionID)
    if (Array.isArray(found)) return found
    trim()
    return found.messages.map(({ message }) => message)
  }

  /** A client that comes back reads again what it read before: only what is new is written as JSON. */
  function listJson(sessionID: string, shown: (message: MessageWithParts) => MessageWithParts): Uint8Array {
    const found = whole(sessionID)
    if (Array.isArray(found)) return Buffer.from(JSON.stringify(found.map(shown)))
    const now = found.messages.map(({ message }) => shown(message))
    const isStored = found.messages.every(({ message }, index) => now[index] === message)
    if (found.json && isStored) return found.json
    const items = found.messages.map((entry, index) => {
      const message = now[index] ?? entry.message
      return message === entry.message ? jsonOf(entry, found) : itemOf(message)
    })
    const json = listOf(items)
    if (isStored && found.messages.every((entry) => entry.json)) keepJson(found, json, items)
    trim()
    return json
  }

  /** The items become views of the whole, so that nothing is there twice. */
  function keepJson(history: Kept, json: Uint8Array, items: readonly Uint8Array[]): void {
    history.json = json
    for (const [index, view] of viewsOf(json, items).entries()) history.messages[index]!.json = view
    weigh(history, -history.stale)
    history.stale = 0
  }

  /** What there is no room for is made each time: were it kept, the values would go with it, and be read each time too. */
  function jsonOf(entry: KeptMessage, history: Kept): Uint8Array {
    if (entry.json) return entry.json
    const json = itemOf(entry.message)
    if (history.weight + json.byteLength > MAX_CHARACTERS) return json
    entry.json = json
    entry.weight += json.byteLength
    weigh(history, json.byteLength)
    return json
  }

  return {
    ...messages,
    list: (sessionID, page = {}) =>
      page.limit === undefined && page.before === undefined && !database.isWriting
        ? list(sessionID)
        : messages.list(sessionID, page),
    listJson: (sessionID, shown) =>
      database.isWriting ? messages.listJson(sessionID, shown) : listJson(sessionID, shown),
  }
}
