import { z } from "zod"
import { ApprovalID, MessageID, PermissionID, SessionID } from "./id.ts"
import { inline, schema, type Infer } from "./schema.ts"

export const PermissionAction = schema("PermissionAction", () => z.enum(["allow", "deny", "ask"]))
export type PermissionAction = Infer<typeof PermissionAction>

/** One rule: both sides are wildcards; of the rules that match, the last one decides. */
export const PermissionRule = schema("PermissionRule", () =>
  z.object({ permission: z.string(), pattern: z.string(), action: PermissionAction() }),
)
export type PermissionRule = Infer<typeof PermissionRule>

export const PermissionRuleset = schema("PermissionRuleset", () => z.array(PermissionRule()))
export type PermissionRuleset = Infer<typeof PermissionRuleset>

/** A question to whoever answers for a session: may this call do this? */
export const PermissionRequest = schema("PermissionRequest", () =>
  z.object({
    id: PermissionID(),
    sessionID: SessionID(),
    permission: z.string(),
    patterns: z.array(z.string()),
    metadata: z.record(z.string(), z.unknown()),
    /** Patterns that the answer "always" would allow from now on. */
    always: z.array(z.string()),
    tool: z.object({ messageID: MessageID(), callID: z.string() }).optional(),
  }),
)
export type PermissionRequest = Infer<typeof PermissionRequest>

export const PermissionReply = inline(() => z.enum(["once", "always", "reject"]))
export type PermissionReply = Infer<typeof PermissionReply>

const more = () => ({
  message: z.string().optional(),
  remember: z.boolean().optional(),
  save: z.boolean().optional(),
})

/**
 * The answer to an ask, in the three spellings that clients send: `reply` (today's), `response` with `remember`
 * (the older route) and `allow` (a widespread fork).
 */
export const PermissionAnswer = inline(() =>
  z.union([
    z.object({ reply: PermissionReply(), ...more() }),
    z.object({ response: PermissionReply(), ...more() }),
    z.object({ allow: z.boolean(), ...more() }),
  ]),
)
export type PermissionAnswer = Infer<typeof PermissionAnswer>

/** One meaning for the three spellings: `remember` makes a yes last, `save` makes it outlast the process. */
export function replyOf(answer: PermissionAnswer): { reply: PermissionReply; message?: string; save?: true } {
  const said =
    "reply" in answer ? answer.reply : "response" in answer ? answer.response : answer.allow ? "once" : "reject"
  const reply = said === "once" && (answer.remember || answer.save) ? "always" : said
  return {
    reply,
    ...(answer.message === undefined ? {} : { message: answer.message }),
    ...(answer.save && reply === "always" ? { save: true } : {}),
  }
}

/** What was approved for good in a project. */
export const SavedApproval = schema("SavedApproval", () =>
  z.object({
    id: ApprovalID(),
    projectID: z.string(),
    permission: z.string(),
    pattern: z.string(),
    time: z.object({ created: z.number() }),
  }),
)
export type SavedApproval = Infer<typeof SavedApproval>

export const PermissionActionConfig = schema("PermissionActionConfig", () => z.enum(["ask", "allow", "deny"]))

export const PermissionObjectConfig = schema("PermissionObjectConfig", () =>
  z.record(z.string(), PermissionActionConfig()),
)

export const PermissionRuleConfig = schema("PermissionRuleConfig", () =>
  z.union([PermissionActionConfig(), PermissionObjectConfig()]),
)
export type PermissionRuleConfig = Infer<typeof PermissionRuleConfig>

/** A bare action, or permission name to action or to pattern-action pairs. The order of members is the order of rules. */
export const PermissionConfig = schema("PermissionConfig", () =>
  z.union([PermissionActionConfig(), z.record(z.string(), PermissionRuleConfig())]),
)
export type PermissionConfig = Infer<typeof PermissionConfig>
