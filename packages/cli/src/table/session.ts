import { Option, type Command } from "commander"
import { wholeNumber } from "./options.ts"

export function addSession(program: Command): void {
  const session = program.command("session").description("List and delete sessions.")
  session
    .command("list")
    .description("List the sessions of this folder, newest first.")
    .option("-n, --max-count <number>", "how many to list", wholeNumber)
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json"]).default("table"))
    .action(async (options) => {
      const { listSessions } = await import("../commands/session.ts")
      await listSessions(options)
    })
  session
    .command("delete")
    .description("Delete a session with everything in it.")
    .argument("<id>", "session to delete")
    .action(async (id: string) => {
      const { deleteSession } = await import("../commands/session.ts")
      await deleteSession(id)
    })
}
