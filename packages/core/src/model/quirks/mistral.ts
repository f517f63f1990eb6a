import type { LanguageModelV3Message } from "@ai-sdk/provider"
import type { Model } from "@opencode/protocol/provider.ts"
import { withMessages, type Quirk } from "./quirk.ts"

/** Its models are served in many places, and the templates they are served with insist on the same. */
const isMistral = ({ api }: Model): boolean =>
  api.npm === "@ai-sdk/mistral" || /(mi[ns]tral|mixtral|codestral|devstral|magistral|pixtral)/i.test(api.id)

/** A word of the model's own between what a tool said and what the user says next. */
export const assistantAfterResults: Quirk = {
  name: "the model speaks between results and the user",
  source: "https://github.com/zed-industries/zed/issues/37021",
  tried: false,
  applies: isMistral,
  change: (options) => ({
    ...options,
    prompt: options.prompt.flatMap((message, index): LanguageModelV3Message[] =>
      message.role === "user" && options.prompt[index - 1]?.role === "tool" ? [NOTED, message] : [message],
    ),
  }),
}

const NOTED: LanguageModelV3Message = { role: "assistant", content: [{ type: "text", text: "Noted." }] }

export const nineCharacterIds: Quirk = {
  name: "ids of calls are nine letters and digits",
  source: "https://github.com/langchain-ai/langchain/pull/24668",
  tried: false,
  applies: isMistral,
  change(options) {
    const names = new Map<string, string>()
    const used = new Set<string>()
    const named = <T extends { toolCallId: string }>(part: T): T => {
      const known = names.get(part.toolCallId)
      if (known) return { ...part, toolCallId: known }
      let toolCallId = nineCharacters(part.toolCallId)
      for (let more = 1; used.has(toolCallId); more++) toolCallId = nineCharacters(`${part.toolCallId} ${more}`)
      names.set(part.toolCallId, toolCallId)
      used.add(toolCallId)
      return { ...part, toolCallId }
    }
    return withMessages(options, (message): LanguageModelV3Message => {
      if (message.role === "assistant")
        return { ...message, content: message.content.map((part) => (part.type === "tool-call" ? named(part) : part)) }
      if (message.role !== "tool") return message
      return { ...message, content: message.content.map((part) => (part.type === "tool-result" ? named(part) : part)) }
    })
  },
}

const LENGTH = 9

/** One that fits stays; any other becomes a number of 46 bits made of it, in base 36. */
function nineCharacters(id: string): string {
  if (/^[A-Za-z0-9]{9}$/.test(id)) return id
  const hash = fnv(id, 0x811c9dc5) * 2 ** 14 + (fnv(id, 0x9747b28c) >>> 18)
  return hash.toString(36).padStart(LENGTH, "0").slice(-LENGTH)
}

function fnv(text: string, seed: number): number {
  let hash = seed
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}
