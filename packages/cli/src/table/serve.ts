import { type Command } from "commander"
import { network } from "./network.ts"

export function addServe(program: Command): void {
  network(program.command("serve"))
    .description("Serve the HTTP API.")
    .action(async (options) => {
      const { serve } = await import("../commands/serve.ts")
      await serve(options)
    })
  network(program.command("web"))
    .description("Serve the HTTP API, and open its page in a browser.")
    .action(async (options) => {
      const { web } = await import("../commands/web.ts")
      await web(options)
    })
}
