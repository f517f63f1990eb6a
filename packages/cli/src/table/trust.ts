import { Option, type Command } from "commander"
import type { Result } from "./result.ts"

export function addTrust(program: Command, result: Result): void {
  const trust = program.command("trust").description("Show and approve what this folder's settings would run or send.")
  trust
    .command("list", { isDefault: true })
    .description("List what is approved here, and what is held back.")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json"]).default("table"))
    .action(async (options) => {
      const { listTrust } = await import("../commands/trust.ts")
      result.code = await listTrust(options)
    })
  trust
    .command("add")
    .description("Approve what is held back, after showing it.")
    .option("-y, --yes", "do not ask; needed where there is no terminal")
    .action(async (options) => {
      const { addTrust } = await import("../commands/trust.ts")
      result.code = await addTrust(options)
    })
  trust
    .command("remove")
    .description("Take all approvals of this folder back.")
    .action(async () => {
      const { removeTrust } = await import("../commands/trust.ts")
      result.code = await removeTrust()
    })
}
