import type { Config } from "@opencode/protocol/config.ts"
import type { Model, ModelConfig, ProviderConfig } from "@opencode/protocol/provider.ts"
import { matches } from "../permission/wildcard.ts"
import type { CatalogData } from "./catalog-data.ts"
import { copilotPackage } from "./quirks/copilot.ts"
import type { ApiShape, KnownModel, KnownProvider } from "./models-dev.ts"
import { variantsOf } from "./variants.ts"

/**
 * Which providers and models there are: what the catalogue knows, with the configuration over it, value by value.
 * Whether a provider can be used is asked elsewhere.
 */
export interface CatalogProvider {
  id: string
  name: string
  /** Its package; a model may have another. */
  npm?: string
  /** Variables that may hold its key. */
  env: string[]
  /** From the configuration; may hold credentials. */
  options: NonNullable<ProviderConfig["options"]>
  models: Record<string, Model>
  /** Models that are on their way out or not ready, and that nobody asked for: not shown, and used when named. */
  hidden?: Record<string, Model>
  /** Which call of OpenAI's a model is reached by, where it is not the package's usual one. */
  shapes?: Record<string, ApiShape>
  /** Models whose price nobody named. Theirs is 0 in what is shown, and unknown in what is counted. */
  unpriced?: ReadonlySet<string>
  isConfigured: boolean
  /** The entry of the catalogue that it is made of, when that has another id: its credential counts too. */
  basedOn?: string
  defaultModel?: string
}

export interface Catalog {
  /** Configured providers first, in their order, then those found on this machine, then the known ones. */
  ids(): string[]
  /** Made at first use and kept. */
  get(id: string): CatalogProvider | undefined
  /** The same for who looks once at many: what was not kept before is not kept now. */
  peek(id: string): CatalogProvider | undefined
}

export interface CatalogInput {
  config: Config
  known: CatalogData
  /** Providers that were found on this machine. */
  found?: readonly CatalogProvider[]
  /** Show models that are not ready. */
  withExperimental?: boolean
}

/** What a provider without a package of its own speaks. */
const DEFAULT_NPM = "@ai-sdk/openai-compatible"

export function createCatalog({ config, known, found = [], withExperimental = false }: CatalogInput): Catalog {
  const configured = config.provider ?? {}
  const local = new Map(found.map((provider) => [provider.id, provider]))
  const made = new Map<string, CatalogProvider | undefined>()

  function make(id: string): CatalogProvider | undefined {
    if (!isEnabled(id, config)) return undefined
    const given = Object.hasOwn(configured, id) ? configured[id] : undefined
    const found = given ? undefined : local.get(id)
    if (found) return found
    const base = known.provider(given?.id ?? id)
    return given || base ? providerOf(id, given, { base, withExperimental }) : undefined
  }

  return {
    ids: () =>
      [...new Set([...Object.keys(configured), ...local.keys(), ...known.entries().keys()])].filter((id) =>
        isEnabled(id, config),
      ),
    get(id) {
      if (!made.has(id)) made.set(id, make(id))
      return made.get(id)
    },
    peek: (id) => (made.has(id) ? made.get(id) : make(id)),
  }
}

export const isEnabled = (id: string, { enabled_providers, disabled_providers, experimental }: Config): boolean =>
  !disabled_providers?.includes(id) &&
  (enabled_providers?.includes(id) ?? true) &&
  // Of the policies that match the last decides, as it is with rules.
  experimental?.policies?.findLast(({ action, resource }) => action === "provider.use" && matches(resource, id))
    ?.effect !== "deny"

/** One provider of the catalogue, of the configuration, or of both. Pure. */
export function providerOf(
  id: string,
  config: ProviderConfig | undefined,
  { base, withExperimental = false }: { base?: KnownProvider | undefined; withExperimental?: boolean } = {},
): CatalogProvider {
  const given = config ?? {}
  const named = given.models ?? {}
  const ids = [...new Set([...Object.keys(base?.models ?? {}), ...Object.keys(named)])].filter(
    (model) => !given.blacklist?.includes(model) && (given.whitelist?.includes(model) ?? true),
  )
  const npm = given.npm ?? base?.npm ?? DEFAULT_NPM
  const models: Record<string, Model> = {}
  const hidden: Record<string, Model> = {}
  const shapes: Record<string, ApiShape> = {}
  const unpriced = new Set<string>()
  for (const modelID of ids) {
    const own = Object.hasOwn(named, modelID) ? named[modelID] : undefined
    const known = member(base?.models, modelID) ?? member(base?.models, own?.id)
    const isShown = own !== undefined || withExperimental || !(known && isUnready(known))
    const usual = given.npm === undefined && base ? copilotPackage(base.id, own?.id ?? modelID) : undefined
    const model = modelOf({
      providerID: id,
      modelID,
      npm: usual ?? npm,
      url: urlOf(given, own, known, base),
      known,
      given: own,
    })
    if (isShown) models[modelID] = model
    else hidden[modelID] = model
    if (!(own?.cost ?? known?.cost)) unpriced.add(modelID)
    if (known?.provider?.shape) shapes[modelID] = known.provider.shape
  }
  return {
    id,
    name: given.name ?? base?.name ?? id,
    npm,
    env: given.env ?? base?.env ?? [],
    options: given.options ?? {},
    models,
    hidden,
    shapes,
    unpriced,
    isConfigured: config !== undefined,
    ...(base && base.id !== id && { basedOn: base.id }),
  }
}

const isUnready = ({ status, experimental }: KnownModel): boolean =>
  status === "alpha" || status === "deprecated" || experimental === true

const member = <Value>(of: Record<string, Value> | undefined, key: string | undefined): Value | undefined =>
  of && key !== undefined && Object.hasOwn(of, key) ? of[key] : undefined

/** What the user wrote wins over what the catalogue says, and a model's own address over its provider's. */
const urlOf = (given: ProviderConfig, own: ModelConfig | undefined, known?: KnownModel, base?: KnownProvider): string =>
  own?.provider?.api ?? given.options?.baseURL ?? given.api ?? known?.provider?.api ?? base?.api ?? ""

interface ModelSource {
  providerID: string
  modelID: string
  npm: string
  url: string
  known: KnownModel | undefined
  given: ModelConfig | undefined
}

/** A member that nobody set gets the value that promises least; a limit of 0 tokens means unknown. */
function modelOf({ providerID, modelID, npm, url, known, given = {} }: ModelSource): Model {
  const config: ModelConfig = { ...known, ...given, headers: { ...known?.headers, ...given.headers } }
  const { interleaved = false, cost, limit, attachment = false, reasoning = false } = config
  const modes = { ...known?.modalities, ...given.modalities }
  const long = cost?.context_over_200k
  const api = {
    id: given.id ?? known?.id ?? modelID,
    url,
    npm: given.provider?.npm ?? known?.provider?.npm ?? npm,
  }
  const derived = variantsOf({
    npm: api.npm,
    apiID: api.id,
    reasoning,
    options: known?.reasoning_options,
    isKnown: known !== undefined,
    outputLimit: limit?.output ?? 0,
  })
  return {
    id: modelID,
    providerID,
    api,
    name: config.name ?? modelID,
    ...(config.family === undefined ? {} : { family: config.family }),
    capabilities: {
      temperature: config.temperature ?? false,
      reasoning,
      attachment,
      toolcall: config.tool_call ?? true,
      input: modalities(modes.input ?? (attachment ? ["text", "image"] : ["text"])),
      output: modalities(modes.output ?? ["text"]),
      interleaved: typeof interleaved === "string" ? { field: interleaved } : interleaved,
    },
    cost: { ...priceOf(cost), ...(long && { experimentalOver200K: priceOf(long) }) },
    limit: { context: 0, output: 0, ...limit },
    status: config.status ?? "active",
    options: given.options ?? {},
    headers: config.headers ?? {},
    release_date: config.release_date ?? "",
    variants: withOwnVariants(derived, given.variants),
  }
}

/** A variant of the configuration adds to the one of that name, or takes it away. */
function withOwnVariants(
  derived: NonNullable<Model["variants"]>,
  given: ModelConfig["variants"] = {},
): NonNullable<Model["variants"]> {
  const variants = { ...derived }
  for (const [name, { disabled, ...options }] of Object.entries(given)) {
    if (disabled) delete variants[name]
    else variants[name] = { ...member(derived, name), ...options }
  }
  return variants
}

type Modality = NonNullable<NonNullable<ModelConfig["modalities"]>["input"]>[number]

function modalities(given: readonly Modality[]): Model["capabilities"]["input"] {
  const has = (kind: Modality): boolean => given.includes(kind)
  return { text: has("text"), audio: has("audio"), image: has("image"), video: has("video"), pdf: has("pdf") }
}

const priceOf = (cost: { input: number; output: number; cache_read?: number; cache_write?: number } | undefined) => ({
  input: cost?.input ?? 0,
  output: cost?.output ?? 0,
  cache: { read: cost?.cache_read ?? 0, write: cost?.cache_write ?? 0 },
})
