import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { clip } from "../lib/text.ts"
import type { Store } from "../store/store.ts"
import type { Recording } from "./entry.ts"
import { withPlaces, type Places } from "./fingerprint.ts"

/** What became of one session, as far as a replay can bring it about again. */
export interface Transcript {
  sessionID: string
  session?: unknown
  messages: { id: string; message: unknown }[]
}

export interface Difference {
  where: string
  recorded: string
  replayed: string
}

/** Of a value that differs. */
const SHOWN_CHARACTERS = 300
/** Parts that say what happened to files: a replay changes none. */
const OF_FILES: ReadonlySet<string> = new Set(["patch", "snapshot"])
/** Times, and names of states of files. */
const LEFT_OUT: ReadonlySet<string> = new Set(["time", "snapshot"])

/** As it stands at the end of the recording, sessions and messages in the order in which they came. */
export function recordedTranscript({ entries }: Recording, places: Places): Transcript[] {
  const sessions = new Map<string, Session | undefined>()
  /** In the order of their places; undefined: not whole when the recording was cut off. */
  const messages = new Map<string, MessageWithParts | undefined>()
  for (const entry of entries) {
    if (entry.k === "opened") messages.set(entry.messageID, undefined)
    if (entry.k === "before") {
      sessions.set(entry.session.id, entry.session)
      for (const message of entry.messages) messages.set(message.info.id, message)
    }
    if (entry.k === "session") sessions.set(entry.info.id, entry.info)
    if (entry.k === "message") {
      const { sessionID, id } = entry.message.info
      if (!sessions.has(sessionID)) sessions.set(sessionID, undefined)
      messages.set(id, entry.message)
    }
    if (entry.k === "gone") messages.delete(entry.messageID)
  }
  const removed = new Set(
    entries.flatMap((entry) =>
      entry.k === "mark" && entry.what.startsWith("deleted ") ? [entry.what.split(" ")[1]] : [],
    ),
  )
  return [...sessions].flatMap(([sessionID, session]) => {
    if (removed.has(sessionID)) return []
    const own = [...messages.values()].filter((message) => message !== undefined)
    const ofSession = own.filter(({ info }) => info.sessionID === sessionID)
    return [transcript(sessionID, session, ofSession, places)]
  })
}

/** The same sessions in the store of the replay; a session that is not there has no messages. */
export const replayedTranscript = (recorded: readonly Transcript[], store: Store, places: Places): Transcript[] =>
  recorded.map(({ sessionID }) =>
    transcript(sessionID, store.sessions.get(sessionID), store.messages.list(sessionID), places),
  )

function transcript(
  sessionID: string,
  session: Session | undefined,
  messages: readonly MessageWithParts[],
  places: Places,
): Transcript {
  return {
    sessionID,
    ...(session ? { session: comparable(sessionFacts(session), places) } : {}),
    messages: messages.map(({ info, parts }) => ({
      id: info.id,
      message: comparable(
        { ...messageFacts(info), parts: parts.filter(({ type }) => !OF_FILES.has(type)).map(partFacts) },
        places,
      ),
    })),
  }
}

/** What files make of a session is left out, and what belongs to the machine. */
function sessionFacts(session: Session): Partial<Session> {
  const {
    version: _,
    projectID: _project,
    path: _path,
    summary: _summary,
    revert: _revert,
    share: _share,
    ...facts
  } = session
  return facts
}

/** Of a prompt, `summary` says what its turn did to files; of an answer it is a mark. */
function messageFacts(info: MessageWithParts["info"]): object {
  if (info.role !== "user") return info
  const { summary: _, ...facts } = info
  return facts
}

/** Without the ids of parts: how many are drawn depends on the parts that are left out. */
function partFacts({ id: _, ...part }: MessageWithParts["parts"][number]): object {
  if (part.type !== "tool" || part.state.status !== "completed" || !part.state.attachments) return part
  const attachments = part.state.attachments.map(({ id: _id, ...file }) => file)
  return { ...part, state: { ...part.state, attachments } }
}

function comparable(value: unknown, places: Places): unknown {
  if (typeof value === "string") return withPlaces(value, places)
  if (Array.isArray(value)) return value.map((item) => comparable(item, places))
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) =>
      LEFT_OUT.has(name) || member === undefined ? [] : [[name, comparable(member, places)]],
    ),
  )
}

/**
 * The first difference, in the order of the conversation.
 * @param isWhole false: the recording was cut off, and what the replay has beyond it says nothing
 */
export function firstDifference(
  recorded: readonly Transcript[],
  replayed: readonly Transcript[],
  isWhole: boolean,
): Difference | undefined {
  for (const [index, before] of recorded.entries()) {
    const after = replayed[index]
    const where = `session ${before.sessionID}`
    const ids = new Set(before.messages.map(({ id }) => id))
    const messages = (after?.messages ?? []).filter(({ id }) => isWhole || ids.has(id))
    // Messages first: what they cost shows in the session as well.
    const count = Math.max(before.messages.length, messages.length)
    for (let at = 0; at < count; at++) {
      const [was, is] = [before.messages[at], messages[at]]
      const found = differenceOf(was?.message, is?.message, `${where}, message ${at + 1} (${(was ?? is)?.id})`)
      if (found) return found
    }
    const found = isWhole && before.session ? differenceOf(before.session, after?.session, where) : undefined
    if (found) return found
  }
  return undefined
}

function differenceOf(recorded: unknown, replayed: unknown, where: string): Difference | undefined {
  if (isTree(recorded) && isTree(replayed)) {
    for (const name of new Set([...Object.keys(recorded), ...Object.keys(replayed)])) {
      const found = differenceOf(recorded[name], replayed[name], `${where}, ${name}`)
      if (found) return found
    }
    return undefined
  }
  return recorded === replayed ? undefined : { where, recorded: show(recorded), replayed: show(replayed) }
}

const isTree = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

const show = (value: unknown): string =>
  value === undefined ? "(nothing)" : clip(JSON.stringify(value), SHOWN_CHARACTERS)
