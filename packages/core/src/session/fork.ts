import type { Session } from "@opencode/protocol/session.ts"
import { Todo } from "@opencode/protocol/todo.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"
import { z } from "zod"
import type { Host } from "../lib/host.ts"
import type { CopiedMessage } from "../store/copy-store.ts"
import type { Store } from "../store/store.ts"
import type { Publish } from "./record.ts"
import { messageNotFound } from "./require.ts"
import type { Sessions } from "./sessions.ts"
import { slug } from "./slug.ts"
import { tellConversation } from "./tell-conversation.ts"

/**
 * A conversation that goes on from a point of another one. The copy is made in one transaction and belongs to itself:
 * nothing that happens to the original reaches it.
 */
export interface ForkDeps {
  store: Store
  host: Host
  publish: Publish
  sessions: Pick<Sessions, "get">
  /** Closes what a process that died left open. */
  recover(sessionID: string): Promise<void>
  version: string
}

export type Fork = ReturnType<typeof createFork>

export function createFork({ store, host, publish, sessions, recover, version }: ForkDeps) {
  /**
   * Copies what came before a message, or all of it. A reverted session is copied up to its point of return, a busy one
   * up to the answer that is being given: what is not finished belongs to the original. Nothing was spent on a copy.
   * @throws fault `session_not_found`, `message_not_found`
   */
  return async (sessionID: string, { messageID }: { messageID?: string | undefined } = {}): Promise<Session> => {
    sessions.get(sessionID)
    await recover(sessionID)
    const id = host.id("ses")
    const name = slug(host.random)
    const forked = await store.write((tx) => {
      const original = sessions.get(sessionID)
      const { kept, beforePart, isWhole } = cut(store.copies.messages(sessionID), original, messageID)
      const { directory, projectID, path, title, agent, model, metadata, permission, workspaceID } = original
      const created = host.now()
      const session: Session = {
        id,
        slug: name,
        projectID,
        directory,
        ...(path === undefined ? {} : { path }),
        ...(workspaceID === undefined ? {} : { workspaceID }),
        ...(agent === undefined ? {} : { agent }),
        ...(model ? { model } : {}),
        ...(metadata ? { metadata } : {}),
        ...(permission ? { permission } : {}),
        cost: 0,
        tokens: noTokens(),
        title: forkTitle(title),
        version,
        time: { created, updated: created },
      }
      store.sessions.insert(tx, session)
      store.copies.copy(tx, {
        to: id,
        messageIDs: kept,
        newID: host.id,
        ...(beforePart === undefined ? {} : { beforePart }),
      })
      const todos = isWhole ? store.todos.get(sessionID) : todosOf(store.copies.lastInput(id, "todowrite"))
      if (todos.length > 0) store.todos.put(tx, id, todos)
      return session
    })
    publish("session.created", { sessionID: id, info: forked })
    await tellConversation(id, { store, host, publish })
    return forked
  }
}

/** `Talk` becomes `Talk (fork #1)`, and that one `Talk (fork #2)`. */
export function forkTitle(title: string): string {
  const [, base = title, count = "0"] = /^(.*) \(fork #(\d{1,9})\)$/s.exec(title) ?? []
  return `${base} (fork #${Number(count) + 1})`
}

interface Cut {
  kept: string[]
  beforePart?: string | undefined
  isWhole: boolean
}

/** Which messages the copy gets. @throws fault `message_not_found` */
function cut(messages: CopiedMessage[], { id: sessionID, revert }: Session, messageID: string | undefined): Cut {
  const place = (id: string | undefined): number => {
    const index = messages.findIndex((message) => message.id === id)
    return index < 0 ? messages.length : index
  }
  const named = place(messageID)
  if (messageID !== undefined && named === messages.length) throw messageNotFound(sessionID, messageID)
  const open = messages.findIndex(({ isOpen }) => isOpen)
  const reverted = place(revert?.messageID)
  const end = Math.min(named, reverted, open < 0 ? messages.length : open)
  // A message that was taken back from one of its parts on is kept up to that part.
  const beforePart = end === reverted && end < named && end !== open ? revert?.partID : undefined
  const kept = messages.slice(0, beforePart === undefined ? end : end + 1).map(({ id }) => id)
  return { kept, beforePart, isWhole: end === messages.length }
}

/** What was noted to be done at that point of the talk. */
function todosOf(input: Record<string, unknown> | undefined): Todo[] {
  const { success, data } = z.object({ todos: z.array(Todo()) }).safeParse(input)
  return success ? data.todos : []
}
