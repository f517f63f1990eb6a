import type { Model } from "@opencode/protocol/provider.ts"
import type { Tokens } from "@opencode/protocol/tokens.ts"

/** Prompts longer than this are billed at a higher price by the providers that have such a tier. */
const LONG_PROMPT_TOKENS = 200_000
const PER_TOKENS = 1_000_000

/** US dollars of one answer. Reasoning is billed as output; a long prompt raises the price of the whole answer. */
export function costOf(model: Pick<Model, "cost">, tokens: Tokens): number {
  const prompt = tokens.input + tokens.cache.read + tokens.cache.write
  const long = prompt > LONG_PROMPT_TOKENS ? model.cost.experimentalOver200K : undefined
  const price = long ?? model.cost
  const sum =
    tokens.input * price.input +
    (tokens.output + tokens.reasoning) * price.output +
    tokens.cache.read * price.cache.read +
    tokens.cache.write * price.cache.write
  return sum / PER_TOKENS
}

/** The same for the ledger: undefined where the price is not known, which is not the same as free. */
export const knownCost = (
  { model, isPriced }: { model: Pick<Model, "cost">; isPriced: boolean },
  tokens: Tokens,
): number | undefined => (isPriced ? costOf(model, tokens) : undefined)
