import { type Command } from "commander"
import { collect, logging, portNumber } from "./options.ts"

/** What `serve` and `web` take. */
export function network(command: Command): Command {
  return logging(command)
    .option("--port <number>", "port to listen on (default: 4096 if free, else any)", portNumber)
    .option("--hostname <name>", "address to listen on")
    .option("--cors <origin>", "origin of a web page that may call the API (repeatable)", collect, [])
    .option("--no-auth", "serve other machines although no password is set")
    .option("-c, --cwd <folder>", "folder to work in when a request names none")
    .option("-d, --debug", "log everything, also to standard error")
}
