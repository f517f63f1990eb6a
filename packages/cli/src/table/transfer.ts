import { type Command } from "commander"

export function addTransfer(program: Command): void {
  program
    .command("export")
    .description("Print a session as JSON.")
    .argument("[id]", "session to export (default: the newest of this folder)")
    .option("--sanitize", "leave out what is private: texts, arguments, outputs, paths, contents of files")
    .action(async (id: string | undefined, options) => {
      const { exportSession } = await import("../commands/transfer.ts")
      await exportSession(id, options)
    })
  program
    .command("import")
    .description("Make an exported session one of this folder.")
    .argument("<file>", "file that export printed, or a shared page: its file or its address")
    .action(async (source: string) => {
      const { importSession } = await import("../commands/transfer.ts")
      await importSession(source)
    })
}
