import type { ModelConfig } from "@opencode/protocol/provider.ts"
import { asList, asNumber, asRecord, asText, parseRecord, type Json } from "./wire/json.ts"

/**
 * Reads the catalogue in the form of models.dev: provider id to provider, with its models. Lenient: a member of the
 * wrong kind counts as absent, and a provider or model that makes no sense is left out. Nothing here trusts the text: it
 * may have come over the network or from another program. Pure.
 */
export interface KnownProvider {
  id: string
  name: string
  /** Variables that may hold its key, and some that hold a part of its address. */
  env: string[]
  npm: string
  /** May hold variables as `${NAME}`. Absent where the package knows its address. */
  api?: string
  /** A page about the provider. */
  doc?: string
  models: Record<string, KnownModel>
}

/** A model of the catalogue says the same things as one of the configuration, and how its reasoning is steered. */
export interface KnownModel extends Omit<ModelConfig, "variants" | "options" | "provider"> {
  /** Empty: it reasons, and nothing steers it. */
  reasoning_options?: ReasoningOption[]
  provider?: { npm?: string; api?: string; shape?: ApiShape }
}

/** Which of the two calls of OpenAI a model is reached by. */
export type ApiShape = "responses" | "completions"

export type ReasoningOption =
  | { type: "toggle" }
  | { type: "effort"; values: string[] }
  | { type: "budget_tokens"; min?: number; max?: number }

/** Ids become names of files. */
const PROVIDER_ID = /^[a-z0-9][a-z0-9._-]{0,80}$/i
/** Of a model id: anything that is one printable word. */
const MODEL_ID = /^[^\s\p{Cc}]{1,200}$/u
const VARIABLE = /^\w{1,80}$/
const PACKAGE = /^(?:@[a-z0-9._-]+\/)?[a-z0-9._-]+(?:\/[a-z0-9._-]+)*$/

/** @returns undefined when the text is no catalogue at all */
export function readModelsDev(text: string): KnownProvider[] | undefined {
  const all = parseRecord(text)
  if (!all) return undefined
  const providers = Object.entries(all).flatMap(([id, value]) => {
    const provider = PROVIDER_ID.test(id) ? providerOf(id, asRecord(value)) : undefined
    return provider ? [provider] : []
  })
  return providers.length ? providers : undefined
}

function providerOf(id: string, given: Json | undefined): KnownProvider | undefined {
  const npm = fitting(given?.npm, PACKAGE)
  const models = Object.entries(asRecord(given?.models) ?? {}).flatMap(([modelID, value]) => {
    const model = asRecord(value)
    return model && MODEL_ID.test(modelID) ? [[modelID, modelOf(modelID, model)] as const] : []
  })
  if (!given || !npm || !models.length) return undefined
  return {
    id,
    name: asText(given.name) ?? id,
    env: asList(given.env).filter((name): name is string => typeof name === "string" && VARIABLE.test(name)),
    npm,
    ...defined({ api: addressOf(given.api), doc: addressOf(given.doc) }),
    models: Object.fromEntries(models),
  }
}

function modelOf(modelID: string, given: Json): KnownModel {
  const { input, output } = asRecord(given.modalities) ?? {}
  const provider = asRecord(given.provider)
  const shape = SHAPES.find((name) => name === provider?.shape)
  const own = defined({ npm: fitting(provider?.npm, PACKAGE), api: addressOf(provider?.api), shape })
  const id = asText(given.id)
  return defined({
    id: id === modelID ? undefined : id,
    name: asText(given.name),
    family: asText(given.family),
    release_date: asText(given.release_date),
    attachment: asFlag(given.attachment),
    reasoning: asFlag(given.reasoning),
    temperature: asFlag(given.temperature),
    tool_call: asFlag(given.tool_call),
    interleaved: interleavedOf(given.interleaved),
    cost: costOf(asRecord(given.cost)),
    limit: limitOf(asRecord(given.limit)),
    modalities: { input: modalitiesOf(input), output: modalitiesOf(output) },
    experimental: asFlag(given.experimental),
    status: STATUSES.find((status) => status === given.status),
    provider: Object.keys(own).length ? own : undefined,
    headers: headersOf(given.headers),
    reasoning_options: Array.isArray(given.reasoning_options)
      ? given.reasoning_options.flatMap(reasoningOption)
      : undefined,
  })
}

const SHAPES: readonly ApiShape[] = ["responses", "completions"]
const STATUSES = ["alpha", "beta", "deprecated"] as const
const MODALITIES = ["text", "audio", "image", "video", "pdf"] as const

const modalitiesOf = (given: unknown) =>
  Array.isArray(given) ? MODALITIES.filter((kind) => given.includes(kind)) : undefined

function reasoningOption(given: unknown): ReasoningOption[] {
  const { type, values, min, max } = asRecord(given) ?? {}
  if (type === "toggle") return [{ type }]
  if (type === "budget_tokens") return [{ type, ...defined({ min: asCount(min), max: asCount(max) }) }]
  const efforts = asList(values).filter(
    (word): word is string => typeof word === "string" && /^[\w-]{1,30}$/.test(word),
  )
  return type === "effort" && efforts.length ? [{ type, values: efforts }] : []
}

function interleavedOf(given: unknown): KnownModel["interleaved"] {
  if (typeof given === "boolean") return given
  const field = asText(given) ?? asText(asRecord(given)?.field)
  return field === undefined ? undefined : { field }
}

function costOf(given: Json | undefined): KnownModel["cost"] {
  const price = priceOf(given)
  const long = priceOf(asRecord(given?.context_over_200k))
  return price && { ...price, ...(long && { context_over_200k: long }) }
}

function priceOf(given: Json | undefined) {
  const input = asCount(given?.input)
  const output = asCount(given?.output)
  if (input === undefined || output === undefined) return undefined
  return {
    input,
    output,
    ...defined({ cache_read: asCount(given?.cache_read), cache_write: asCount(given?.cache_write) }),
  }
}

function limitOf(given: Json | undefined): KnownModel["limit"] {
  const context = asCount(given?.context)
  if (context === undefined) return undefined
  return { context, output: asCount(given?.output) ?? 0, ...defined({ input: asCount(given?.input) }) }
}

function headersOf(given: unknown): Record<string, string> | undefined {
  const entries = Object.entries(asRecord(given) ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string",
  )
  return entries.length ? Object.fromEntries(entries) : undefined
}

const asFlag = (value: unknown): boolean | undefined => (typeof value === "boolean" ? value : undefined)

const asCount = (value: unknown): number | undefined => {
  const number = asNumber(value)
  return number !== undefined && number >= 0 ? number : undefined
}

const fitting = (value: unknown, pattern: RegExp): string | undefined =>
  typeof value === "string" && pattern.test(value) ? value : undefined

/** A web address, of which parts may be variables. */
const addressOf = (value: unknown): string | undefined => fitting(value, /^(?:https?:\/\/|\$\{\w+\})[^\s\p{Cc}]*$/u)

const defined = <Value extends object>(value: Value): { [Key in keyof Value]?: Exclude<Value[Key], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never
