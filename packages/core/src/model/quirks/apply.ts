import type { LanguageModelV3CallOptions } from "@ai-sdk/provider"
import type { Model } from "@opencode/protocol/provider.ts"
import { documentNames } from "./bedrock.ts"
import { callsFollow, schemaSubset } from "./google.ts"
import { assistantAfterResults, nineCharacterIds } from "./mistral.ts"
import { nothingStored, reasoningModels } from "./openai.ts"
import { takingTurns } from "./perplexity.ts"
import type { Quirk } from "./quirk.ts"

/** All of them, in the order in which they are applied. */
export const QUIRKS: readonly Quirk[] = [
  nothingStored,
  reasoningModels,
  schemaSubset,
  callsFollow,
  assistantAfterResults,
  nineCharacterIds,
  takingTurns,
  documentNames,
]

/** The last step of a request: what is peculiar to this model's provider. */
export const applyQuirks = (options: LanguageModelV3CallOptions, model: Model): LanguageModelV3CallOptions =>
  QUIRKS.reduce((changed, quirk) => (quirk.applies(model) ? quirk.change(changed, model) : changed), options)
