import { z } from "zod"
import { inline, type Infer } from "./schema.ts"

/** Tokens as billed: `input` leaves out the cached ones, `output` leaves out reasoning. */
export const Tokens = inline(() =>
  z.object({
    total: z.number().optional(),
    input: z.number(),
    output: z.number(),
    reasoning: z.number(),
    cache: z.object({ read: z.number(), write: z.number() }),
  }),
)
export type Tokens = Infer<typeof Tokens>

export const noTokens = (): Tokens => ({ input: 0, output: 0, reasoning: 0, cache: { read: 0, write: 0 } })

/** Everything that was read and written, cached or not. */
export const allTokens = ({ input, output, reasoning, cache }: Omit<Tokens, "total">): number =>
  input + output + reasoning + cache.read + cache.write

export const addTokens = (a: Tokens, b: Tokens): Tokens => ({
  input: a.input + b.input,
  output: a.output + b.output,
  reasoning: a.reasoning + b.reasoning,
  cache: { read: a.cache.read + b.cache.read, write: a.cache.write + b.cache.write },
})
