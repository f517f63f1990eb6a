import type { LanguageModelV3Message, LanguageModelV3Prompt } from "@ai-sdk/provider"
import type { Outcome } from "./results.ts"

/** What the offline model needs to know of a prompt. */
export interface ReadPrompt {
  system: string
  /** What the user asked last, in their own words. */
  request: string
  /** The calls since then, in order, and what came back. */
  history: Past[]
  /** Answers since then. */
  steps: number
  /** No answer was given in this conversation before this request. */
  isFirst: boolean
  directory: string | undefined
  /** What was said and done before that. */
  before: LanguageModelV3Prompt
}

export interface Past {
  tool: string
  input: Record<string, unknown>
  outcome: Outcome
}

/** What the program says in the user's place when a turn has to go on. */
const GO_ON = /^Continue\.?$/i
const ATTACHED = /^Files returned by the tool \w+:/
const REMINDER = /<system-reminder>[\s\S]*?<\/system-reminder>/g

export function readPrompt(prompt: LanguageModelV3Prompt): ReadPrompt {
  const system = prompt.flatMap((message) => (message.role === "system" ? [message.content] : [])).join("\n")
  const at = prompt.findLastIndex((message) => requestIn(message) !== "")
  const since = prompt.slice(at + 1)
  const asked = prompt[at]
  return {
    system,
    request: asked ? requestIn(asked) : "",
    history: historyOf(since),
    steps: since.filter(({ role }) => role === "assistant").length,
    isFirst: !prompt.slice(0, Math.max(0, at)).some(({ role }) => role === "assistant"),
    directory: /^\s*Working directory: (.+)$/m.exec(system)?.[1]?.trim(),
    before: prompt.slice(0, Math.max(0, at)),
  }
}

/** The user's words: the first text, without what the program put around it. Files they mention follow in further texts. */
export function requestIn(message: LanguageModelV3Message): string {
  if (message.role !== "user") return ""
  for (const part of message.content) {
    const text = part.type === "text" ? part.text.replaceAll(REMINDER, "").trim() : ""
    if (text) return GO_ON.test(text) || ATTACHED.test(text) ? "" : text
  }
  return ""
}

type ToolOutput = Extract<
  Extract<LanguageModelV3Message, { role: "tool" }>["content"][number],
  { type: "tool-result" }
>["output"]

/** The calls of some messages, in order, and what came back. */
export function historyOf(messages: LanguageModelV3Prompt): Past[] {
  const outcomes = new Map<string, Outcome>()
  for (const message of messages) {
    if (message.role !== "tool") continue
    for (const part of message.content)
      if (part.type === "tool-result") outcomes.set(part.toolCallId, outcomeOf(part.output))
  }
  return messages
    .flatMap((message) => (message.role === "assistant" ? message.content : []))
    .flatMap((part) => {
      if (part.type !== "tool-call") return []
      const outcome = outcomes.get(part.toolCallId) ?? { text: "The call has no result.", failed: true }
      return [{ tool: part.toolName, input: isRecord(part.input) ? part.input : {}, outcome }]
    })
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** A person's no, or a rule's: the same would be refused again. */
const REFUSED = /\brejected\b|has specified a rule|plan mode|was interrupted|execution aborted/i

function outcomeOf(output: ToolOutput): Outcome {
  switch (output.type) {
    case "text":
      return { text: output.value, failed: false }
    case "json":
      return { text: JSON.stringify(output.value), failed: false }
    case "content":
      return { text: output.value.map((item) => (item.type === "text" ? item.text : "")).join("\n"), failed: false }
    case "execution-denied":
      return { text: output.reason ?? "The call was rejected.", failed: true, refused: true }
    case "error-text":
      return { text: output.value, failed: true, refused: REFUSED.test(output.value) }
    case "error-json":
      return { text: JSON.stringify(output.value), failed: true }
  }
}
