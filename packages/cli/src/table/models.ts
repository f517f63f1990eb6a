import { type Command } from "commander"
import type { Result } from "./result.ts"

export function addModels(program: Command, result: Result): void {
  program
    .command("models")
    .description("List the models that can be used, or those of one provider.")
    .argument("[provider]", "list all of this provider, with a key or without")
    .option("--verbose", "print all that is known of each, as JSON")
    .option("--refresh", "fetch the newest catalogue first")
    .action(async (provider: string | undefined, options) => {
      const { models } = await import("../commands/models.ts")
      result.code = await models(provider, options)
    })
}
