import type { LanguageModelV3Message } from "@ai-sdk/provider"
import type { Quirk } from "./quirk.ts"

/** Two messages of one role in a row are refused: they become one. */
export const takingTurns: Quirk = {
  name: "user and model take turns",
  source: "https://github.com/perplexityai/api-discussion/issues/265",
  tried: false,
  applies: ({ api }) => api.npm === "@ai-sdk/perplexity" || /(^|\/)sonar(-|$)/.test(api.id),
  change(options) {
    const prompt: LanguageModelV3Message[] = []
    for (const message of options.prompt) {
      const last = prompt.at(-1)
      const isSame = last?.role === message.role && (message.role === "user" || message.role === "assistant")
      if (isSame) prompt[prompt.length - 1] = { ...last, content: [...last.content, ...message.content] } as typeof last
      else prompt.push(message)
    }
    return { ...options, prompt }
  },
}
