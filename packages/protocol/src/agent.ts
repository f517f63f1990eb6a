import { z } from "zod"
import { ModelRef } from "./model-ref.ts"
import { PermissionConfig, PermissionRuleset } from "./permission.ts"
import { schema, type Infer } from "./schema.ts"

export const Agent = schema("Agent", () =>
  z.object({
    name: z.string(),
    description: z.string().optional(),
    mode: z.enum(["subagent", "primary", "all"]),
    /** Comes with the program. */
    native: z.boolean().optional(),
    hidden: z.boolean().optional(),
    topP: z.number().optional(),
    temperature: z.number().optional(),
    color: z.string().optional(),
    permission: PermissionRuleset(),
    model: ModelRef().optional(),
    variant: z.string().optional(),
    prompt: z.string().optional(),
    options: z.record(z.string(), z.unknown()),
    /** Steps a turn may take before its tools are withdrawn. */
    steps: z.number().optional(),
  }),
)
export type Agent = Infer<typeof Agent>

export const AgentConfig = schema("AgentConfig", () =>
  z.looseObject({
    model: z.string().optional(),
    variant: z.string().optional(),
    temperature: z.number().optional(),
    top_p: z.number().optional(),
    prompt: z.string().optional(),
    tools: z.record(z.string(), z.boolean()).optional(),
    disable: z.boolean().optional(),
    description: z.string().optional(),
    mode: z.enum(["subagent", "primary", "all"]).optional(),
    hidden: z.boolean().optional(),
    options: z.record(z.string(), z.unknown()).optional(),
    color: z
      .union([
        z.string().regex(/^#[0-9a-fA-F]{6}$/),
        z.enum(["primary", "secondary", "accent", "success", "warning", "error", "info"]),
      ])
      .optional(),
    steps: z.number().int().positive().optional(),
    maxSteps: z.number().int().positive().optional(),
    permission: PermissionConfig().optional(),
  }),
)
export type AgentConfig = Infer<typeof AgentConfig>
