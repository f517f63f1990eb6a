import { z } from "zod"
import { schema, type Infer } from "./schema.ts"
import { Tokens } from "./tokens.ts"

export const ModelStats = schema("ModelStats", () =>
  z.object({
    providerID: z.string(),
    modelID: z.string(),
    /** Answers, one for each step. */
    messages: z.number().int().min(0),
    tokens: Tokens(),
    cost: z.number(),
  }),
)
export type ModelStats = Infer<typeof ModelStats>

export const ToolStats = schema("ToolStats", () =>
  z.object({ tool: z.string(), calls: z.number().int().min(0), failed: z.number().int().min(0) }),
)
export type ToolStats = Infer<typeof ToolStats>

/** What sessions took, in sum and by model and tool: the most used first. Cost is in US dollars, as far as it is known. */
export const Stats = schema("Stats", () =>
  z.object({
    sessions: z.number().int().min(0),
    messages: z.number().int().min(0),
    /** That were asked for, else since the first session. */
    days: z.number().int().min(0),
    cost: z.number(),
    tokens: Tokens(),
    /** Of the sessions in which a model was asked. */
    medianTokens: z.number().min(0),
    models: z.array(ModelStats()),
    tools: z.array(ToolStats()),
  }),
)
export type Stats = Infer<typeof Stats>
