import type { SharedV3ProviderOptions } from "@ai-sdk/provider"
import type { Model } from "@opencode/protocol/provider.ts"
import { asList, asRecord, asText } from "../wire/json.ts"
import { openaiFacts, speaksResponses } from "./openai.ts"

/**
 * What goes back to the model that issued it, with a part of its own answer. Whatever it could not use would be refused
 * or ignored: it stays here. Pure.
 */
export interface StoredPart {
  text: string
  metadata?: Record<string, unknown> | undefined
}

export type Returned = { text: string; providerOptions?: SharedV3ProviderOptions }

/** Reasoning as its issuer takes it back; undefined when it does not. */
export function returnedReasoning({ text, metadata = {} }: StoredPart, model: Model): Returned | undefined {
  const { npm } = model.api
  const sealed = sealOf(npm, model, metadata)
  if (sealed) return { text, providerOptions: sealed }
  // Without its seal (the answer was cut) a block is refused by the issuer itself, or says nothing to it.
  if (SEALING.has(npm) || speaksResponses(model)) return undefined
  return model.capabilities.interleaved !== false && text.trim() ? { text } : undefined
}

/** Providers whose reasoning counts only with what they sealed it with. */
const SEALING: ReadonlySet<string> = new Set([
  "@ai-sdk/anthropic",
  "@ai-sdk/google-vertex/anthropic",
  "@ai-sdk/amazon-bedrock",
  "@ai-sdk/google",
  "@ai-sdk/google-vertex",
])

function sealOf(npm: string, model: Model, metadata: Record<string, unknown>): SharedV3ProviderOptions | undefined {
  const under = (name: string, ...members: string[]): SharedV3ProviderOptions | undefined => {
    const facts = asRecord(metadata[name])
    const kept = members.flatMap((member) => (facts?.[member] ? [[member, facts[member]]] : []))
    return kept.length ? { [name]: Object.fromEntries(kept) as never } : undefined
  }
  if (speaksResponses(model)) {
    const facts = openaiFacts(metadata)
    return facts?.reasoningEncryptedContent && asText(facts.itemId) ? { [issuerName(npm)]: facts as never } : undefined
  }
  switch (npm) {
    case "@ai-sdk/anthropic":
    case "@ai-sdk/google-vertex/anthropic":
      return under("anthropic", "signature", "redactedData")
    case "@ai-sdk/amazon-bedrock":
      return under("bedrock", "signature", "redactedData", "redactedContent")
    case "@ai-sdk/google":
      return under("google", "thoughtSignature")
    case "@ai-sdk/google-vertex":
      return under("vertex", "thoughtSignature")
    case "@openrouter/ai-sdk-provider":
      // https://openrouter.ai/docs/use-cases/reasoning-tokens#preserving-reasoning-blocks
      return asList(asRecord(metadata.openrouter)?.reasoning_details).length
        ? under("openrouter", "reasoning_details")
        : undefined
    case "@ai-sdk/gateway":
      // Whoever answers behind it knows what it means.
      return Object.keys(metadata).length ? (metadata as SharedV3ProviderOptions) : undefined
    default:
      return undefined
  }
}

/** What goes back with a text or a call. */
export function returnedWith(
  metadata: Record<string, unknown> | undefined,
  model: Model,
): SharedV3ProviderOptions | undefined {
  const { npm } = model.api
  if (!metadata) return undefined
  if (npm === "@ai-sdk/gateway") return metadata as SharedV3ProviderOptions
  if (speaksResponses(model)) {
    // Ids name what the service was told not to keep; the phase says whether a text was meant as the answer.
    const phase = asText(openaiFacts(metadata)?.phase)
    return phase ? { [issuerName(npm)]: { phase } } : undefined
  }
  if (npm === "@openrouter/ai-sdk-provider") {
    const details = asList(asRecord(metadata.openrouter)?.reasoning_details)
    return details.length ? { openrouter: { reasoning_details: details as never } } : undefined
  }
  const name = SIGNED[npm]
  if (!name) return undefined
  const thoughtSignature = Object.values(metadata)
    .map((facts) => asText(asRecord(facts)?.thoughtSignature))
    .find((text) => text)
  return thoughtSignature ? { [name]: { thoughtSignature } } : undefined
}

/**
 * Where Google's signatures go, by https://ai.google.dev/gemini-api/docs/thought-signatures. The compatible packages
 * look for them under Google's name, whatever the provider is called.
 */
const SIGNED: Readonly<Record<string, string>> = {
  "@ai-sdk/google": "google",
  "@ai-sdk/google-vertex": "vertex",
  "@ai-sdk/openai-compatible": "google",
  "@ai-sdk/cerebras": "google",
  "@ai-sdk/deepinfra": "google",
  "@ai-sdk/togetherai": "google",
}

const issuerName = (npm: string): string => (npm === "@ai-sdk/azure" ? "azure" : "openai")
