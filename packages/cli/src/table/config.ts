import { Option, type Command } from "commander"

export function addConfig(program: Command): void {
  program
    .command("config")
    .description("Say why a setting is as it is.")
    .command("explain")
    .description("Print a setting, who set it where, and what every other place says of it.")
    .argument("<key>", "setting, as in agent.build.model")
    .addOption(new Option("--format <format>", "how to print").choices(["text", "json"]).default("text"))
    .action(async (key: string, options: { format: "text" | "json" }) => {
      const { explainSetting } = await import("../commands/config.ts")
      await explainSetting(key, options)
    })
}
