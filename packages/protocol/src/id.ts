import { z } from "zod"
import { schema } from "./schema.ts"

/**
 * Ids are a prefix, 12 hex digits and 14 base62 characters. The hex is the low 48 bits of
 * `milliseconds * 4096 + counter`; for sessions its bitwise complement, so that newer sessions sort first.
 * Ids name things; they never decide order, which is the store's.
 */
export const prefixes = {
  session: "ses",
  message: "msg",
  part: "prt",
  event: "evt",
  permission: "per",
  question: "que",
  pty: "pty",
  tool: "tool",
  approval: "apr",
  error: "err",
  workspace: "wrk",
} as const

export type IdPrefix = (typeof prefixes)[keyof typeof prefixes]

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const LOW_48_BITS = (1n << 48n) - 1n

/** @param random at least 14 random bytes */
export function newId(prefix: IdPrefix, milliseconds: number, counter: number, random: Uint8Array): string {
  const moment = (BigInt(milliseconds) * 4096n + BigInt(counter)) & LOW_48_BITS
  const ordered = prefix === prefixes.session ? moment ^ LOW_48_BITS : moment
  let tail = ""
  for (const byte of random.subarray(0, 14)) tail += BASE62[byte % 62]
  return `${prefix}_${ordered.toString(16).padStart(12, "0")}${tail}`
}

/** Clients make ids of their own for messages; ours have 30 characters. */
const MAX_ID_CHARACTERS = 128

const id = (name: string, prefix: string) =>
  schema(name, () =>
    z
      .string()
      .max(MAX_ID_CHARACTERS)
      .regex(new RegExp(`^${prefix}[^\\p{Cc}]*$`, "u"), `must start with "${prefix}"`),
  )

export const SessionID = id("SessionID", prefixes.session)
export const MessageID = id("MessageID", prefixes.message)
export const PartID = id("PartID", prefixes.part)
export const PermissionID = id("PermissionID", prefixes.permission)
export const QuestionID = id("QuestionID", prefixes.question)
export const PtyID = id("PtyID", prefixes.pty)
export const ApprovalID = id("ApprovalID", prefixes.approval)
