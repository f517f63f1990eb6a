import type { LanguageModelV3 } from "@ai-sdk/provider"
import { parseModelRef, splitVariant, type ModelChoice, type ModelRef } from "@opencode/protocol/model-ref.ts"
import type { Model, Provider } from "@opencode/protocol/provider.ts"
import { fault } from "../lib/fault.ts"
import { conceal, withoutSecrets } from "../lib/secret.ts"
import { didYouMean, nearNames } from "../lib/text.ts"
import { languages, type Access } from "./access.ts"
import type { Auth } from "./auth.ts"
import { createCatalog, isEnabled, type CatalogInput, type CatalogProvider } from "./catalog.ts"
import { cheapestBeside, defaultModelOf } from "./choice.ts"
import { credentialOf } from "./credential.ts"
import { usableProviders } from "./usable.ts"

/** A provider that is code instead of an address. */
export interface BuiltinProvider {
  id: string
  name: string
  models: Record<string, Model>
  language(modelID: string): LanguageModelV3 | Promise<LanguageModelV3>
}

export interface ResolvedModel {
  model: Model
  providerID: string
  /**
   * Loads the provider's package.
   * @throws Fault `provider_auth` without a key, `forbidden` when the key may not go there, `config_invalid`
   */
  language(): Promise<LanguageModelV3>
  /** Whom opaque reasoning belongs to: it goes back to the same issuer only. */
  issuer: string
  /** The model's request options, for the provider package. */
  options: Record<string, unknown>
  /** Whether the user wants its requests to carry a key for the provider's cache. */
  hasCacheKey?: boolean
  /** Whether somebody named a price, be it 0. Without one the model's cost is 0 and means nothing. */
  isPriced: boolean
  /** The text without the provider's key. */
  conceal(text: string): string
}

export interface Models {
  /** The providers that can be used, without secrets. */
  list(): Provider[]
  /** Every provider there is, usable or not, one after the other: together they are 8,000 models. */
  all(): Iterable<{ provider: Provider; defaultModel: string | undefined }>
  /** Provider id to model id. */
  defaults(): Record<string, string>
  /** @throws Fault `model_not_found` when there is none at all */
  default(): ModelRef
  /** For titles: as configured, else a cheaper model of the same provider, else the same. Never another provider's. */
  small(main: ModelRef): ModelRef
  /** @throws Fault `model_not_found` with `data.suggestions` */
  resolve(ref: ModelRef | string): ResolvedModel
  /**
   * What was meant by a name as people write it: `provider/model#variant`, unless a model of exactly that name exists.
   * A variant that is given beside the name counts more.
   * @throws Fault `model_not_found` for an unknown model or variant, with near names
   */
  settle(ref: ModelRef, variant?: string): ModelChoice
  /** Whether a model has a variant of this name. */
  offers(ref: ModelRef, variant: string): boolean
  /** The variables that hold keys of providers that can be used; none that other programs live on. */
  keyVariables(): string[]
}

export interface ModelsInput extends Omit<Access, "known">, Omit<CatalogInput, "config"> {
  auth: Pick<Auth, "key" | "list">
  /** The model that needs no provider: the default when there is nothing else. */
  offline?: BuiltinProvider
  /** The model of the newest conversation. */
  lastUsed?(): ModelRef | undefined
  warn(message: string): void
}

/** The word that means: the model as it is. */
const NO_VARIANT = "default"

export function createModels(input: ModelsInput): Models {
  const { config, offline } = input
  const catalog = createCatalog(input)
  for (const id of Object.keys(config.provider ?? {}))
    if (isBare(catalog.get(id))) input.warn(`Provider ${id} has no models: name them in provider.${id}.models.`)

  const usable = usableProviders(input, catalog)
  const openLanguage = languages(input)
  const fallback = offline && isEnabled(offline.id, config) ? offline : undefined

  function list(): Provider[] {
    const found = usable()
    const providers = found.map(({ provider, source }) => shown(provider, source))
    // Nothing that the user meant for this: what answers by default has to be among what can be chosen.
    return fallback && !found.some(({ isDeliberate }) => isDeliberate)
      ? [...providers, shownOffline(fallback)]
      : providers
  }

  function* all(): Iterable<{ provider: Provider; defaultModel: string | undefined }> {
    const sources = new Map(usable().map(({ provider, source }) => [provider.id, source]))
    for (const id of catalog.ids()) {
      const provider = catalog.peek(id)
      if (!provider || isBare(provider)) continue
      const defaultModel = defaultModelOf(provider.models, provider.defaultModel)
      yield { provider: shown(provider, sources.get(id) ?? "custom"), defaultModel }
    }
    if (fallback && sources.size === 0)
      yield { provider: shownOffline(fallback), defaultModel: defaultModelOf(fallback.models) }
  }

  type Found = {
    models: Record<string, Model>
    hidden: Record<string, Model>
    hasCacheKey?: boolean
    isPriced(modelID: string): boolean
    open(model: Model): Promise<LanguageModelV3>
    conceal(text: string): string
  }

  function find(providerID: string): Found | undefined {
    const provider = catalog.get(providerID)
    if (provider) {
      const { models, hidden = {}, unpriced } = provider
      return {
        models,
        hidden,
        hasCacheKey: provider.options.setCacheKey === true,
        isPriced: (modelID) => !unpriced?.has(modelID),
        open: (model) => openLanguage(provider, model),
        conceal: (text) => conceal(text, credentialOf(provider, input)?.key),
      }
    }
    if (fallback?.id !== providerID) return undefined
    return {
      models: fallback.models,
      hidden: {},
      isPriced: () => true,
      open: async (model) => fallback.language(model.id),
      conceal: (text) => text,
    }
  }

  function modelAt({ providerID, modelID }: ModelRef): { found: Found; model: Model } | undefined {
    const found = find(providerID)
    const model = found && (own(found.models, modelID) ?? own(found.hidden, modelID))
    return found && model && { found, model }
  }

  function settle(ref: ModelRef, variant?: string): ModelChoice {
    const { providerID } = ref
    const split = modelAt(ref) ? undefined : splitVariant(ref.modelID)
    const modelID = split?.modelID ?? ref.modelID
    const at = modelAt({ providerID, modelID })
    if (!at) return notFound(`${providerID}/${ref.modelID}`)
    const wanted = variant ?? split?.variant
    if (wanted === undefined || wanted === NO_VARIANT) return { providerID, modelID }
    const names = Object.keys(at.model.variants ?? {})
    if (names.includes(wanted)) return { providerID, modelID, variant: wanted }
    const hint = didYouMean(wanted, names) || (names.length ? ` It has ${names.join(", ")}.` : " It has none.")
    const message = `Variant not found: ${providerID}/${modelID} has no "${wanted}".${hint}`
    throw fault("model_not_found", message, { providerID, modelID, variant: wanted, suggestions: names })
  }

  function resolve(ref: ModelRef | string): ResolvedModel {
    const wanted = typeof ref === "string" ? (parseModelRef(ref) ?? notFound(ref)) : ref
    const { providerID } = wanted
    const at = modelAt(wanted) ?? modelAt(settle(wanted))
    if (!at) return notFound(`${providerID}/${wanted.modelID}`)
    const { found, model } = at
    return {
      model,
      providerID,
      language: () => found.open(model),
      issuer: `${providerID}/${model.api.id}`,
      options: model.options,
      hasCacheKey: found.hasCacheKey ?? false,
      isPriced: found.isPriced(model.id),
      conceal: found.conceal,
    }
  }

  function notFound(wanted: string): never {
    const ref = parseModelRef(wanted)
    const named = ref && find(ref.providerID)
    // A provider that exists is meant, whether there is a key for it or not.
    const known = named
      ? Object.keys(named.models).map((model) => `${ref.providerID}/${model}`)
      : list().flatMap(({ id, models }) => Object.keys(models).map((model) => `${id}/${model}`))
    const suggestions = [
      ...new Set([...known.filter((name) => name.endsWith(`/${wanted}`)), ...nearNames(wanted, known)]),
    ]
    const hint = suggestions.length ? ` Did you mean ${suggestions.slice(0, 3).join(" or ")}?` : ""
    throw fault("model_not_found", `Model not found: ${wanted}.${hint}`, {
      ...ref,
      suggestions: suggestions.slice(0, 3),
    })
  }

  function chosen(): ModelRef {
    if (config.model) return parseModelRef(config.model) ?? notFound(config.model)
    const found = usable()
    const last = input.lastUsed?.()
    if (last && found.some(({ provider }) => provider.id === last.providerID) && modelAt(last)) return last
    for (const { provider, isDeliberate } of found) {
      const modelID = isDeliberate ? defaultModelOf(provider.models, provider.defaultModel) : undefined
      if (modelID) return { providerID: provider.id, modelID }
    }
    const modelID = fallback && defaultModelOf(fallback.models)
    if (fallback && modelID) return { providerID: fallback.id, modelID }
    throw fault(
      "model_not_found",
      "No model is configured: run `opencode auth login`, or name a provider in the configuration.",
      { suggestions: [] },
    )
  }

  return {
    list,
    all,
    defaults: () =>
      Object.fromEntries(
        list().flatMap(({ id, models }) => {
          const model = defaultModelOf(models, catalog.get(id)?.defaultModel)
          return model ? [[id, model]] : []
        }),
      ),
    default: chosen,
    small(main) {
      if (config.small_model) return settle(parseModelRef(config.small_model) ?? notFound(config.small_model))
      const modelID = cheapestBeside(main.modelID, find(main.providerID)?.models ?? {})
      return { providerID: main.providerID, modelID }
    },
    resolve,
    settle,
    offers: (ref, variant) => Object.hasOwn(modelAt(ref)?.model.variants ?? {}, variant),
    keyVariables: usable.keyVariables,
  }
}

const isBare = (provider: CatalogProvider | undefined): boolean =>
  provider !== undefined && Object.keys(provider.models).length === 0

const own = (models: Record<string, Model>, id: string): Model | undefined =>
  Object.hasOwn(models, id) ? models[id] : undefined

const shown = ({ id, name, env, options, models }: CatalogProvider, source: Provider["source"]): Provider =>
  withoutSecrets({ id, name, source, env, options, models })

const shownOffline = ({ id, name, models }: BuiltinProvider): Provider => ({
  id,
  name,
  source: "custom",
  env: [],
  options: {},
  models,
})
