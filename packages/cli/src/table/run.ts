import { Option, type Command } from "commander"
import type { Result } from "./result.ts"
import { collect, dollars, duration, logging, portNumber, positiveNumber } from "./options.ts"

export function addRun(program: Command, result: Result): void {
  const command = program
    .command("run")
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
    .addOption(new Option("--format <format>", "how to print").choices(["default", "json", "jsonl"]).default("default"))
    .option("--output-schema <file>", "answer with a JSON object that fits this JSON Schema")
    .option("--thinking", "show what the model thinks")
    .option("--max-steps <number>", "at most so many answers of models", positiveNumber)
    .option("--max-cost <dollars>", "end when so much was spent", dollars)
    .option("--timeout <time>", "end after this time: 90, 90s, 15m, 2h", duration)
    .option("--detailed-exit-codes", "say by the exit code why a run failed")
    .option("--title <title>", "title of a new session")
    .option("--share", "share the session, and print its address")
    .option("--attach <url>", "run at this server, such as http://localhost:4096")
    .option("--dir <folder>", "folder to work in; with --attach one of the server's machine")
    .option("--port <number>", "let others look in at this port while it works", portNumber)
    .option("-i, --interactive", "stay, ask the person at the terminal, and take the next message")
    .option("--auto", "allow everything that is not denied by a rule")
  logging(withServer(command)).action(async (message: string[], options) => {
    const { run } = await import("../commands/run.ts")
    result.code = await run(message, options)
  })
}

export function addAttach(program: Command, result: Result): void {
  const command = program
    .command("attach")
    .description("Talk to a server that runs already, line by line.")
    .argument("<url>", "its address, such as http://localhost:4096")
    .option("--dir <folder>", "folder to work in, of the server's machine")
    .option("-c, --continue", "continue the last session of this folder")
    .option("-s, --session <id>", "continue this session")
    .option("--fork", "continue a copy of it")
    .option("-m, --model <provider/model>", "model to use")
    .option("--agent <name>", "agent to use")
    .option("--thinking", "show what the model thinks")
    .option("--no-replay", "do not show what was said before")
    .option("--replay-limit <number>", "show at most so many messages of before", positiveNumber)
    // What OpenCode calls its screen below the scrollback; lines are what there is here.
    .addOption(new Option("--mini", "the same").hideHelp())
  logging(withServer(command)).action(async (url: string, options) => {
    const { attach } = await import("../commands/converse.ts")
    result.code = await attach(url, options)
  })
}

function withServer(command: Command): Command {
  return command
    .option("-p, --password <password>", "password of the server (default: OPENCODE_SERVER_PASSWORD)")
    .option("-u, --username <name>", "user name (default: OPENCODE_SERVER_USERNAME, or opencode)")
}
