import type { MessageWithParts } from "@opencode/protocol/message.ts"
import type { FilePart, Part, ToolPart } from "@opencode/protocol/part.ts"
import { remembered } from "../lib/remembered.ts"

/**
 * How many tokens something takes, before a provider has counted it. Pure, total, and fast enough to be asked of a whole
 * session before each request. What was counted (`measure.ts`) is preferred wherever it is known.
 */

/**
 * OpenAI's rule of thumb for English is four characters (https://help.openai.com/en/articles/4936856). Counted in bytes
 * it also holds, roughly, where a character is more of a token: three bytes for a Chinese one.
 */
const BYTES_PER_TOKEN = 4
/** Role, ids, names and separators around the content of a message or a call. */
const FRAME_TOKENS = 8
/** Anthropic's formula, width × height / 750, at the size that it scales larger images down to (docs: Vision). */
export const IMAGE_TOKENS = 1_600
/** The upper end of the 1,500 to 3,000 that Anthropic names for a page of a PDF (docs: PDF support). */
const PDF_PAGE_TOKENS = 3_000
/** Characters of base64 to a page: about 50 KB, what a page of text with its fonts takes. */
const PDF_PAGE_CHARACTERS = 68_000
/** Anthropic's limit of pages in one request. */
const MAX_PDF_PAGES = 100
/** The sentence in place of a pruned output. */
const PRUNED_TOKENS = 12

export const tokensOfText = (text: string): number => Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN)

export const tokensOfMessages = (messages: MessageWithParts[]): number =>
  messages.reduce((sum, message) => sum + tokensOfMessage(message), 0)

export const tokensOfMessage = remembered(({ parts }: MessageWithParts): number =>
  parts.reduce((sum, part) => sum + tokensOfPart(part), FRAME_TOKENS),
)

function tokensOfPart(part: Part): number {
  switch (part.type) {
    case "text":
      return part.ignored ? 0 : tokensOfText(part.text)
    case "reasoning":
      return tokensOfText(part.text)
    case "file":
      return tokensOfFile(part)
    case "tool":
      return tokensOfJson(part.state.input) + FRAME_TOKENS + tokensOfResult(part)
    case "subtask":
      return tokensOfText(part.prompt)
    default:
      return 0
  }
}

/** What a call's result takes; nothing until it has one. */
export function tokensOfResult({ state }: ToolPart): number {
  if (state.status === "error") return tokensOfText(state.error)
  if (state.status !== "completed") return 0
  if (state.time.compacted) return PRUNED_TOKENS
  return (state.attachments ?? []).reduce((sum, file) => sum + tokensOfFile(file), tokensOfText(state.output))
}

function tokensOfFile({ mime, url }: FilePart): number {
  if (!url.startsWith("data:")) return FRAME_TOKENS
  if (isImage(mime)) return IMAGE_TOKENS
  if (!mime.toLowerCase().startsWith("application/pdf")) return FRAME_TOKENS
  return Math.min(MAX_PDF_PAGES, Math.ceil(url.length / PDF_PAGE_CHARACTERS)) * PDF_PAGE_TOKENS
}

/** Arguments as the model wrote them; a value that is no JSON is none of them. */
const tokensOfJson = (value: Record<string, unknown>): number => tokensOfText(JSON.stringify(value))

const isImage = (mime: string): boolean => mime.toLowerCase().startsWith("image/")
