import type { MessageWithParts, PromptInput } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { Session, SessionCreate, SessionStatus, SessionUpdate } from "@opencode/protocol/session.ts"
import type { Todo } from "@opencode/protocol/todo.ts"
import { addTokens, noTokens } from "@opencode/protocol/tokens.ts"
import type { SessionFilter } from "../store/session-store.ts"
import type { Tx } from "../store/tx.ts"
import { family } from "./family.ts"
import type { Lanes } from "./lanes.ts"
import { newSession, type NewSessionDeps } from "./new-session.ts"
import type { OpenRecords } from "./open-records.ts"
import type { Preparations } from "./preparing.ts"
import { createPrompting, type PromptingDeps } from "./prompting.ts"
import { createReading } from "./reading.ts"
import { requireSession } from "./require.ts"
import type { FoundTitle } from "./title-request.ts"

/** The conversations of one workspace. */
export interface Sessions {
  /** @param also what has to be on record together with the session */
  create(input: SessionCreate, also?: (tx: Tx, session: Session) => void): Promise<Session>
  /** @throws fault `session_not_found` */
  get(sessionID: string): Session
  /** As `get`, with an undoing that a crash cut short done to its end, so that its numbers are true. */
  read(sessionID: string): Promise<Session>
  /** The JSON of a list of sessions, newest updated first. */
  listText(filter: SessionFilter): string
  update(sessionID: string, change: SessionUpdate): Promise<Session>
  /** A name that a model found. A name that a person gave meanwhile stays; what asking cost is counted all the same. */
  rename(sessionID: string, found: FoundTitle): Promise<void>
  /** Ends what runs in the session and its children, then removes them with everything they said. */
  remove(sessionID: string): Promise<void>
  /** Sessions that are not idle. */
  status(): Record<string, SessionStatus>
  /** Oldest first; with `limit` the newest so many, with `before` those that came before that message. */
  messages(sessionID: string, page?: { limit?: number; before?: string }): Promise<MessageWithParts[]>
  /** The JSON of all messages, as bytes. */
  messagesJson(sessionID: string): Promise<Uint8Array>
  message(sessionID: string, messageID: string): Promise<MessageWithParts>
  /** What the agent noted to be done. @throws fault `session_not_found` */
  todos(sessionID: string): Todo[]
  /**
   * Admits a prompt: when this resolves it is on disk, and it will be answered once.
   * `answer` is absent for a prompt that wants none.
   */
  prompt(
    sessionID: string,
    input: PromptInput,
  ): Promise<{ message: MessageWithParts; answer?: Promise<MessageWithParts> }>
  /** Ends the running turn, and what prepares one. Resolves, with whether there was one, when the session is idle. */
  abort(sessionID: string): Promise<boolean>
  /** Parts that are being written at this moment. */
  openParts(): Part[]
  close(): Promise<void>
}

export interface SessionsDeps extends PromptingDeps, Pick<NewSessionDeps, "workspace" | "version"> {
  lanes: Lanes
  preparing: Preparations
  records: OpenRecords
}

export function createSessions(deps: SessionsDeps): Sessions {
  const { store, host, lanes, preparing, records, publish } = deps
  const prompt = createPrompting(deps)

  const get = (sessionID: string): Session => requireSession(sessionID, store)

  /** Changes the stored row as it is at the moment of writing, and tells everybody. */
  async function change(
    sessionID: string,
    edit: (session: Session) => Session,
    also?: (tx: Tx) => void,
  ): Promise<Session> {
    const session = await store.write((tx) => {
      const edited = edit(get(sessionID))
      store.sessions.replace(tx, edited)
      also?.(tx)
      return edited
    })
    publish("session.updated", { sessionID, info: session })
    return session
  }

  async function abort(sessionID: string): Promise<boolean> {
    // What is prepared is ended at once, so that it does not begin a turn while the running one ends.
    const prepared = preparing.abort(sessionID)
    const ran = await lanes.abort(sessionID)
    return (await prepared) || ran
  }

  return {
    ...createReading(deps),
    get,
    status: () => ({
      ...Object.fromEntries(preparing.busy().map((sessionID) => [sessionID, { type: "busy" } as const])),
      ...lanes.status(),
    }),
    abort,
    openParts: records.openParts,
    listText: (filter) => store.sessions.listText(filter),
    todos: (sessionID) => store.todos.get(get(sessionID).id),
    prompt: (sessionID, input) => preparing.run(sessionID, ({ signal }) => prompt(sessionID, input, signal)),

    async create(input, also) {
      if (input.parentID !== undefined) get(input.parentID)
      const session = newSession(input, deps)
      await store.write((tx) => {
        store.sessions.insert(tx, session)
        also?.(tx, session)
      })
      publish("session.created", { sessionID: session.id, info: session })
      return session
    },

    update: (sessionID, { title, metadata, permission, time }) =>
      change(sessionID, (session) => ({
        ...session,
        ...(title === undefined ? {} : { title }),
        ...(metadata === undefined ? {} : { metadata }),
        ...(permission === undefined ? {} : { permission }),
        time: { ...withArchived(session.time, time?.archived), updated: host.now() },
      })),

    async rename(sessionID, { from, to, cost, tokens, request }) {
      const named = (session: Session): Session => ({
        ...session,
        title: session.title === from ? to : session.title,
        cost: (session.cost ?? 0) + cost,
        tokens: addTokens(session.tokens ?? noTokens(), tokens),
      })
      await change(sessionID, named, (tx) => store.ledger.add(tx, { ...request, sessionID }))
    },

    async remove(sessionID) {
      await Promise.all(family(get(sessionID).id, store).map(abort))
      const removed = await store.write((tx) => {
        store.ledger.bequeath(tx, sessionID)
        return store.sessions.remove(tx, sessionID)
      })
      for (const session of removed.reverse()) publish("session.deleted", { sessionID: session.id, info: session })
      await store.shrink()
    },

    async close() {
      await preparing.close()
      await lanes.close()
    },
  }
}

/** Zero takes a session out of the archive again: the API has no other word for it. */
function withArchived({ archived, ...time }: Session["time"], given = archived): Session["time"] {
  return given ? { ...time, archived: given } : time
}
