import { z } from "zod"
import { inline, schema, type Infer } from "./schema.ts"
import { Tokens } from "./tokens.ts"

const spending = () => ({
  /** Every request to a model, failed ones too. */
  requests: z.number().int().min(0),
  failed: z.number().int().min(0),
  tokens: Tokens(),
  /** US dollars, as far as they are known. */
  cost: z.number(),
  /** Requests whose cost nobody knows: no price, or no count of what came. They are not in `cost`. */
  unknown: z.number().int().min(0),
  /** Whether `cost` is all of it. */
  isComplete: z.boolean(),
})

export const Spending = schema("Spending", () => z.object(spending()))
export type Spending = Infer<typeof Spending>

export const SpentOn = inline(() => z.object({ providerID: z.string(), modelID: z.string(), ...spending() }))
export type SpentOn = Infer<typeof SpentOn>

/** What a session has spent, and what it has spent with all sessions below it: in sum, and by model. */
export const Usage = schema("SessionUsage", () =>
  z.object({ session: Spending(), tree: Spending(), models: z.array(SpentOn()) }),
)
export type Usage = Infer<typeof Usage>
