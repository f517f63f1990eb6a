import type { LanguageModelV3CallOptions } from "@ai-sdk/provider"
import type { Model } from "@opencode/protocol/provider.ts"
import { optionsName } from "./options-name.ts"

/** What of a request is neither said nor offered. */
export interface RequestParams {
  temperature?: number
  topP?: number
  topK?: number
  maxOutputTokens?: number
  options?: Record<string, unknown>
  headers?: Record<string, string>
}

/** As the provider packages take them. */
export function paramOptions(params: RequestParams, model: Model): Omit<LanguageModelV3CallOptions, "prompt"> {
  return {
    maxOutputTokens: params.maxOutputTokens ?? (model.limit.output > 0 ? model.limit.output : undefined),
    ...(params.temperature === undefined || !model.capabilities.temperature ? {} : { temperature: params.temperature }),
    ...(params.topP === undefined ? {} : { topP: params.topP }),
    ...(params.topK === undefined ? {} : { topK: params.topK }),
    ...(params.headers ? { headers: params.headers } : {}),
    ...(params.options && Object.keys(params.options).length
      ? { providerOptions: { [optionsName(model)]: params.options as never } }
      : {}),
  }
}
