import { type Command } from "commander"
import { network } from "./network.ts"
import { logging } from "./options.ts"

export function addServe(program: Command): void {
  network(logging(program.command("serve")))
    .description("Serve the HTTP API.")
    .option("-c, --cwd <folder>", "folder to work in when a request names none")
    .option("-d, --debug", "log everything, also to standard error")
    .action(async (options) => {
      const { serve } = await import("../commands/serve.ts")
      await serve(options)
    })
}
