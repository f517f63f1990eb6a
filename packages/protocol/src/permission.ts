import { z } from "zod"
import { MessageID, PermissionID, SessionID } from "./id.ts"
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

/**
 * The answer to an ask, in the three spellings that clients send: `reply` (today's), `response` with `remember`
 * (the older route) and `allow` (a widespread fork).
 */
export const PermissionAnswer = inline(() =>
  z.union([
    z.object({ reply: PermissionReply(), message: z.string().optional(), remember: z.boolean().optional() }),
    z.object({ response: PermissionReply(), message: z.string().optional(), remember: z.boolean().optional() }),
    z.object({ allow: z.boolean(), message: z.string().optional(), remember: z.boolean().optional() }),
  ]),
)
export type PermissionAnswer = Infer<typeof PermissionAnswer>

/** One meaning for the three spellings: `remember` makes a yes last. */
export function replyOf(answer: PermissionAnswer): { reply: PermissionReply; message?: string } {
  const said =
    "reply" in answer ? answer.reply : "response" in answer ? answer.response : answer.allow ? "once" : "reject"
  const reply = said === "once" && answer.remember ? "always" : said
  return answer.message === undefined ? { reply } : { reply, message: answer.message }
}

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
