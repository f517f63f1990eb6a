import type {
  LanguageModelV3CallOptions,
  LanguageModelV3Content,
  LanguageModelV3FinishReason,
  LanguageModelV3Usage,
} from "@ai-sdk/provider"
import { clip } from "../../lib/text.ts"
import { remember } from "./memory.ts"
import { readPrompt } from "./prompt.ts"
import { HELP, SIGNATURE } from "./prose.ts"
import { nextStep, type Step } from "./steps.ts"
import { understand } from "./understand.ts"

/** Nothing is billed; the figures only show people how long a conversation is. A token is about four characters. */
const CHARACTERS_PER_TOKEN = 4
/** Characters of a summary of a conversation. */
const MAX_SUMMARY = 6_000
const MAX_TITLE = 60

export interface Answer {
  content: LanguageModelV3Content[]
  finishReason: LanguageModelV3FinishReason
  usage: LanguageModelV3Usage
}

/** The same prompt always gets the same answer. Pure. */
export function answer(options: LanguageModelV3CallOptions): Answer {
  const characters = JSON.stringify(options.prompt).length
  const step = stepFor(options)
  const content: LanguageModelV3Content[] = []
  const text = step.type === "answer" ? step.text : step.say
  if (text) content.push({ type: "text", text })
  if (step.type === "calls") {
    step.calls.forEach(({ tool, input }, index) =>
      content.push({
        type: "tool-call",
        // A prompt only grows, so its size tells the steps of a session apart.
        toolCallId: `offline_${options.prompt.length}_${characters.toString(36)}_${index}`,
        toolName: tool,
        input: JSON.stringify(input),
      }),
    )
  }
  const written = content.reduce((sum, part) => sum + ("text" in part ? part.text : JSON.stringify(part)).length, 0)
  return {
    content,
    finishReason: { unified: step.type === "calls" ? "tool-calls" : "stop", raw: undefined },
    usage: usageOf(characters, written),
  }
}

function stepFor(options: LanguageModelV3CallOptions): Step {
  const prompt = readPrompt(options.prompt)
  const offered = options.toolChoice?.type === "none" ? [] : (options.tools ?? [])
  const chore = offered.length === 0 ? choreOf(prompt) : undefined
  if (chore !== undefined) return { type: "answer", text: chore }
  const step = nextStep({
    intents: understand(prompt.request),
    history: prompt.history,
    steps: prompt.steps,
    directory: prompt.directory,
    tools: new Set(offered.map(({ name }) => name)),
    earlier: () => remember(prompt.before, prompt.directory),
  })
  const isIntroduced = step.type === "answer" && step.text.includes(HELP)
  return step.type === "answer" && prompt.isFirst && !isIntroduced
    ? { ...step, text: `${step.text}\n\n${SIGNATURE}` }
    : step
}

/** What the program asks of a model beside the conversation: a title, a summary. An excerpt is the honest answer. */
function choreOf({ system, request }: { system: string; request: string }): string | undefined {
  if (/<conversation>|conversation so far/i.test(request)) {
    const start = request.slice(0, MAX_SUMMARY / 3)
    const end = request.slice(Math.max(start.length, request.length - (MAX_SUMMARY * 2) / 3))
    return `An excerpt of the conversation; the offline model cannot summarise.\n\n${start}\n…\n${end}`
  }
  return /\btitle\b/i.test(system.slice(0, 500)) ? clip(request.replaceAll(/\s+/g, " ").trim(), MAX_TITLE) : undefined
}

const tokens = (characters: number) => Math.ceil(characters / CHARACTERS_PER_TOKEN)

const usageOf = (read: number, written: number): LanguageModelV3Usage => ({
  inputTokens: { total: tokens(read), noCache: tokens(read), cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: tokens(written), text: tokens(written), reasoning: 0 },
})
