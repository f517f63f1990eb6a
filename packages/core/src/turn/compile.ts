import type { LanguageModelV3CallOptions, LanguageModelV3Message } from "@ai-sdk/provider"
import type { AssistantMessage, MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import type { FilePart, Part, ToolPart } from "@opencode/protocol/part.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import { paramOptions, type RequestParams } from "../model/params.ts"
import { applyQuirks } from "../model/quirks/apply.ts"
import { cacheMark } from "../model/quirks/cache-mark.ts"
import { returnedReasoning, returnedWith } from "../model/quirks/opaque.ts"
import { markForCache } from "./cache-marks.ts"
import { toolName, type CallNames } from "./call-names.ts"
import { compiledHistory } from "./compiled-history.ts"
import { withinFileBudget } from "./file-budget.ts"
import { fileContent } from "./file-content.ts"
import { reminderFor } from "./reminder.prompt.ts"
import { sinceCompaction } from "./since-compaction.ts"
import { wellFormed } from "./well-formed.ts"

/**
 * Any history, as far as it was not compacted, becomes a request that this model's provider accepts. Total and pure: whatever was stored, however it
 * got there, this returns a legal request and never throws.
 *
 * What holds for every output:
 * - every tool call has exactly one result, right after the message that made it, and no result lacks its call;
 * - call ids are unique and made of characters that every provider takes;
 * - no message and no text in it is empty; the first message is the user's, the last is the user's or a tool's;
 * - opaque reasoning goes back to the model that issued it, and to no other;
 * - a file the model cannot read, or that is too large, becomes a note;
 * - where no tools are offered, calls of the past are told as text;
 * - every text is whole characters;
 * - the bytes of earlier messages depend on them alone, so that a provider's prompt cache keeps matching.
 */
export interface CompileInput {
  system: string[]
  /** In the store's order. */
  messages: MessageWithParts[]
  tools: ToolDefinition[]
  model: Model
  /** Where the session keeps its plan: always the same for one session. */
  planFile?: string
  /** No more tool calls: the model has to answer with what it has, and this tells it so. */
  lastStep?: string
  params?: RequestParams
}

export interface ToolDefinition {
  name: string
  description: string
  inputSchema: Record<string, unknown>
}

type Content<Role> = Extract<LanguageModelV3Message, { role: Role }>["content"]
type UserContent = Content<"user">
type AssistantContent = Content<"assistant">
type ToolContent = Content<"tool">

/** What a call gets as its result when the program died or the turn was ended while it ran. */
const INTERRUPTED = "The call was interrupted; whether it had an effect is unknown."
const NOTHING_SAID = "(no text)"
const GO_ON = "Continue."

export function compile(input: CompileInput): LanguageModelV3CallOptions {
  const { model, tools, params = {} } = input
  const prompt = markForCache(
    [...wellFormed(input.system.filter((text) => text.trim()).map(systemMessage)), ...compileMessages(input)],
    cacheMark(model),
  )
  const options: LanguageModelV3CallOptions = {
    prompt,
    ...paramOptions(params, model),
    ...(offersTools(input)
      ? {
          tools: tools.map((tool) => ({ type: "function" as const, ...tool, inputSchema: tool.inputSchema as never })),
          toolChoice: { type: input.lastStep ? ("none" as const) : ("auto" as const) },
        }
      : {}),
  }
  return applyQuirks(options, model)
}

/** Providers refuse calls and results in a request that offers no tools. */
const offersTools = ({ tools, model }: CompileInput): boolean => tools.length > 0 && model.capabilities.toolcall

const systemMessage = (content: string): LanguageModelV3Message => ({ role: "system", content })

function compileMessages(input: CompileInput): LanguageModelV3Message[] {
  const { model, lastStep, planFile } = input
  const withTools = offersTools(input)
  const messages = withinFileBudget(sinceCompaction(input.messages), model)
  const compiled = compiledHistory({ messages, model, withTools }, ({ info, parts }, told) => {
    if (info.role === "user") {
      const reminder = reminderFor(info.agent, told.agent, planFile)
      told.agent = info.agent
      return compileUser(info, parts, model, reminder)
    }
    if (withTools) return compileAssistant(info, parts, model, told.names)
    return [...compileAssistant(info, parts.filter(isNoCall), model, told.names), ...tellCalls(parts)]
  })
  if (compiled[0]?.role !== "user") compiled.unshift(userText(GO_ON))
  if (compiled.at(-1)?.role === "assistant") compiled.push(userText(GO_ON))
  if (lastStep) compiled.push(userText(wellFormed(lastStep)))
  return compiled
}

const userText = (text: string): LanguageModelV3Message => ({ role: "user", content: [{ type: "text", text }] })

function compileUser(
  _info: UserMessage,
  parts: MessageWithParts["parts"],
  model: Model,
  reminder: string | undefined,
): LanguageModelV3Message[] {
  const content: UserContent = []
  for (const part of parts) {
    if (part.type === "text" && !part.ignored && part.text.trim()) content.push({ type: "text", text: part.text })
    if (part.type === "file" && !isExpanded(part)) content.push(userFile(part, model))
    if (part.type === "agent")
      content.push({ type: "text", text: `Use the task tool with the subagent "${part.name}".` })
    if (part.type === "subtask") content.push({ type: "text", text: part.prompt.trim() || NOTHING_SAID })
  }
  if (!content.length) return []
  if (reminder) content.push({ type: "text", text: reminder })
  return [{ role: "user", content }]
}

/** Text and folders of a prompt were read into text parts beside them when the prompt was admitted. */
const isExpanded = ({ mime, url }: FilePart): boolean =>
  url.startsWith("file:") || mime.startsWith("text/") || mime === "application/x-directory"

function userFile(part: FilePart, model: Model): UserContent[number] {
  const content = fileContent(part, model)
  if ("note" in content) return { type: "text", text: content.note }
  const { base64, mediaType } = content
  return { type: "file", data: base64, mediaType, ...(part.filename ? { filename: part.filename } : {}) }
}

/** One message of the model, and right after it the results of the calls it made. */
function compileAssistant(
  info: AssistantMessage,
  parts: MessageWithParts["parts"],
  model: Model,
  names: CallNames,
): LanguageModelV3Message[] {
  const isIssuer = info.providerID === model.providerID && info.modelID === model.id
  const opaque = ({ metadata }: { metadata?: Record<string, unknown> | undefined }) => {
    const providerOptions = isIssuer ? returnedWith(metadata, model) : undefined
    return providerOptions && { providerOptions }
  }
  const content: AssistantContent = []
  const results: ToolContent = []
  const attached: UserContent = []
  for (const part of parts) {
    if (part.type === "text" && part.text.trim()) content.push({ type: "text", text: part.text, ...opaque(part) })
    if (part.type === "reasoning" && isIssuer) {
      const returned = returnedReasoning(part, model)
      if (returned) content.push({ type: "reasoning", ...returned })
    }
    if (part.type !== "tool") continue
    const toolCallId = names.unique(part.callID)
    const call = { toolCallId, toolName: toolName(part.tool) }
    content.push({ type: "tool-call", ...call, input: part.state.input, ...opaque(part) })
    const result = resultOf(part, model)
    results.push({ type: "tool-result", ...call, output: result.output })
    attached.push(...result.attached)
  }
  // Reasoning that nothing follows is no answer: providers refuse a message that ends with it.
  while (content.at(-1)?.type === "reasoning") content.pop()
  if (!content.length) return []
  return [
    { role: "assistant", content },
    ...(results.length ? [{ role: "tool", content: results } as const] : []),
    ...(attached.length ? [{ role: "user", content: attached } as const] : []),
  ]
}

type ResultOutput = Extract<ToolContent[number], { type: "tool-result" }>["output"]

/** Wires on which a result may carry files. */
const RESULTS_WITH_FILES: ReadonlySet<string> = new Set(["@ai-sdk/anthropic", "@ai-sdk/google-vertex/anthropic"])

function resultOf(part: ToolPart, model: Model): { output: ResultOutput; attached: UserContent } {
  const { state } = part
  if (state.status !== "completed") return { output: { type: "error-text", value: resultText(part) }, attached: [] }
  const text = resultText(part)
  const files = state.time.compacted ? [] : (state.attachments ?? [])
  if (!files.length) return { output: { type: "text", value: text }, attached: [] }
  if (!RESULTS_WITH_FILES.has(model.api.npm)) {
    // On this wire a result is text alone; what it carried follows as a message of the user.
    const said = { type: "text" as const, text: `Files returned by the tool ${part.tool}:` }
    return { output: { type: "text", value: text }, attached: [said, ...files.map((file) => userFile(file, model))] }
  }
  const content = files.map((file) => {
    const content = fileContent(file, model)
    if ("note" in content) return { type: "text" as const, text: content.note }
    const { base64: data, mediaType } = content
    return { type: mediaType.startsWith("image/") ? ("image-data" as const) : ("file-data" as const), data, mediaType }
  })
  return { output: { type: "content", value: [{ type: "text", text }, ...content] }, attached: [] }
}

function resultText({ state }: ToolPart): string {
  if (state.status === "error") return state.error.trim() ? state.error : INTERRUPTED
  if (state.status !== "completed") return INTERRUPTED
  if (state.time.compacted) return "[Old output removed to save room.]"
  return state.output.trim() ? state.output : NOTHING_SAID
}

const isNoCall = (part: Part): boolean => part.type !== "tool"

/** Calls of the past for a model that cannot call: told by the user, so that the model does not learn to write them. */
function tellCalls(parts: Part[]): LanguageModelV3Message[] {
  const calls = parts.filter((part) => part.type === "tool")
  if (!calls.length) return []
  const told = calls.map(
    (part) =>
      `The tool ${toolName(part.tool)} was called with ${JSON.stringify(part.state.input)}. Its result:\n${resultText(part)}`,
  )
  return [userText(told.join("\n\n"))]
}
