import { Option, type Command } from "commander"

export function addAgent(program: Command): void {
  const agent = program.command("agent").description("List and create agents.")
  agent
    .command("list")
    .description("List the agents of this folder with the rules that hold for them.")
    .action(async () => {
      const { listAgents } = await import("../commands/agent.ts")
      await listAgents()
    })
  agent
    .command("create")
    .description(
      "Have a model write an agent. Without a terminal, --path, --description, --mode and --permissions are needed.",
    )
    .option("--path <folder>", "folder of configuration; the file goes to agents/ in it")
    .option("--description <text>", "what the agent should do")
    .addOption(new Option("--mode <mode>", "who uses it").choices(["all", "primary", "subagent"]))
    .option("--permissions <list>", "what it may do, with commas between; the rest is denied (default: everything)")
    .addOption(new Option("--tools <list>").hideHelp())
    .option("-m, --model <provider/model>", "model that writes it")
    .action(async (options) => {
      const { createAgent } = await import("../commands/agent-create.ts")
      await createAgent(options)
    })
}
