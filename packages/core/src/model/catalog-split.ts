import { defaultModelOf } from "./choice.ts"
import { providerOf } from "./catalog.ts"
import { readModelsDev, type KnownProvider } from "./models-dev.ts"

/**
 * The catalogue as files that can be read one by one: an index with a line for each provider, and a file for each
 * provider. Made when the program is built, and again when a newer catalogue was fetched. Pure.
 */
export interface SplitCatalog {
  index: CatalogIndex
  providers: KnownProvider[]
}

export interface CatalogIndex {
  /** Day of the data, as `YYYY-MM-DD`. */
  date: string
  providers: KnownEntry[]
}

/** What is known of a provider without reading its models. */
export interface KnownEntry extends Omit<KnownProvider, "models"> {
  /** How many models it has. */
  models: number
  defaultModel?: string
}

/** @returns undefined when the text is no catalogue */
export function splitCatalog(text: string, date: string): SplitCatalog | undefined {
  const providers = readModelsDev(text)?.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  return providers && { index: { date, providers: providers.map(entryOf) }, providers }
}

export function entryOf(base: KnownProvider): KnownEntry {
  const { models, ...rest } = base
  const defaultModel = defaultModelOf(providerOf(base.id, undefined, { base }).models)
  return { ...rest, models: Object.keys(models).length, ...(defaultModel === undefined ? {} : { defaultModel }) }
}
