import type { Model } from "@opencode/protocol/provider.ts"
import { asRecord } from "../wire/json.ts"

/**
 * Whether a request may insist on a call (`tool_choice: required`, or what the wire says for it). Where it may not, the
 * model is only told to call. Anthropic refuses it while a model thinks
 * (https://platform.claude.com/docs/en/build-with-claude/extended-thinking), and so do models of several makers behind
 * the compatible API, where nothing says whether one thinks by itself (https://github.com/cloudwego/eino/issues/994).
 * Bedrock has it for some models.
 */
export function canForceCall({ api, capabilities }: Model, options: Record<string, unknown> | undefined): boolean {
  if (ALWAYS.has(api.npm)) return true
  if (WHILE_NOT_THINKING.has(api.npm)) return !thinks(asRecord(options?.anthropic))
  return !NEVER.has(api.npm) && !capabilities.reasoning
}

const ALWAYS: ReadonlySet<string> = new Set([
  "@ai-sdk/openai",
  "@ai-sdk/azure",
  "@ai-sdk/google",
  "@ai-sdk/google-vertex",
  "@ai-sdk/xai",
])
const WHILE_NOT_THINKING: ReadonlySet<string> = new Set(["@ai-sdk/anthropic", "@ai-sdk/google-vertex/anthropic"])
const NEVER: ReadonlySet<string> = new Set(["@ai-sdk/amazon-bedrock", "@ai-sdk/perplexity"])

function thinks(options: Record<string, unknown> | undefined): boolean {
  const type = asRecord(options?.thinking)?.type
  return type !== undefined && type !== "disabled"
}
