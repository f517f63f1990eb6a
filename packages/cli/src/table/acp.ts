import { type Command } from "commander"
import { logging } from "./options.ts"

export function addAcp(program: Command): void {
  logging(program.command("acp"))
    .description("Serve an editor by the Agent Client Protocol, on standard input and output.")
    .option("-c, --cwd <folder>", "folder to work in when the editor names none")
    .option("-d, --debug", "log everything to standard error")
    .action(async (options) => {
      const { acp } = await import("../commands/acp.ts")
      await acp(options)
    })
}
