import type { EventProperties, EventType } from "@opencode/protocol/event.ts"
import type { Message, MessageWithParts } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import type { PermissionRequest } from "@opencode/protocol/permission.ts"
import type { Session, SessionStatus } from "@opencode/protocol/session.ts"
import type { Todo } from "@opencode/protocol/todo.ts"

/** What a client knows of a folder: from the API when it reads, from the events afterwards. */
export interface Known {
  sessions: Session[]
  /** Of sessions that are not idle. */
  statuses: Record<string, SessionStatus>
  permissions: PermissionRequest[]
  messages: Record<string, MessageWithParts[]>
  todos: Record<string, Todo[]>
}

export interface Follower {
  /** Forgets everything and begins with what was read. */
  begin(known: Known): void
  hear(event: { type: string; properties: unknown }): void
  /** Sorted by ids, so that two that know the same are equal. */
  known(): Known
}

/** As the clients of OpenCode 1.x do it: states replace, pieces of text are added, what is not known is passed over. */
export function createFollower(): Follower {
  const sessions = new Map<string, Session>()
  const statuses = new Map<string, SessionStatus>()
  const permissions = new Map<string, PermissionRequest>()
  const todos = new Map<string, Todo[]>()
  const messages = new Map<string, Message>()
  const parts = new Map<string, Part>()

  function drop(map: Map<string, { sessionID: string; messageID?: string }>, owner: string): void {
    for (const [id, value] of map) if (value.sessionID === owner || value.messageID === owner) map.delete(id)
  }

  const hearing: { [Type in EventType]?: (properties: EventProperties<Type>) => void } = {
    "session.created": ({ info }) => void sessions.set(info.id, info),
    "session.updated": ({ info }) => void sessions.set(info.id, info),
    "session.deleted"({ info: { id } }) {
      sessions.delete(id)
      statuses.delete(id)
      todos.delete(id)
      for (const map of [permissions, messages, parts]) drop(map, id)
    },
    "session.status"({ sessionID, status }) {
      if (status.type === "idle") statuses.delete(sessionID)
      else statuses.set(sessionID, status)
    },
    "session.idle": ({ sessionID }) => void statuses.delete(sessionID),
    "message.updated": ({ info }) => void messages.set(info.id, info),
    "message.removed"({ messageID }) {
      messages.delete(messageID)
      drop(parts, messageID)
    },
    "message.part.updated": ({ part }) => void parts.set(part.id, part),
    "message.part.removed": ({ partID }) => void parts.delete(partID),
    "message.part.delta"({ partID, field, delta }) {
      const part = parts.get(partID)
      if (part && field === "text" && "text" in part) parts.set(partID, { ...part, text: part.text + delta })
    },
    "permission.asked": (request) => void permissions.set(request.id, request),
    "permission.replied": ({ requestID }) => void permissions.delete(requestID),
    "todo.updated": ({ sessionID, todos: list }) => void todos.set(sessionID, list),
  }

  return {
    begin(known) {
      for (const map of [sessions, statuses, permissions, todos, messages, parts]) map.clear()
      for (const session of known.sessions) sessions.set(session.id, session)
      for (const [sessionID, status] of Object.entries(known.statuses)) statuses.set(sessionID, status)
      for (const request of known.permissions) permissions.set(request.id, request)
      for (const [sessionID, list] of Object.entries(known.todos)) todos.set(sessionID, list)
      for (const { info, parts: list } of Object.values(known.messages).flat()) {
        messages.set(info.id, info)
        for (const part of list) parts.set(part.id, part)
      }
    },

    hear({ type, properties }) {
      const hear = hearing[type as EventType] as ((properties: unknown) => void) | undefined
      hear?.(properties)
    },

    known: () => ({
      sessions: sorted(sessions),
      statuses: Object.fromEntries(statuses),
      permissions: sorted(permissions),
      messages: Object.fromEntries(
        sorted(sessions).map(({ id }) => [
          id,
          sorted(messages)
            .filter(({ sessionID }) => sessionID === id)
            .map((info) => ({ info, parts: sorted(parts).filter(({ messageID }) => messageID === info.id) })),
        ]),
      ),
      todos: Object.fromEntries(sorted(sessions).map(({ id }) => [id, todos.get(id) ?? []])),
    }),
  }
}

const sorted = <T extends { id: string }>(map: Map<string, T>): T[] =>
  [...map.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
