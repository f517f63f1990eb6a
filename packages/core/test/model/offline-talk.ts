import type { LanguageModelV3Message, LanguageModelV3StreamPart, LanguageModelV3ToolCall } from "@ai-sdk/provider"
import { Fault, ToolFailure } from "../../src/lib/fault.ts"
import { offlineLanguage } from "../../src/model/offline.ts"
import type { openWorld } from "../tool/world.ts"

type World = Awaited<ReturnType<typeof openWorld>>
const TOOLS = ["bash", "read", "edit", "write", "glob", "grep"]

export interface Talk {
  /** Says something, and runs what the model asks for until it is done. The last text. */
  say(text: string): Promise<string>
  /** Every call so far, as `name {input}`. */
  calls: string[]
  prompt: LanguageModelV3Message[]
}

/** A conversation with the offline model in which the real tools run, without permissions. */
export function talk(
  world: World,
  options: { tools?: string[]; refuse?: (tool: string) => string | undefined } = {},
): Talk {
  const language = offlineLanguage()
  const system = `You are opencode.\n\n<env>\n  Working directory: ${world.directory}\n  Platform: linux\n</env>`
  const prompt: LanguageModelV3Message[] = [{ role: "system", content: system }]
  const calls: string[] = []
  const tools = (options.tools ?? TOOLS).map((name) => ({ type: "function" as const, name, inputSchema: {} }))
  return {
    calls,
    prompt,
    async say(text) {
      prompt.push({ role: "user", content: [{ type: "text", text }] })
      for (let step = 0; step < 60; step++) {
        const { stream } = await language.doStream({ prompt, tools })
        const answer = await collect(stream)
        prompt.push({
          role: "assistant",
          content: [
            ...(answer.text ? [{ type: "text" as const, text: answer.text }] : []),
            ...answer.calls.map((call) => ({ ...call, input: JSON.parse(call.input) as unknown })),
          ],
        })
        if (answer.calls.length === 0) return answer.text
        const results = []
        for (const { toolCallId, toolName, input } of answer.calls) {
          calls.push(`${toolName} ${input.replaceAll(`${world.directory}/`, "")}`)
          const refusal = options.refuse?.(toolName)
          const output = refusal
            ? { type: "error-text" as const, value: refusal }
            : await runTool(world, toolName, input)
          results.push({ type: "tool-result" as const, toolCallId, toolName, output })
        }
        prompt.push({ role: "tool", content: results })
      }
      throw new Error("The model never came to an end.")
    },
  }
}

async function runTool(world: World, name: string, input: string) {
  try {
    const { output } = await world.call(name, JSON.parse(input))
    return { type: "text" as const, value: output || "(no text)" }
  } catch (error) {
    if (!(error instanceof ToolFailure || error instanceof Fault)) throw error
    return { type: "error-text" as const, value: error.message }
  }
}

export async function collect(stream: ReadableStream<LanguageModelV3StreamPart>) {
  const parts: LanguageModelV3StreamPart[] = []
  const reader = stream.getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) parts.push(next.value)
  return {
    parts,
    text: parts.map((part) => (part.type === "text-delta" ? part.delta : "")).join(""),
    calls: parts.filter((part): part is LanguageModelV3ToolCall => part.type === "tool-call"),
  }
}
