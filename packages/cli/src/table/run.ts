import { Option, type Command } from "commander"
import type { Result } from "./result.ts"
import { collect, logging } from "./options.ts"

export function addRun(program: Command, result: Result): void {
  logging(program.command("run"))
    .description("Send one prompt, work until it is done, print the answer.")
    .argument("[message...]", "what to do; text on standard input is appended")
    .option("-m, --model <provider/model>", "model to use")
    .option("--variant <name>", "variant of the model, such as its reasoning effort: high, low, …")
    .option("--agent <name>", "agent to use")
    .option("--command <name>", "command to run; the message is its arguments")
    .option("-f, --file <path>", "file or folder to attach (repeatable)", collect, [])
    .option("-c, --continue", "continue the last session of this folder")
    .option("-s, --session <id>", "continue this session")
    .option("--fork", "continue a copy of it")
    .addOption(new Option("--format <format>", "how to print").choices(["default", "json"]).default("default"))
    .option("--title <title>", "title of a new session")
    .option("--share", "share the session, and print its address")
    .option("--dir <folder>", "folder to work in")
    .option("--auto", "allow everything that is not denied by a rule")
    .action(async (message: string[], options) => {
      const { run } = await import("../commands/run.ts")
      result.code = await run(message, options)
    })
}
