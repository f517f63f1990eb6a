import type { Model } from "@opencode/protocol/provider.ts"
import { optionsName } from "../options-name.ts"
import { asList, asRecord } from "../wire/json.ts"
import type { BodyQuirk, Quirk } from "./quirk.ts"

const PACKAGES: ReadonlySet<string> = new Set(["@ai-sdk/openai", "@ai-sdk/azure", "@ai-sdk/amazon-bedrock/mantle"])

export const speaksResponses = ({ api }: Model): boolean => PACKAGES.has(api.npm)

/**
 * The service keeps every response for 30 days unless it is told not to. Then reasoning has to come along sealed, or it
 * is lost between two steps.
 */
export const nothingStored: Quirk = {
  name: "responses are not stored, reasoning comes sealed",
  source: "https://github.com/vercel/ai/issues/7543",
  tried: false,
  applies: speaksResponses,
  change(options, model) {
    const name = optionsName(model)
    const given = options.providerOptions?.[name] ?? {}
    const store = given.store ?? false
    const sealed = store === false && model.capabilities.reasoning
    const include = sealed
      ? { include: [...new Set([...asList(given.include), "reasoning.encrypted_content"])] as string[] }
      : {}
    return { ...options, providerOptions: { ...options.providerOptions, [name]: { ...given, store, ...include } } }
  },
}

/** Deployments and copies have names of their own: the package would not know a reasoning model by its name. */
export const reasoningModels: Quirk = {
  name: "a reasoning model is one, whatever its name",
  source: "https://learn.microsoft.com/azure/ai-foundry/openai/how-to/reasoning",
  tried: false,
  applies: (model) => speaksResponses(model) && model.capabilities.reasoning,
  change(options, model) {
    const name = optionsName(model)
    const given = options.providerOptions?.[name] ?? {}
    const changed = { forceReasoning: true, ...given }
    return { ...options, providerOptions: { ...options.providerOptions, [name]: changed } }
  },
}

/** Chat completions of OpenAI and Azure, by the compatible package. */
export const completionTokens: BodyQuirk = {
  name: "reasoning models count completion tokens under a name of their own",
  source: "https://github.com/anomalyco/opencode/issues/37964",
  tried: false,
  applies: ({ modelID, baseURL }) => isOpenAI(baseURL) && /(^|\/)(o\d|gpt-[5-9])/.test(modelID),
  change({ max_tokens, temperature: _, top_p: __, ...body }) {
    return max_tokens === undefined ? body : { ...body, max_completion_tokens: max_tokens }
  },
}

const isOpenAI = (url: string): boolean =>
  URL.canParse(url) &&
  /(^|\.)(openai\.com|openai\.azure\.com|cognitiveservices\.azure\.com)$/.test(new URL(url).hostname)

/** The members of stored metadata that an issuer of this family can use, under either of its names. */
export const openaiFacts = (metadata: Record<string, unknown> | undefined): Record<string, unknown> | undefined =>
  asRecord(metadata?.openai) ?? asRecord(metadata?.azure)
