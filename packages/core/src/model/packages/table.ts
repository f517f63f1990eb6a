import { fault } from "../../lib/fault.ts"
import { asRecord, asText } from "../wire/json.ts"
import { openaiReader, usesChat } from "./openai-wire.ts"
import { keyText, type LanguageInput, type OpenPackage } from "./package.ts"

/**
 * The provider packages, each its own chunk. Every one gets its key, address and way of sending from us: what it does
 * not get it would read from the environment of this process.
 */
export const PACKAGES: Readonly<Record<string, OpenPackage>> = {
  "@ai-sdk/openai-compatible": async (input) => (await import("./openai-compatible.ts")).openaiCompatible(input),

  "@ai-sdk/anthropic": async (input) => {
    const [{ createAnthropic }, { anthropicMessagesReader }] = await Promise.all([
      import("@ai-sdk/anthropic"),
      import("../wire/anthropic-messages.ts"),
    ])
    const { modelID, baseURL, headers, options } = input
    const authToken = asText(options.authToken)
    const credential = authToken ? { authToken } : { apiKey: keyText(input) }
    return {
      build: (fetch) => createAnthropic({ baseURL, headers, ...credential, fetch }).languageModel(modelID),
      reader: anthropicMessagesReader,
    }
  },

  "@ai-sdk/openai": async (input) => {
    const { createOpenAI } = await import("@ai-sdk/openai")
    const reader = await openaiReader(input, "openai")
    const { modelID, options } = input
    const settings = { ...common(input), organization: asText(options.organization), project: asText(options.project) }
    return {
      build: (fetch) => {
        const provider = createOpenAI({ ...settings, fetch })
        return usesChat(input) ? provider.chat(modelID) : provider.responses(modelID)
      },
      reader,
    }
  },

  "@ai-sdk/azure": async (input) => {
    const { createAzure } = await import("@ai-sdk/azure")
    const reader = await openaiReader(input, "azure")
    const { modelID, options, baseURL, headers } = input
    const token = asText(options.authToken)
    const settings = {
      baseURL,
      headers,
      apiVersion: asText(options.apiVersion),
      useDeploymentBasedUrls: options.useDeploymentBasedUrls === true,
      // The address is given, and this decides nothing any more; left out, the package would look for a variable.
      resourceName: asText(options.resourceName) ?? "",
      ...(token ? { tokenProvider: () => Promise.resolve(token) } : { apiKey: keyText(input) }),
    }
    return {
      build: (fetch) => {
        const provider = createAzure({ ...settings, fetch })
        return usesChat(input) ? provider.chat(modelID) : provider.responses(modelID)
      },
      reader,
    }
  },

  "@ai-sdk/google": async (input) => {
    const [{ createGoogleGenerativeAI }, { googleReader }] = await Promise.all([
      import("@ai-sdk/google"),
      import("../wire/google-generate.ts"),
    ])
    return {
      build: (fetch) => createGoogleGenerativeAI({ ...common(input), fetch }).languageModel(input.modelID),
      reader: (emit) => googleReader(emit, "google"),
    }
  },

  "@ai-sdk/google-vertex": async (input) => (await import("./vertex.ts")).vertex(input),
  "@ai-sdk/google-vertex/anthropic": async (input) => (await import("./vertex.ts")).vertexAnthropic(input),
  "@ai-sdk/amazon-bedrock": async (input) => (await import("./bedrock.ts")).bedrock(input),
  "@ai-sdk/amazon-bedrock/mantle": async (input) => (await import("./bedrock.ts")).bedrockMantle(input),

  "@ai-sdk/groq": async (input) => {
    const { createGroq } = await import("@ai-sdk/groq")
    return { build: (fetch) => createGroq({ ...common(input), fetch }).languageModel(input.modelID) }
  },

  "@ai-sdk/mistral": async (input) => {
    const { createMistral } = await import("@ai-sdk/mistral")
    return { build: (fetch) => createMistral({ ...common(input), fetch }).languageModel(input.modelID) }
  },

  "@ai-sdk/xai": async (input) => {
    const { createXai } = await import("@ai-sdk/xai")
    return {
      build: (fetch) => {
        const provider = createXai({ ...common(input), fetch })
        return input.options.useResponses === true ? provider.responses(input.modelID) : provider.chat(input.modelID)
      },
    }
  },

  "@ai-sdk/cohere": async (input) => {
    const { createCohere } = await import("@ai-sdk/cohere")
    return { build: (fetch) => createCohere({ ...common(input), fetch }).languageModel(input.modelID) }
  },

  "@ai-sdk/gateway": async (input) => {
    // Without a key the package would ask for a token of the machine it runs on.
    if (!input.key)
      throw fault("provider_auth", "The Vercel AI Gateway needs a key: set AI_GATEWAY_API_KEY.", {
        providerID: input.providerID,
      })
    const { createGateway } = await import("@ai-sdk/gateway")
    return { build: (fetch) => createGateway({ ...common(input), fetch }).languageModel(input.modelID) }
  },

  "@ai-sdk/cerebras": async (input) => {
    const { createCerebras } = await import("@ai-sdk/cerebras")
    return { build: (fetch) => createCerebras({ ...common(input), fetch }).languageModel(input.modelID) }
  },

  "@ai-sdk/deepinfra": async (input) => {
    const { createDeepInfra } = await import("@ai-sdk/deepinfra")
    return { build: (fetch) => createDeepInfra({ ...common(input), fetch }).languageModel(input.modelID) }
  },

  "@ai-sdk/togetherai": async (input) => {
    const [{ createTogetherAI }, { openaiChatReader }] = await Promise.all([
      import("@ai-sdk/togetherai"),
      import("../wire/openai-chat.ts"),
    ])
    return {
      build: (fetch) => createTogetherAI({ ...common(input), fetch }).languageModel(input.modelID),
      reader: (emit) => openaiChatReader(emit, "togetherai"),
    }
  },

  "@ai-sdk/perplexity": async (input) => {
    const { createPerplexity } = await import("@ai-sdk/perplexity")
    return { build: (fetch) => createPerplexity({ ...common(input), fetch }).languageModel(input.modelID) }
  },

  "@openrouter/ai-sdk-provider": async (input) => {
    const { createOpenRouter } = await import("@openrouter/ai-sdk-provider")
    const settings = { ...common(input), compatibility: "strict" as const }
    return {
      build: (fetch) =>
        createOpenRouter({ ...settings, extraBody: asRecord(input.options.extraBody), fetch }).chat(input.modelID, {
          // Without it OpenRouter's last event says nothing of tokens and cost.
          usage: { include: true },
        }) as never,
    }
  },
}

const common = (input: LanguageInput) => ({
  baseURL: input.baseURL,
  apiKey: keyText(input),
  headers: input.headers,
})
