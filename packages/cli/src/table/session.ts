import { Option, type Command } from "commander"
import { wholeNumber } from "./options.ts"
import type { Result } from "./result.ts"

export function addSession(program: Command, result: Result): void {
  const session = program.command("session").description("List, search, show, examine and delete sessions.")
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
    .command("search")
    .description("Find sessions by what was said in them, newest first.")
    .argument("<words...>", "words that all have to be in a text, or in the title")
    .option("-n, --max-count <number>", "how many to list (default: 20)", wholeNumber)
    .option("--all", "those of all projects")
    .addOption(new Option("--format <format>", "how to print").choices(["text", "json"]).default("text"))
    .action(async (words: string[], options) => {
      const { searchSessions } = await import("../commands/session-search.ts")
      result.code = await searchSessions(words.join(" "), options)
    })
  session
    .command("show")
    .description("Print what was said and done in a session.")
    .argument("[id]", "session to show (default: the newest of this folder)")
    .option("-n, --max-count <number>", "only the newest so many messages", wholeNumber)
    .action(async (id: string | undefined, options) => {
      const { showSession } = await import("../commands/session-show.ts")
      await showSession(id, options)
    })
  session
    .command("doctor")
    .description("Say what in stored sessions a provider would refuse, and how it is repaired. Changes nothing.")
    .argument("[id]", "session to examine (default: all of this project)")
    .addOption(new Option("--format <format>", "how to print").choices(["text", "json"]).default("text"))
    .action(async (id: string | undefined, options) => {
      const { examineSessions } = await import("../commands/session-doctor.ts")
      await examineSessions(id, options)
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
