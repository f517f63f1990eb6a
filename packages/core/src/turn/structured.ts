import type { LanguageModelV3CallOptions } from "@ai-sdk/provider"
import type { MessageError } from "@opencode/protocol/error.ts"
import type { MessageWithParts, UserMessage } from "@opencode/protocol/message.ts"
import type { Part, ToolPart } from "@opencode/protocol/part.ts"
import type { Model } from "@opencode/protocol/provider.ts"
import { canForceCall } from "../model/quirks/force-call.ts"
import {
  DEFAULT_RETRIES,
  isStructuredTool,
  MAX_RETRIES,
  STRUCTURED_TOOL,
  structuredAnswer,
  structuredText,
  structuredTool,
  type JsonFormat,
} from "../tool/structured.ts"
import type { ToolDefinition } from "../tool/registry.ts"
import { answerInJson, asksAgain, USE_TOOL } from "../tool/structured.prompt.ts"
import type { Answer, Call } from "./answer.ts"
import type { CallSetting } from "./call.ts"
import type { Ending } from "./turn.ts"

/**
 * Answers in a form that the prompt gives (`format`), where they touch a turn. What was tried is read from the
 * transcript, so that a turn that another process goes on with counts as this one did.
 */
export const formatOf = (prompt: UserMessage): JsonFormat | undefined =>
  prompt.format?.type === "json_schema" ? prompt.format : undefined

/** What the system prompt says of it. */
export const structuredLine = ({ schema }: JsonFormat, model: Model): string =>
  model.capabilities.toolcall ? USE_TOOL : answerInJson(schema)

/** The tools of a step with the form among them; on the last step nothing else. */
export const withStructuredTool = (tools: ToolDefinition[], format: JsonFormat, last: boolean): ToolDefinition[] => [
  ...(last ? [] : tools),
  structuredTool(format),
]

/** Has the provider see to it that something is called, where it can. */
export const forcingCall = (request: LanguageModelV3CallOptions, model: Model): LanguageModelV3CallOptions =>
  request.tools?.length && canForceCall(model, request.providerOptions)
    ? { ...request, toolChoice: { type: "required" } }
    : request

/**
 * The history with a complaint after each answer in text that was asked for again. It stands in no store, and depends on
 * what is before it alone, so that the conversation stays what the provider's cache knows.
 */
export async function withComplaints(messages: MessageWithParts[], model: Model): Promise<MessageWithParts[]> {
  const wantsForm = ({ info }: MessageWithParts) => info.role === "user" && info.format?.type === "json_schema"
  if (!messages.some(wantsForm)) return [...messages]
  const prompts = new Map(messages.flatMap(({ info }) => (info.role === "user" ? [[info.id, info] as const] : [])))
  const complained: MessageWithParts[] = []
  for (const [index, message] of messages.entries()) {
    complained.push(message)
    const { info, parts } = message
    const prompt = info.role === "assistant" && !info.error ? prompts.get(info.parentID) : undefined
    const format = prompt && formatOf(prompt)
    const isFinal = messages[index + 1]?.info.role === "user" || !isWithoutCalls(parts)
    if (!prompt || !format || isFinal) continue
    const answer = await structuredText(textIn(parts), format)
    if ("value" in answer) continue
    const { id: messageID, sessionID } = prompt
    const text = asksAgain(answer.problem, model.capabilities.toolcall)
    complained.push({
      info: prompt,
      parts: [{ id: `prt_${info.id}`, sessionID, messageID, type: "text", text, synthetic: true }],
    })
  }
  return complained
}

/** Runs the call that gives the answer: compares it with the form, and touches nothing. */
export async function giveStructured(call: Call, { step, record, deps }: CallSetting): Promise<"done"> {
  const format = formatOf(step.prompt)
  if (!format) throw new Error("The prompt asks for no form.")
  const start = deps.host.now()
  const answer = await structuredAnswer(call.raw, format)
  const time = { start, end: deps.host.now() }
  const input = inputOf(call.raw)
  const problem = "problem" in answer ? answer.problem : undefined
  call.part = {
    ...call.part,
    tool: STRUCTURED_TOOL,
    state:
      problem === undefined
        ? { status: "completed", input, title: "Structured Output", output: GIVEN, metadata: { valid: true }, time }
        : { status: "error", input, error: `${REFUSED} ${problem}`, metadata: { valid: false }, time },
  }
  record.put(call.part)
  return "done"
}

const GIVEN = "Structured output captured successfully."
const REFUSED = "The answer does not fit the schema, and has to be given again."

export const isStructuredCall = (call: Call, prompt: UserMessage): boolean =>
  formatOf(prompt) !== undefined && isStructuredTool(call.part.tool)

/** What an answer means for the turn: `given` ends it, `again` goes on with another step, an ending says why there is none. */
export type Structured = "given" | "again" | Ending

/** Looks for the answer in its form, and writes it into the message. @returns undefined where the form decides nothing */
export async function settleStructured(
  answer: Answer,
  { step, record, turn }: CallSetting,
): Promise<Structured | undefined> {
  const format = formatOf(step.prompt)
  if (!format || turn.signal.aborted || answer.finish === "content-filter") return undefined
  const given = await givenIn(record.parts, format)
  if ("value" in given) {
    record.update({ structured: given.value })
    return "given"
  }
  const isWork = !isFailedTry(record.parts)
  if (isWork && !step.last) return undefined
  const { prompt } = step
  const isEarlier = ({ info, parts }: MessageWithParts) =>
    info.role === "assistant" && info.parentID === prompt.id && isFailedTry(parts)
  const retries = turn.history.filter(isEarlier).length
  if (!step.last && retries < Math.min(format.retryCount ?? DEFAULT_RETRIES, MAX_RETRIES)) return "again"
  const error: MessageError = {
    name: "StructuredOutputError",
    data: { message: `The model did not produce structured output. ${given.problem}`, retries },
  }
  return { reason: "structured-output", error }
}

/** The last answer that fits, given by a call or, by a model that does not call, as text. */
async function givenIn(parts: Part[], format: JsonFormat): Promise<{ value: unknown } | { problem: string }> {
  if (isWithoutCalls(parts)) return structuredText(textIn(parts), format)
  const tries = parts.filter(isTry)
  const good = tries.findLast(({ state }) => state.status === "completed")
  if (good) return structuredAnswer(JSON.stringify(good.state.input), format)
  const state = tries.at(-1)?.state
  return { problem: state?.status === "error" ? state.error : "It used up its steps." }
}

const isTry = (part: Part): part is ToolPart => part.type === "tool" && part.tool === STRUCTURED_TOOL
const isWithoutCalls = (parts: Part[]): boolean => !parts.some(({ type }) => type === "tool")
const isFailedTry = (parts: Part[]): boolean => isWithoutCalls(parts) || parts.some(isTry)

const textIn = (parts: Part[]): string =>
  parts.flatMap((part) => (part.type === "text" && !part.synthetic ? [part.text] : [])).join("")

function inputOf(raw: string): Record<string, unknown> {
  try {
    const input: unknown = JSON.parse(raw)
    return input && typeof input === "object" && !Array.isArray(input) ? { ...input } : { value: input }
  } catch {
    return {} // the error beside it quotes what is wrong
  }
}
