import type { ToolPart } from "@opencode/protocol/part.ts"
import { didYouMean } from "@opencode/core/lib/text.ts"
import { compose } from "../compose.ts"
import { CommandFailure } from "../fail.ts"
import { out } from "../out.ts"
import { workingFolder } from "../workplace.ts"

/** Calls a tool as an agent would, in a session of its own, so that what it changes can be undone. */
export async function debugTool(agent: string, name: string, params = "{}"): Promise<number> {
  const composition = await compose()
  try {
    const { agents, registry, sessions, runTool } = await composition.engines.at(workingFolder(undefined))
    if (!agents.get(agent)) throw new CommandFailure(`Agent ${agent} not found.${didYouMean(agent, agents.names())}`)
    const tool = registry.get(name)
    if (!tool || tool.name === "invalid")
      throw new CommandFailure(`Tool ${name} not found for agent ${agent}.${didYouMean(name, registry.ids())}`)
    const input = inputFrom(params)
    const session = await sessions.create({ title: `debug agent ${agent} --tool ${tool.name}` })
    const { parts } = await runTool(session.id, { agent, tool: tool.name, input })
    const part = parts.find((one): one is ToolPart => one.type === "tool")
    // What did nothing leaves nothing behind.
    if (tool.effect === "pure" || part?.state.status !== "completed") await sessions.remove(session.id)
    else out.note(`On record in the session ${session.id}.`)
    return report(part, tool.name)
  } finally {
    await composition.close()
  }
}

function report(part: ToolPart | undefined, tool: string): number {
  if (part?.state.status !== "completed") {
    throw new CommandFailure(part?.state.status === "error" ? part.state.error : "The call did not come to its end.")
  }
  const { input, title, output, metadata } = part.state
  // The tool that answers what cannot be run says what is wrong.
  if (part.tool !== tool) throw new CommandFailure(output)
  out.line(JSON.stringify({ tool, input, result: { title, output, metadata } }, null, 2))
  return 0
}

function inputFrom(params: string): Record<string, unknown> {
  try {
    const input: unknown = JSON.parse(params)
    if (input && typeof input === "object" && !Array.isArray(input)) return { ...input }
  } catch (error) {
    throw new CommandFailure(`--params is not JSON: ${(error as Error).message}`)
  }
  throw new CommandFailure("--params has to be a JSON object.")
}
