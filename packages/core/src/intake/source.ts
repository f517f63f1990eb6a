import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { Project } from "@opencode/protocol/project.ts"
import type { Session } from "@opencode/protocol/session.ts"
import type { Todo } from "@opencode/protocol/todo.ts"
import type { AuthEntry } from "../model/auth.ts"

/**
 * What another program left on this disk. Invariants of every source: nothing in its folder is changed or made; what
 * cannot be read is told and left out, and what is beside it is read all the same.
 */
export interface Source {
  folder: string
  /** In the order in which they were made. */
  sessions: readonly Found[]
  projects: readonly Project[]
  credentials: Readonly<Record<string, AuthEntry>>
  /** Sentences about the folder as a whole. */
  problems: readonly string[]
  close(): void
}

export interface Found {
  id: string
  /** Changes when the session changes there. */
  stamp: string
  /** Undefined when there is nothing that could be a session. */
  read(tell: Tell): Conversation | undefined
}

/** Hears a sentence about something that was damaged or left out. */
export type Tell = (problem: string) => void

export interface Conversation {
  /** Without a project where only the folder is known. */
  info: Omit<Session, "projectID"> & { projectID?: string }
  /** In their order. */
  messageIDs: readonly string[]
  /** Reads one of them. Undefined for one that cannot be read, which was told. */
  message(id: string): MessageWithParts | undefined
  todos: readonly Todo[]
}
