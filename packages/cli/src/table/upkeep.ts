import { Argument, Option, type Command } from "commander"
import type { Result } from "./result.ts"

/** @param table the commands, for whoever completes their names */
export function addUpkeep(program: Command, result: Result, table: () => Command): void {
  addStorage(program, result)
  program
    .command("upgrade")
    .description("Install another version with what installed this one. Nothing is looked for unless you ask.")
    .argument("[target]", "version, as in 1.20.0 or v1.20.0 (default: the newest)")
    .addOption(
      new Option("-m, --method <method>", "what installed it, if that is not found").choices([
        "curl",
        "npm",
        "pnpm",
        "bun",
        "brew",
        "choco",
        "scoop",
      ]),
    )
    .action(async (target: string | undefined, options) => {
      const { upgrade } = await import("../commands/upgrade.ts")
      result.code = await upgrade(target, options)
    })
  program
    .command("uninstall")
    .description("Remove what this program made, after showing it; its own files are left to what installed it.")
    .option("-c, --keep-config", "keep settings")
    .option("-d, --keep-data", "keep sessions, credentials and what undo needs")
    .option("--dry-run", "show what would be removed, and remove nothing")
    .option("-f, --force", "do not ask, also while something works with the data; needed where there is no terminal")
    .action(async (options) => {
      const { uninstall } = await import("../commands/uninstall.ts")
      result.code = await uninstall(options)
    })
  addDatabase(program)
  program
    .command("completion")
    .description("Print what makes a shell complete the names of commands, options, sessions, models and agents.")
    .addArgument(new Argument("[shell]", "shell (default: yours)").choices(["bash", "zsh", "fish"]))
    .addHelpText("after", COMPLETION)
    .action(async (shell: string | undefined) => {
      const { completion } = await import("../commands/completion.ts")
      completion(shell)
    })
  program
    .command("__complete", { hidden: true })
    .argument("[words...]", "what was typed after the command; the last may be unfinished")
    .action(async (words: string[]) => {
      const { printCompletions } = await import("../commands/completion.ts")
      await printCompletions(table(), words)
    })
}

const COMPLETION = `
Examples:
  opencode completion bash > ~/.local/share/bash-completion/completions/opencode
  opencode completion zsh > "\${fpath[1]}/_opencode"
  opencode completion fish > ~/.config/fish/completions/opencode.fish`

function addDatabase(program: Command): void {
  const db = program
    .command("db")
    .description("Look into the database. Nothing can be changed.")
    .argument("[query]", "SQL; without it, statements are read from standard input")
    .addOption(new Option("--format <format>", "how to print").choices(["tsv", "json"]).default("tsv"))
    .action(async (query: string | undefined, options) => {
      const { queryDatabase } = await import("../commands/db.ts")
      await queryDatabase(query, options)
    })
  db.command("path")
    .description("Print where the database lies.")
    .action(async () => {
      const { databasePath } = await import("../commands/db.ts")
      databasePath()
    })
}

function addStorage(program: Command, result: Result): void {
  const storage = program.command("storage").description("Show what uses the disk, and clean it.")
  storage
    .command("list", { isDefault: true })
    .description("List what is kept, how large it is, and what of it can go.")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json"]).default("table"))
    .action(async (options) => {
      const { listStorage } = await import("../commands/storage.ts")
      await listStorage(options)
    })
  storage
    .command("clean")
    .description("Remove what can be had again or was left behind. Sessions and undo stay.")
    .argument("[name...]", "what to clean, as `storage list` names it (default: all that need not be named)")
    .option("--dry-run", "tell what would go, and remove nothing")
    .action(async (names: string[], options) => {
      const { cleanStorage } = await import("../commands/storage.ts")
      result.code = await cleanStorage(names, options)
    })
}
