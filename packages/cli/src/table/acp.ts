import { Option, type Command } from "commander"
import { logging } from "./options.ts"

/** OpenCode opens a port here, and settings of editors may name it. */
const OF_A_PORT = ["--port <number>", "--hostname <name>", "--cors <origin...>", "--mdns", "--mdns-domain <name>"]

export function addAcp(program: Command): void {
  const command = logging(program.command("acp"))
    .description("Serve an editor by the Agent Client Protocol, on standard input and output.")
    .option("-c, --cwd <folder>", "folder to work in when the editor names none")
    .option("-d, --debug", "log everything to standard error")
  for (const flags of OF_A_PORT) command.addOption(new Option(flags).hideHelp())
  command.action(async (options) => {
    const { acp } = await import("../commands/acp.ts")
    await acp(options)
  })
}
