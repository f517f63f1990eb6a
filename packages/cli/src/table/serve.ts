import { type Command } from "commander"
import { collect, portNumber, logging } from "./options.ts"

export function addServe(program: Command): void {
  logging(program.command("serve"))
    .description("Serve the HTTP API.")
    .option("--port <number>", "port to listen on (default: 4096 if free, else any)", portNumber)
    .option("--hostname <name>", "address to listen on")
    .option("--cors <origin>", "origin of a web page that may call the API (repeatable)", collect, [])
    .option("--no-auth", "serve other machines although no password is set")
    .option("-c, --cwd <folder>", "folder to work in when a request names none")
    .option("-d, --debug", "log everything, also to standard error")
    .action(async (options) => {
      const { serve } = await import("../commands/serve.ts")
      await serve(options)
    })
}
