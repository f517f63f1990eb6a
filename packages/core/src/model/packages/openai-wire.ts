import type { LanguageInput, Package } from "./package.ts"

/** Chat completions instead of responses, by either of the two names in use. */
export const usesChat = ({ options }: LanguageInput): boolean =>
  options.useChat === true || options.useCompletionUrls === true

/** The reader of whichever of OpenAI's two wires is spoken. */
export async function openaiReader(input: LanguageInput, name: string): Promise<NonNullable<Package["reader"]>> {
  if (usesChat(input)) {
    const { openaiChatReader } = await import("../wire/openai-chat.ts")
    return (emit) => openaiChatReader(emit, name)
  }
  const { openaiResponsesReader } = await import("../wire/openai-responses.ts")
  return (emit) => openaiResponsesReader(emit, name)
}
