import { asText } from "../wire/json.ts"
import { googleToken } from "./google-token.ts"
import { keyText, type Fetch, type LanguageInput, type Package } from "./package.ts"

/**
 * Google's models on Vertex. The package for it brings Google's own authentication library, which reads the environment,
 * asks the machine's metadata server and sends by itself; its model is the one below, with our token.
 */
export async function vertex(input: LanguageInput): Promise<Package> {
  const [{ GoogleGenerativeAILanguageModel }, { googleReader }] = await Promise.all([
    import("@ai-sdk/google/internal"),
    import("../wire/google-generate.ts"),
  ])
  const { modelID, baseURL, headers, key } = input
  const token = key ? undefined : googleToken(input)
  const authorized = async () => ({
    ...(token ? { authorization: `Bearer ${await token()}` } : { "x-goog-api-key": keyText(input) }),
    ...headers,
  })
  return {
    build: (fetch) =>
      new GoogleGenerativeAILanguageModel(modelID, {
        provider: "google.vertex.chat",
        baseURL,
        headers: authorized,
        generateId: idCounter(),
        supportedUrls: () => ({}),
        fetch,
      }),
    reader: (emit) => googleReader(emit, "vertex"),
  }
}

/** Anthropic's models on Vertex: their own wire, at Google's address. */
export async function vertexAnthropic(input: LanguageInput): Promise<Package> {
  const [{ createVertexAnthropic }, { anthropicMessagesReader }] = await Promise.all([
    import("@ai-sdk/google-vertex/anthropic/edge"),
    import("../wire/anthropic-messages.ts"),
  ])
  const { modelID, baseURL, headers, options } = input
  const settings = {
    baseURL,
    headers,
    generateAuthToken: googleToken(input),
    // They are in the address already; left out, the package would look for variables.
    project: asText(options.project) ?? "",
    location: asText(options.location) ?? "",
  }
  return {
    build: (fetch) => createVertexAnthropic({ ...settings, fetch }).languageModel(modelID),
    reader: anthropicMessagesReader,
  }
}

/** The same way of sending with Google's token on every request. */
export function withGoogleToken(input: LanguageInput): (send: Fetch) => Fetch {
  const token = googleToken(input)
  return (send) => async (url, init) =>
    send(url, { ...init, headers: { ...(init?.headers as object), authorization: `Bearer ${await token()}` } })
}

/** Ids for calls that came without one; they are unique within an answer, which is all that is asked of them. */
function idCounter(): () => string {
  let count = 0
  return () => `call_${count++}`
}
