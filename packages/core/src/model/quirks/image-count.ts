import type { LanguageModelV3CallOptions } from "@ai-sdk/provider"
import type { Model } from "@opencode/protocol/provider.ts"
import { withMessages, type Quirk } from "./quirk.ts"

/** Images that one request may have. A provider that is not here has no limit that a conversation meets. */
const MAX_IMAGES: Readonly<Record<string, number>> = {
  // https://docs.claude.com/en/docs/build-with-claude/vision
  "@ai-sdk/anthropic": 100,
  "@ai-sdk/google-vertex/anthropic": 100,
  // https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference.html
  "@ai-sdk/amazon-bedrock": 20,
  // https://docs.mistral.ai/capabilities/vision
  "@ai-sdk/mistral": 8,
  // https://console.groq.com/docs/vision
  "@ai-sdk/groq": 5,
  // https://platform.openai.com/docs/guides/images-vision
  "@ai-sdk/openai": 500,
  "@ai-sdk/azure": 500,
}

/**
 * Of so many images in a conversation, how many of the oldest are left out. The one quirk by which what comes later
 * changes what stands before; so they go half a request's worth at a time, and the ledger notes a new epoch. Pure.
 */
export function imagesLeftOut(count: number, { api }: Pick<Model, "api">): number {
  const most = MAX_IMAGES[api.npm] ?? Infinity
  if (count <= most) return 0
  const step = Math.max(1, Math.floor(most / 2))
  return Math.ceil((count - most) / step) * step
}

const NOTE = "[An older image was left out: this provider takes only so many.]"

export const fewImages: Quirk = {
  name: "no more images than a request may have",
  source: "https://docs.claude.com/en/docs/build-with-claude/vision",
  tried: false,
  applies: ({ api }) => MAX_IMAGES[api.npm] !== undefined,
  change(options, model) {
    let rest = imagesLeftOut(countImages(options), model)
    if (!rest) return options
    const isOld = (mediaType: string): boolean => mediaType.startsWith("image/") && rest-- > 0
    return withMessages(options, (message) => {
      if (message.role === "user") {
        const content = message.content.map((part) =>
          part.type === "file" && isOld(part.mediaType) ? { type: "text" as const, text: NOTE } : part,
        )
        return { ...message, content }
      }
      if (message.role !== "tool") return message
      const content = message.content.map((part) => {
        if (part.type !== "tool-result" || part.output.type !== "content") return part
        const value = part.output.value.map((block) =>
          block.type === "image-data" && isOld(block.mediaType) ? { type: "text" as const, text: NOTE } : block,
        )
        return { ...part, output: { ...part.output, value } }
      })
      return { ...message, content }
    })
  },
}

function countImages({ prompt }: LanguageModelV3CallOptions): number {
  let count = 0
  for (const { role, content } of prompt) {
    if (role === "user") count += content.filter((part) => part.type === "file" && isImage(part.mediaType)).length
    if (role !== "tool") continue
    for (const part of content)
      if (part.type === "tool-result" && part.output.type === "content")
        count += part.output.value.filter((block) => block.type === "image-data").length
  }
  return count
}

const isImage = (mediaType: string): boolean => mediaType.startsWith("image/")
