import { z } from "zod"
import { MessageID, PartID, SessionID } from "./id.ts"
import { schema, type Infer } from "./schema.ts"

/**
 * Something in a stored conversation that no provider would take as it is, or that was lost. `found` says what it is,
 * `repair` what becomes of it. Nothing has to be done by a person, unless the sentence says so.
 */
export const HealthFinding = schema("HealthFinding", () =>
  z.object({
    kind: z.enum([
      "unfinished-answer",
      "unanswered-prompt",
      "call-without-result",
      "repeated-call-id",
      "odd-call-id",
      "lost-body",
      "broken-text",
      "empty-message",
      "no-prompt-first",
      "unknown-part",
    ]),
    messageID: MessageID().optional(),
    partID: PartID().optional(),
    found: z.string(),
    repair: z.string(),
  }),
)
export type HealthFinding = Infer<typeof HealthFinding>

export const SessionHealth = schema("SessionHealth", () =>
  z.object({
    sessionID: SessionID(),
    /** A turn runs in it: what is open now will be finished by it. */
    busy: z.boolean(),
    messages: z.number().int().min(0),
    findings: z.array(HealthFinding()),
    /** Findings that are not listed. */
    more: z.number().int().min(0),
  }),
)
export type SessionHealth = Infer<typeof SessionHealth>
