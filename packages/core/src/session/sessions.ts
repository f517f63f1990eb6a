import { relative } from "node:path"
import type { MessageWithParts, PromptInput, UserMessage } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { Session, SessionCreate, SessionStatus, SessionUpdate } from "@opencode/protocol/session.ts"
import type { Todo } from "@opencode/protocol/todo.ts"
import { addTokens, noTokens } from "@opencode/protocol/tokens.ts"
import type { Hooks } from "../extension/hooks.ts"
import { fault, isFault } from "../lib/fault.ts"
import type { Host } from "../lib/host.ts"
import type { SessionFilter } from "../store/session-store.ts"
import type { Store } from "../store/store.ts"
import type { Tx } from "../store/tx.ts"
import type { Workspace } from "../workspace/workspace.ts"
import { promptMessage, requireAgent, type AdmitDeps } from "./admit.ts"
import { family } from "./family.ts"
import { forwarding, type ForwardDeps } from "./forward.ts"
import { unlessEnded, type Preparations } from "./preparing.ts"
import type { Lanes } from "./lanes.ts"
import type { OpenRecords } from "./open-records.ts"
import type { Publish } from "./record.ts"
import { messageNotFound, requireSession } from "./require.ts"
import { slug } from "./slug.ts"
import { tellMessage } from "./tell-message.ts"
import type { FoundTitle, Titles } from "./title-request.ts"
import { defaultTitle, isDefaultTitle, titleFrom } from "./title.ts"
import { isCutShort } from "./undo-result.ts"

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

export interface SessionsDeps extends AdmitDeps {
  store: Store
  host: Host
  workspace: Workspace
  lanes: Lanes
  preparing: Preparations
  records: OpenRecords
  hooks: Hooks
  publish: Publish
  /** Closes what a process that died left open in the session. */
  recover(sessionID: string): Promise<void>
  /** Does to its end what a crash left half undone: a prompt makes it final. */
  finishUndo(sessionID: string): Promise<void>
  /** Other processes, for prompts of the sessions that they work on. */
  peers: ForwardDeps["peers"]
  /** What a prompt brings along that was owed to its session. */
  owed(tx: Tx, prompt: { sessionID: string; messageID: string }): Part[]
  /** Asks for a name for a session whose first prompt this is. */
  nameAfter: Titles["ask"]
  version: string
}

export function createSessions(deps: SessionsDeps): Sessions {
  const { store, host, workspace, lanes, preparing, records, hooks, publish } = deps

  const get = (sessionID: string): Session => requireSession(sessionID, store)

  /** A full disk must not hide what is on it: what cannot be closed is shown as it is stored. */
  async function recoverToRead(sessionID: string): Promise<void> {
    await asFarAsPossible(deps.recover(sessionID))
    await asFarAsPossible(deps.finishUndo(sessionID))
  }

  async function asFarAsPossible(closing: Promise<void>): Promise<void> {
    try {
      await closing
    } catch (error) {
      // Busy: somebody is at it.
      if (!isFault(error, "storage") && !isFault(error, "busy")) throw error
    }
  }

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

  function admitted(session: Session, message: UserMessage, parts: Part[]): Session {
    const text = parts.find((part) => part.type === "text" && !part.synthetic)
    const title = isDefaultTitle(session.title) && text?.type === "text" ? titleFrom(text.text) : undefined
    const { providerID, modelID, variant } = message.model
    return {
      ...session,
      ...(title ? { title } : {}),
      agent: message.agent,
      model: { id: modelID, providerID, variant: variant ?? "default" },
      time: { ...session.time, updated: host.now() },
    }
  }

  const prompt = async (sessionID: string, input: PromptInput, signal: AbortSignal) => {
    const session = get(sessionID)
    await deps.recover(sessionID)
    await deps.finishUndo(sessionID)
    const own = { ...deps, host: host.lane(`prompts ${sessionID}`), signal }
    const { info, parts } = await promptMessage(session, input, own)
    if (store.messages.get(info.id)) {
      throw fault("conflict", `There is a message with the id ${info.id} already.`, { messageID: info.id })
    }
    const output = { message: info, parts }
    const about = { sessionID, agent: info.agent, messageID: info.id }
    await unlessEnded(signal, () => hooks.chatMessage(about, output))
    signal.throwIfAborted()
    const message: MessageWithParts = { info: output.message, parts: output.parts }

    const isUnnamed = isDefaultTitle(session.title) && session.parentID === undefined
    const { answer } = await lanes.admit(sessionID, {
      wantsAnswer: !input.noReply,
      write(tx) {
        message.parts = [...output.parts, ...deps.owed(tx, { sessionID, messageID: message.info.id })]
        store.messages.put(tx, message.info)
        for (const [index, part] of message.parts.entries()) store.parts.put(tx, part, index)
        if (!input.noReply)
          store.inbox.admit(tx, { sessionID, messageID: info.id, options: null, admitted: host.now() })
        store.sessions.replace(tx, admitted(get(sessionID), output.message, output.parts))
        return message
      },
      announce() {
        publish("session.updated", { sessionID, info: get(sessionID) })
        tellMessage(message, deps)
      },
    })
    if (isUnnamed && answer) deps.nameAfter({ info: output.message, parts: output.parts }, get(sessionID).title)
    return answer ? { message, answer } : { message }
  }

  const forwarded = forwarding(prompt, deps)

  async function abort(sessionID: string): Promise<boolean> {
    // What is prepared is ended at once, so that it does not begin a turn while the running one ends.
    const prepared = preparing.abort(sessionID)
    const ran = await lanes.abort(sessionID)
    return (await prepared) || ran
  }

  return {
    get,
    async read(sessionID) {
      const session = get(sessionID)
      if (!isCutShort(session)) return session
      // Not the whole recovery, which may go on with a prompt: who looks at a session has not opened it.
      await asFarAsPossible(deps.finishUndo(sessionID))
      return get(sessionID)
    },
    status: () => ({
      ...Object.fromEntries(preparing.busy().map((sessionID) => [sessionID, { type: "busy" } as const])),
      ...lanes.status(),
    }),
    abort,
    openParts: records.openParts,
    listText: (filter) => store.sessions.listText(filter),

    async create(input, also) {
      if (input.parentID !== undefined) get(input.parentID)
      if (input.agent !== undefined) requireAgent(input.agent, deps.agents)
      const model = input.model && settled(input.model, deps.models)
      const created = host.now()
      const own = host.lane(`sessions ${input.parentID ?? ""}`)
      const session: Session = {
        id: own.id("ses"),
        slug: slug(own.random),
        projectID: workspace.projectID,
        directory: workspace.directory,
        path: relative(workspace.worktree, workspace.directory),
        cost: 0,
        tokens: noTokens(),
        title: input.title ?? defaultTitle(created, input.parentID !== undefined),
        version: deps.version,
        time: { created, updated: created },
        ...(input.parentID === undefined ? {} : { parentID: input.parentID }),
        ...(input.agent === undefined ? {} : { agent: input.agent }),
        ...(model ? { model } : {}),
        ...(input.metadata ? { metadata: input.metadata } : {}),
        ...(input.permission ? { permission: input.permission } : {}),
        ...(input.workspaceID === undefined ? {} : { workspaceID: input.workspaceID }),
      }
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

    async messages(sessionID, page = {}) {
      get(sessionID)
      await recoverToRead(sessionID)
      return store.messages.list(sessionID, page).map(records.shown)
    },

    async messagesJson(sessionID) {
      get(sessionID)
      await recoverToRead(sessionID)
      return store.messages.listJson(sessionID, records.shown)
    },

    async message(sessionID, messageID) {
      get(sessionID)
      await recoverToRead(sessionID)
      const stored = store.messages.getWithParts(messageID)
      if (stored?.info.sessionID !== sessionID) throw messageNotFound(sessionID, messageID)
      return records.shown(stored)
    },

    todos: (sessionID) => store.todos.get(get(sessionID).id),

    prompt: (sessionID, input) => preparing.run(sessionID, ({ signal }) => forwarded(sessionID, input, signal)),

    async close() {
      await preparing.close()
      await lanes.close()
    },
  }
}

/** The model as it is stored: what a name such as `model#variant` means is decided when it is given. */
function settled(
  given: NonNullable<SessionCreate["model"]>,
  models: AdmitDeps["models"],
): NonNullable<Session["model"]> {
  const { providerID, modelID, variant } = models.settle(
    { providerID: given.providerID, modelID: given.id },
    given.variant,
  )
  return { providerID, id: modelID, ...(variant === undefined ? {} : { variant }) }
}

/** Zero takes a session out of the archive again: the API has no other word for it. */
function withArchived({ archived, ...time }: Session["time"], given = archived): Session["time"] {
  return given ? { ...time, archived: given } : time
}
