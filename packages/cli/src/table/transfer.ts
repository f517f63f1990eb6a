import { Option, type Command } from "commander"
import type { Result } from "./result.ts"

export function addTransfer(program: Command, result: Result): void {
  program
    .command("export")
    .description("Print a session as JSON.")
    .argument("[id]", "session to export (default: the newest of this folder)")
    .option("--sanitize", "leave out what is private: texts, arguments, outputs, paths, contents of files")
    .action(async (id: string | undefined, options) => {
      const { exportSession } = await import("../commands/transfer.ts")
      await exportSession(id, options)
    })
  const command: Command = program
    .command("import")
    .description("Make an exported session one of this folder, or take over what another program has.")
    .argument("[file]", "file that export printed, or a shared page: its file or its address; with --from, a folder")
    .addOption(
      new Option("--from <program>", "take over all sessions of this program").choices([
        "opencode",
        "claude-code",
        "codex",
      ]),
    )
    .option("--dry-run", "with --from: read everything, store nothing")
    .addOption(
      new Option("--format <format>", "with --from: how to say what was done")
        .choices(["default", "json"])
        .default("default"),
    )
    .action(async (source: string | undefined, options) => {
      if (options.from !== undefined) {
        const { importFrom } = await import("../commands/import-from.ts")
        result.code = await importFrom(source, options)
        return
      }
      if (source === undefined) command.error("error: missing required argument 'file'")
      const { importSession } = await import("../commands/transfer.ts")
      await importSession(source)
    })
}
