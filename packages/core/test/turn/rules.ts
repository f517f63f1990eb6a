/** What the providers of each family refuse, as far as it can be seen in a compiled prompt. */
import type { LanguageModelV3CallOptions, LanguageModelV3Message, LanguageModelV3Prompt } from "@ai-sdk/provider"
import type { Model } from "@opencode/protocol/provider.ts"

/** Formats that all of them take. */
const IMAGES = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"])
const MARKS = 4

/** One sentence for each rule that is broken. */
export function broken({ prompt, tools }: LanguageModelV3CallOptions, model: Model): string[] {
  const said = prompt.filter((message) => message.role !== "system")
  const problems = [
    ...ends(said),
    ...pairs(said, model),
    ...said.flatMap((message) => content(message, model)),
    ...(TURNS[model.api.npm]?.(said) ?? []),
    ...images(said, model),
  ]
  if (prompt.some(({ role, content }) => role === "system" && !content.trim())) problems.push("an empty system prompt")
  if (prompt.findLastIndex(({ role }) => role === "system") >= prompt.length - said.length)
    problems.push("a system message stands among the others")
  if (prompt.filter((message) => message.providerOptions).length > MARKS) problems.push("too many cache marks")
  if (!tools?.length && said.some(({ role }) => role === "tool")) problems.push("calls without any tools offered")
  const text = JSON.stringify(prompt, (_, value: unknown) => {
    if (typeof value === "string" && /\p{Surrogate}/u.test(value)) problems.push("half a character")
    return value
  })
  if (text === undefined) problems.push("not JSON")
  return problems
}

function ends(said: LanguageModelV3Prompt): string[] {
  const last = said.at(-1)?.role
  return [
    ...(said[0]?.role === "user" ? [] : ["the first message is not the user's"]),
    ...(last === "user" || last === "tool" ? [] : ["the last message is neither the user's nor a tool's"]),
  ]
}

/** Each call has exactly one result, in the message right after it. */
function pairs(said: LanguageModelV3Prompt, { api }: Model): string[] {
  const legalID = IDS[api.npm] ?? /^[A-Za-z0-9_-]{1,40}$/
  const problems: string[] = []
  const seen = new Set<string>()
  let open: string[] = []
  for (const message of said) {
    const results = message.role === "tool" ? message.content.filter((part) => part.type === "tool-result") : []
    const ids = results.map((part) => part.toolCallId)
    if (ids.join() !== open.join()) problems.push(`calls ${open.join()} have the results ${ids.join()}`)
    const calls = message.role === "assistant" ? message.content.filter((part) => part.type === "tool-call") : []
    open = calls.map((part) => part.toolCallId)
    for (const { toolCallId: id, toolName, input } of calls) {
      if (seen.has(id)) problems.push(`call id ${id} twice`)
      seen.add(id)
      if (!legalID.test(id)) problems.push(`call id ${id}`)
      if (!/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(toolName)) problems.push(`tool name ${toolName}`)
      if (!input || typeof input !== "object" || Array.isArray(input)) problems.push("input that is no object")
    }
    if (results.some(({ toolName }) => !/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(toolName)))
      problems.push("name of a result")
  }
  if (open.length) problems.push(`calls ${open.join()} have no result`)
  return problems
}

/**
 * Ids of calls. The strictest of the others is OpenAI's chat with 40 characters; Anthropic and Bedrock name the
 * characters. Mistral wants nine letters and digits.
 */
const IDS: Record<string, RegExp> = { "@ai-sdk/mistral": /^[A-Za-z0-9]{9}$/ }

type Said = LanguageModelV3Prompt

const hasCalls = (message: LanguageModelV3Message | undefined): boolean =>
  message?.role === "assistant" && message.content.some((part) => part.type === "tool-call")

/** Who may speak after whom, where a provider has a rule of its own. */
const TURNS: Record<string, (said: Said) => string[]> = {
  "@ai-sdk/google": callsFollow,
  "@ai-sdk/google-vertex": callsFollow,
  "@ai-sdk/mistral": (said) =>
    said.flatMap(({ role }, index) =>
      role === "user" && said[index - 1]?.role === "tool" ? ["the user speaks right after a result"] : [],
    ),
  "@ai-sdk/perplexity": (said) =>
    said.flatMap(({ role }, index) => (role === said[index - 1]?.role && role !== "tool" ? ["two of one role"] : [])),
}

function callsFollow(said: Said): string[] {
  return said.flatMap((message, index) => {
    const before = said[index - 1]?.role
    return hasCalls(message) && before !== "user" && before !== "tool" ? ["a call after the model's own words"] : []
  })
}

/** How many images a request may have, by the providers' pages. */
const MOST_IMAGES: Record<string, number> = {
  "@ai-sdk/groq": 5,
  "@ai-sdk/mistral": 8,
  "@ai-sdk/amazon-bedrock": 20,
  "@ai-sdk/anthropic": 100,
  "@ai-sdk/google-vertex/anthropic": 100,
}

function images(said: Said, { api }: Model): string[] {
  const count = (JSON.stringify(said).match(/"mediaType":"image\//g) ?? []).length
  return count > (MOST_IMAGES[api.npm] ?? Infinity) ? [`${count} images`] : []
}

function content(message: LanguageModelV3Message, model: Model): string[] {
  if (message.role === "system") return []
  if (message.content.length === 0) return [`an empty ${message.role} message`]
  const problems: string[] = []
  for (const part of message.content) {
    if (part.type === "text" && !part.text.trim()) problems.push("empty text")
    if (part.type === "file") problems.push(...file(part.mediaType, part.data, model))
    if (part.type === "tool-result") problems.push(...result(part.output, model))
    if (part.type !== "reasoning") continue
    problems.push(...reasoning(part.providerOptions, model))
  }
  if (message.role === "assistant") {
    if (message.content.at(-1)?.type === "reasoning") problems.push("reasoning that nothing follows")
    const own = OWN_NAMES[model.api.npm] ?? "google"
    for (const { providerOptions } of message.content)
      if (Object.keys(providerOptions ?? {}).some((name) => name !== own)) problems.push("opaque data of another's")
  }
  return problems
}

/** Under which name a package looks for what is its own. The compatible one knows Google's signatures. */
const OWN_NAMES: Record<string, string> = {
  "@ai-sdk/anthropic": "anthropic",
  "@ai-sdk/google-vertex/anthropic": "anthropic",
  "@ai-sdk/openai": "openai",
  "@ai-sdk/azure": "azure",
  "@ai-sdk/google-vertex": "vertex",
  "@ai-sdk/amazon-bedrock": "bedrock",
  "@openrouter/ai-sdk-provider": "openrouter",
}

/** What makes reasoning worth something to who issued it; where nothing stands here, it goes back as it is. */
const SEALS: Record<string, string[]> = {
  "@ai-sdk/anthropic": ["signature", "redactedData"],
  "@ai-sdk/google-vertex/anthropic": ["signature", "redactedData"],
  "@ai-sdk/openai": ["reasoningEncryptedContent"],
  "@ai-sdk/azure": ["reasoningEncryptedContent"],
  "@ai-sdk/google": ["thoughtSignature"],
  "@ai-sdk/google-vertex": ["thoughtSignature"],
  "@ai-sdk/amazon-bedrock": ["signature", "redactedData", "redactedContent"],
}

function reasoning(opaque: Record<string, Record<string, unknown>> | undefined, { api }: Model): string[] {
  const seals = SEALS[api.npm]
  if (!seals) return opaque && api.npm !== "@openrouter/ai-sdk-provider" ? ["opaque reasoning for one without any"] : []
  const facts = opaque?.[OWN_NAMES[api.npm] ?? "google"] ?? {}
  return seals.some((name) => facts[name]) ? [] : ["reasoning without its seal"]
}

type Output = Extract<
  Extract<LanguageModelV3Message, { role: "tool" }>["content"][number],
  { type: "tool-result" }
>["output"]

function result(output: Output, model: Model): string[] {
  if (output.type === "text" || output.type === "error-text") return output.value.trim() ? [] : ["empty result"]
  if (output.type !== "content") return [`a result of type ${output.type}`]
  if (!model.api.npm.endsWith("/anthropic")) return ["a result with blocks on a wire without them"]
  return output.value.flatMap((block) => {
    if (block.type === "text") return block.text.trim() ? [] : ["empty text in a result"]
    if (block.type === "image-data" || block.type === "file-data") return file(block.mediaType, block.data, model)
    return [`a block of type ${block.type}`]
  })
}

function file(mediaType: string, data: unknown, { capabilities }: Model): string[] {
  const problems: string[] = []
  const isImage = IMAGES.has(mediaType)
  if (!isImage && mediaType !== "application/pdf") problems.push(`a file of type ${mediaType}`)
  if (isImage && !capabilities.input.image) problems.push("an image for a model that is blind")
  if (mediaType === "application/pdf" && !capabilities.input.pdf) problems.push("a PDF the model cannot read")
  if (typeof data !== "string" || !data) return [...problems, "a file without bytes"]
  if (data.length > 5 * 1024 * 1024) problems.push("a file that is too large")
  if (data.length % 4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(data)) problems.push("bytes that are not base64")
  return problems
}
