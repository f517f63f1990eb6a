import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import { asRecord } from "../wire/json.ts"
import { openaiChatReader } from "../wire/openai-chat.ts"
import { bodyQuirks } from "../quirks/body.ts"
import { sentMessages } from "./sent-messages.ts"
import { isVertex } from "./address.ts"
import type { LanguageInput, Package } from "./package.ts"

/** Everything that copies OpenAI's chat completions, as most servers do. */
export async function openaiCompatible(input: LanguageInput): Promise<Package> {
  const { providerID, modelID, baseURL, key, headers, options } = input
  const sent = sentMessages(providerID)
  const quirks = bodyQuirks({ modelID, baseURL })
  const settings = {
    name: providerID,
    baseURL,
    apiKey: key?.reveal(),
    headers,
    includeUsage: options.includeUsage !== false,
    supportsStructuredOutputs: options.supportsStructuredOutputs === true,
    queryParams: asRecord(options.queryParams) as Record<string, string> | undefined,
    transformRequestBody: (body: Record<string, unknown>) => quirks(sent.complete(body)),
  }
  const authorize = !key && isVertex(baseURL) ? (await import("./vertex.ts")).withGoogleToken(input) : undefined
  return {
    build: (fetch) =>
      sent.over(
        createOpenAICompatible({ ...settings, fetch: authorize ? authorize(fetch) : fetch }).languageModel(modelID),
      ),
    reader: (emit) => openaiChatReader(emit, providerID),
  }
}
