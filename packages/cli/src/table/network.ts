import { type Command } from "commander"
import { collect, portNumber } from "./options.ts"

/** What every command takes that listens; see `network.ts` beside this folder. */
export function network(command: Command): Command {
  return command
    .option("--port <number>", "port to listen on (default: 4096 if free, else any)", portNumber)
    .option("--hostname <name>", "address to listen on (default: 127.0.0.1; with --mdns every address)")
    .option("--mdns", "announce the server in the local network, and listen there")
    .option("--mdns-domain <name>", "name that it is announced under (default: opencode.local)")
    .option("--cors <origin>", "origin of a web page that may call the API (repeatable)", collect, [])
    .option("--no-auth", "serve other machines, or every page, although no password is set")
}
