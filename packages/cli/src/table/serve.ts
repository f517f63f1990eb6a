import { type Command } from "commander"
import { network } from "./network.ts"
import { logging } from "./options.ts"

export function addServe(program: Command): void {
  serving(program.command("serve"))
    .description("Serve the HTTP API.")
    .action(async (options) => {
      const { serve } = await import("../commands/serve.ts")
      await serve(options)
    })
  serving(program.command("web"))
    .description("Serve the HTTP API, and open its page in a browser.")
    .action(async (options) => {
      const { web } = await import("../commands/web.ts")
      await web(options)
    })
}

const serving = (command: Command): Command =>
  network(logging(command))
    .option("-c, --cwd <folder>", "folder to work in when a request names none")
    .option("-d, --debug", "log everything, also to standard error")
