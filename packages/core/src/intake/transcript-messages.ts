import { createHash } from "node:crypto"
import { newId, type IdPrefix } from "@opencode/protocol/id.ts"
import type { AssistantMessage, MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import type { Part } from "@opencode/protocol/part.ts"
import { noTokens } from "@opencode/protocol/tokens.ts"

/** The id of something that has another name elsewhere. */
export function idOf(prefix: IdPrefix, moment: number, name: string): string {
  return newId(prefix, moment, 0, createHash("sha256").update(name).digest())
}

export interface Place {
  /** Its name there, which no other message of the transcript has. */
  name: string
  /** Milliseconds since the epoch. */
  at: number
}

export type Draft = { type: "text"; text: string; synthetic?: boolean } | Picture
export type Picture = { type: "file"; mime: string; url: string; filename?: string }

export type Answer = MessageWithParts & { info: AssistantMessage }

/** What is known by now of where, and by what, a conversation was held. */
export interface Setting {
  readonly sessionID: string
  readonly providerID: string
  directory?: string
  model?: string
}

const UNKNOWN_MODEL = "unknown"
