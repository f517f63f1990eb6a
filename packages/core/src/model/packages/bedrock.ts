import { inferenceProfile } from "../quirks/bedrock.ts"
import { awsCredentials, awsRegion } from "./aws-credentials.ts"
import { openaiReader, usesChat } from "./openai-wire.ts"
import { keyText, type LanguageInput, type Package } from "./package.ts"

/** Amazon's own wire, in frames of its own: the package reads them. */
export async function bedrock(input: LanguageInput): Promise<Package> {
  const settings = settingsOf(input)
  const { createAmazonBedrock } = await import("@ai-sdk/amazon-bedrock")
  const modelID = inferenceProfile(input.modelID, settings.region)
  return { build: (fetch) => createAmazonBedrock({ ...settings, fetch }).languageModel(modelID) }
}

/** Models of others at Amazon, by OpenAI's wires. */
export async function bedrockMantle(input: LanguageInput): Promise<Package> {
  const settings = settingsOf(input)
  const { createBedrockMantle } = await import("@ai-sdk/amazon-bedrock/mantle")
  const reader = await openaiReader(input, "openai")
  return {
    reader,
    build: (fetch) => {
      const provider = createBedrockMantle({ ...settings, fetch })
      return usesChat(input) ? provider.chat(input.modelID) : provider.responses(input.modelID)
    },
  }
}

/** The bearer token first; else requests are signed, with credentials that are read each time: they may be short-lived. */
function settingsOf(input: LanguageInput) {
  const { providerID, options, baseURL, headers, env = {}, key } = input
  const place = { providerID, options, env }
  // Says at once what is missing, instead of at the first request.
  if (!key) awsCredentials(place)
  return {
    baseURL,
    headers,
    apiKey: keyText(input),
    region: awsRegion(place),
    credentialProvider: async () => awsCredentials(place),
  }
}
