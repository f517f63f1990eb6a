/**
 * Stores what a source has. Invariants: a session that is here is only ever added to; one that could not be read does no
 * harm to the next; what was stored when an import ends early is what the next one goes on from.
 */
import type { ImportedSession } from "@opencode/protocol/intake.ts"
import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Session } from "@opencode/protocol/session.ts"
import { isFault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import type { Store } from "../store/store.ts"
import { decide } from "./decide.ts"
import type { Conversation, Found, Source } from "./source.ts"

export interface TakeInDeps {
  store: Store
  host: Pick<Host, "now">
  /** The session in its folder and project, as they are called here. */
  settle(info: Conversation["info"]): Promise<Session>
  /** Tells the clients. */
  stored(session: Session, isNew: boolean): void
  warn(message: string, facts: Record<string, unknown>): void
}

export interface TakeInOptions {
  dryRun: boolean
  signal: AbortSignal
}

/** A write holds up all others, so it is a bounded one; a power cut between two of them is what the record is for. */
const PORTION_MESSAGES = 50
/** A screen shows no more, and a folder of garbage must not fill the memory. */
const MAX_PROBLEMS = 50

/** @throws fault `storage`, `unavailable`: what cannot be stored now cannot be for the next session either */
export async function* takeIn(
  source: Pick<Source, "sessions">,
  deps: TakeInDeps,
  options: TakeInOptions,
): AsyncGenerator<ImportedSession> {
  for (const found of source.sessions) {
    // Other work of the process goes on between two sessions.
    await new Promise(setImmediate)
    if (options.signal.aborted) return
    yield await one(found, deps, options)
  }
}

async function one(found: Found, deps: TakeInDeps, { dryRun, signal }: TakeInOptions): Promise<ImportedSession> {
  const { store, warn } = deps
  const { id, stamp } = found
  const problems = collected()
  const here = store.sessions.get(id)
  const recorded = store.imported.stamp(id)
  const known = (): Omit<ImportedSession, "state"> => ({
    id,
    messages: 0,
    ...(here ? { title: here.title, directory: here.directory } : {}),
  })
  if (recorded === stamp) return { ...known(), state: here ? "unchanged" : "removed" }
  try {
    const conversation = found.read(problems.tell)
    if (!conversation) return problems.into({ ...known(), state: "failed" })
    const state = decide({
      stamp,
      recorded,
      isHere: here !== undefined,
      isAtWork: store.leases.get(id)?.pid !== undefined,
      hasOwn: () => hasOwn(id, conversation, store),
    })
    const { title, directory } = conversation.info
    const told = { id, state, title, directory }
    if (state !== "added" && state !== "extended") return problems.into({ ...told, messages: 0 })
    const messages = dryRun
      ? conversation.messageIDs.filter((message) => conversation.message(message)).length
      : await write({ conversation, here, stamp }, { ...deps, tell: problems.tell, signal })
    return problems.into({ ...told, messages })
  } catch (error) {
    if (isFault(error, "storage") || isFault(error, "unavailable") || isFault(error, "aborted")) throw error
    // Another process imports the same: what it stored meanwhile is no failure.
    if (isFault(error, "conflict") && !here && store.sessions.get(id)) return one(found, deps, { dryRun, signal })
    warn("a session could not be imported", { sessionID: id, error })
    problems.tell(isFault(error) ? error.message : "It could not be read; the log says more.")
    return problems.into({ ...known(), state: "failed" })
  }
}

function hasOwn(sessionID: string, { messageIDs }: Conversation, { messages }: Store): boolean {
  const there = new Set(messageIDs)
  return messages.ids(sessionID).some((id) => !there.has(id))
}

interface Writing {
  conversation: Conversation
  here: Session | undefined
  stamp: string
}

interface WriteDeps extends TakeInDeps {
  tell(problem: string): void
  signal: AbortSignal
}

/** @returns how many messages were read */
async function write({ conversation, here, stamp }: Writing, deps: WriteDeps): Promise<number> {
  const { store, host, tell, signal } = deps
  const { messageIDs, todos } = conversation
  const settled = await deps.settle(conversation.info)
  const info = here ? grown(here, settled) : settled
  let count = 0
  let at = 0
  do {
    signal.throwIfAborted()
    const portion = messageIDs.slice(at, at + PORTION_MESSAGES).flatMap((id) => {
      const message = conversation.message(id)
      return message && isFree(message, store, tell) ? [message] : []
    })
    const isFirst = at === 0
    at += PORTION_MESSAGES
    const isLast = at >= messageIDs.length
    await store.write(
      (tx) => {
        if (isFirst && here) store.sessions.replace(tx, info)
        else if (isFirst) store.sessions.insert(tx, info)
        for (const message of portion) {
          store.messages.put(tx, message.info)
          for (const [index, part] of message.parts.entries()) store.parts.put(tx, part, index)
        }
        if (!isLast) return
        if (todos.length > 0) store.todos.put(tx, info.id, [...todos])
        store.imported.put(tx, info.id, { stamp, finished: host.now() })
      },
      { durability: isLast ? "power" : "process" },
    )
    count += portion.length
    await new Promise(setImmediate)
  } while (at < messageIDs.length)
  deps.stored(info, here === undefined)
  return count
}

/** A session that is here and went on there: what was said of it last counts, what belongs to this place stays. */
function grown(here: Session, there: Session): Session {
  const { title, time } = here.time.updated > there.time.updated ? here : there
  const { share, undo } = here
  return {
    ...there,
    title,
    time,
    ...(share ? { share } : {}),
    ...(undo ? { undo } : {}),
  }
}

/** What another session here owns is not overwritten, whatever a file says. */
function isFree(
  { info, parts }: MessageWithParts,
  { messages, parts: stored }: Store,
  tell: (problem: string) => void,
) {
  const owner = messages.get(info.id)
  if (owner && owner.sessionID !== info.sessionID) {
    tell(`The message ${info.id} is there in another session already, and was left out.`)
    return false
  }
  const taken = parts.find(({ id }) => (stored.get(id)?.messageID ?? info.id) !== info.id)
  if (taken) tell(`The part ${taken.id} is there in another message already; the message ${info.id} was left out.`)
  return !taken
}

/** The first so many problems of a session, and how many more there are. */
function collected() {
  const kept: string[] = []
  let more = 0
  return {
    tell(problem: string): void {
      if (kept.length < MAX_PROBLEMS) kept.push(problem)
      else more++
    },
    into(session: Omit<ImportedSession, "problems">): ImportedSession {
      const problems = more > 0 ? [...kept, `There are ${more} more.`] : kept
      return problems.length > 0 ? { ...session, problems } : session
    },
  }
}
