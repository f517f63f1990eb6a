import { Option, type Command } from "commander"
import { wholeNumber } from "./options.ts"

export function addStats(program: Command): void {
  program
    .command("stats")
    .description("Show what sessions took: tokens, cost, models and tools.")
    .option("--days <number>", "count the last so many days, 0 is today (default: all)", wholeNumber)
    .option("--tools <number>", "how many tools to show (default: all)", wholeNumber)
    .option("--models [number]", "show models too, all or so many", wholeNumber)
    .option("--project <id>", 'only this project; "" is the one of this folder (default: all)')
    .addOption(new Option("--format <format>", "how to print").choices(["text", "json"]).default("text"))
    .action(async (options) => {
      const { showStats } = await import("../commands/stats.ts")
      await showStats(options)
    })
}
