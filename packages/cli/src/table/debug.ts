import { Option, type Command } from "commander"
import { addLooks } from "./debug-looks.ts"
import type { Result } from "./result.ts"

export function addDebug(program: Command, result: Result): void {
  const debug = program.command("debug").description("Show what the program sees.")
  addLooks(debug)
  debug
    .command("paths")
    .description("Print the folders it uses.")
    .action(async () => {
      const { debugPaths } = await import("../commands/debug.ts")
      debugPaths()
    })
  debug
    .command("config")
    .description("Print the configuration in effect, and what is wrong with it.")
    .action(async () => {
      const { debugConfig } = await import("../commands/debug.ts")
      await debugConfig()
    })
  debug
    .command("permission")
    .description("Explain what the rules make of a call, without making it.")
    .argument("<tool>", "tool: bash, read, edit, …")
    .argument("<input>", "its input as JSON, or a command for bash, a path for read and edit")
    .option("--agent <name>", "agent that would make the call")
    .option("-s, --session <id>", "session whose rules count besides")
    .addOption(new Option("--format <format>", "how to print").choices(["default", "json"]).default("default"))
    .action(async (tool: string, input: string, options) => {
      const { debugPermission } = await import("../commands/debug-permission.ts")
      await debugPermission(tool, input, options)
    })
  debug
    .command("agent")
    .description("Print an agent as it is in effect, and the tools that it is offered.")
    .argument("<name>", "agent to print")
    .option("--tool <name>", "have it call this tool instead, as far as its rules allow without asking")
    .option("--params <input>", "the tool's input as JSON")
    .action(async (name: string, options: { tool?: string; params?: string }) => {
      if (options.tool !== undefined) {
        const { debugTool } = await import("../commands/debug-tool.ts")
        result.code = await debugTool(name, options.tool, options.params)
        return
      }
      const { debugAgent } = await import("../commands/agent.ts")
      await debugAgent(name)
    })
  debug
    .command("skill")
    .description("Print the skills that are found, and what is wrong with some.")
    .action(async () => {
      const { debugSkill } = await import("../commands/debug.ts")
      await debugSkill()
    })
  debug
    .command("replay")
    .description("Run a recording of OPENCODE_RECORD again, without a network, and compare what comes of it.")
    .argument("<file>", "recording")
    .option("--accept", "if only requests to models differ, write into the file what they say now")
    .action(async (file: string, options: { accept?: true }) => {
      const { debugReplay } = await import("../commands/replay.ts")
      result.code = await debugReplay(file, options)
    })
}
