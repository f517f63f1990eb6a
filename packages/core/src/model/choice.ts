import type { Model } from "@opencode/protocol/provider.ts"

/**
 * The model of a provider when nobody chose one: the preferred one, else the newest of the first families that are made
 * for work like this, else the newest that can call tools and is not on its way out; of the same age the last by name.
 * Undefined for a provider without models.
 */
export function defaultModelOf(models: Record<string, Model>, preferred?: string): string | undefined {
  if (preferred !== undefined && Object.hasOwn(models, preferred)) return preferred
  const all = Object.values(models)
  const fit = all.filter(
    ({ capabilities, status }) => capabilities.toolcall && status !== "deprecated" && isText(capabilities.output),
  )
  const favourites = FAVOURITES.map((families) => fit.filter(({ family }) => family && families.includes(family)))
  const from = favourites.find((some) => some.length > 0) ?? (fit.length ? fit : all)
  return from.toSorted((a, b) => compare(b.release_date, a.release_date) || compare(b.id, a.id))[0]?.id
}

/** Able and not the dearest of their makers, in the order in which they are looked for. */
const FAVOURITES: readonly (readonly string[])[] = [
  ["claude-sonnet"],
  ["gpt", "gpt-sol", "gpt-codex"],
  ["gemini-pro", "gemini-flash"],
  ["grok"],
  ["mistral-medium", "mistral-large", "devstral"],
]

const isText = ({ text, audio, image, video }: Model["capabilities"]["output"]): boolean =>
  text && !audio && !image && !video

/**
 * Where several keys are at hand, the provider that is asked when nobody said which: these first, then the others by
 * name. Providers whose key is another program's are not among them; see `provider-env.ts`.
 */
const ORDER = ["anthropic", "openai", "google", "openrouter", "xai", "mistral", "deepseek", "groq"]

export const byPreference = (a: string, b: string): number => rank(a) - rank(b) || compare(a, b)
const rank = (id: string): number => (ORDER.includes(id) ? ORDER.indexOf(id) : ORDER.length)

/**
 * The cheapest model of a provider that is cheaper than this one, and of the same maker where a provider offers those of
 * many. A model without a price is no bargain: it is unknown.
 */
export function cheapestBeside(modelID: string, models: Record<string, Model>): string {
  const price = ({ cost }: Model): number => cost.input + cost.output
  const main = models[modelID]
  if (!main) return modelID
  const cheaper = Object.values(models)
    .filter((model) => canWrite(model) && makerOf(model.id) === makerOf(main.id))
    .filter((model) => price(model) > 0 && price(model) < price(main))
    .toSorted((a, b) => price(a) - price(b) || compare(b.release_date, a.release_date))
  return cheaper[0]?.id ?? modelID
}

/** Embeddings, guards and pictures are cheap too, and write no titles. */
const canWrite = ({ capabilities, status }: Model): boolean =>
  status !== "deprecated" && isText(capabilities.output) && capabilities.toolcall

/** Of `maker/model`; nothing where a provider has its own models only. */
const makerOf = (modelID: string): string => modelID.slice(0, Math.max(0, modelID.indexOf("/")))

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
