import { z } from "zod"
import { SessionID } from "./id.ts"
import { PermissionAction, PermissionRule } from "./permission.ts"
import { inline, schema, type Infer } from "./schema.ts"

/** A call that is looked at and not made. `input` is what a model would give, or the one argument that matters. */
export const PermissionExplainInput = inline(() =>
  z.object({
    tool: z.string(),
    input: z.union([z.string(), z.record(z.string(), z.unknown())]),
    agent: z.string().optional().describe("Default: the session's, or the one that answers when nobody chose"),
    sessionID: SessionID().optional().describe("Whose rules count besides"),
  }),
)
export type PermissionExplainInput = Infer<typeof PermissionExplainInput>

/** Which rule decided, and where it comes from. */
export const PermissionReason = schema("PermissionReason", () =>
  z.object({
    source: z.enum(["built-in", "agent", "config", "session", "ceiling", "approved", "saved", "none"]),
    /** Absent where nothing matched. */
    rule: PermissionRule().optional(),
    layer: z.string().optional().describe("Of the configuration: user, project, environment, …"),
    file: z.string().optional(),
    member: z.string().optional().describe("What it is in there: permission.bash.git *"),
    line: z.number().int().optional(),
    column: z.number().int().optional(),
    text: z.string().describe("The same as a sentence"),
  }),
)
export type PermissionReason = Infer<typeof PermissionReason>

export const PermissionExplanation = schema("PermissionExplanation", () =>
  z.object({
    tool: z.string(),
    agent: z.string(),
    action: PermissionAction().describe("What becomes of the call"),
    offered: z.boolean().describe("Whether the model is told of the tool"),
    refusal: z.string().optional().describe("Why the tool itself does not run it, whatever the rules say"),
    asks: z.array(
      z.object({
        permission: z.string(),
        action: PermissionAction(),
        patterns: z.array(z.object({ pattern: z.string(), action: PermissionAction(), reason: PermissionReason() })),
        always: z.array(z.string()).describe("What the answer always would allow from then on"),
        problems: z.array(z.string()).optional().describe("What of the call was not understood"),
        doubted: z.boolean().describe("It asks because of these, although the rules allow each pattern"),
      }),
    ),
  }),
)
export type PermissionExplanation = Infer<typeof PermissionExplanation>
