import { existsSync } from "node:fs"
import { didYouMean } from "@opencode/core/lib/text.ts"
import { Command, CommanderError, InvalidArgumentError, Option } from "commander"
import { report } from "./fail.ts"
import { out } from "./out.ts"
import { version } from "./version.ts"

/**
 * The table of commands. Each body is loaded when it is called, so that help and errors cost nothing.
 * @returns the exit code
 */
export async function runCommand(args: string[]): Promise<number> {
  const result = { code: 0 }
  const program = createProgram(result)
  try {
    await program.parseAsync(args, { from: "user" })
    return result.code
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0 && wantsJson(args)) {
        const { jsonError } = await import("./commands/run-view.ts")
        jsonError(error.message.replace(/^error: /, ""))
      }
      return error.exitCode
    }
    return report(error, process.env.OPENCODE_LOG_LEVEL === "DEBUG")
  }
}

/** Whether a script reads lines of JSON and nothing else. Of arguments that could not be read, so by their words. */
const wantsJson = ([command, ...rest]: string[]): boolean =>
  command === "run" &&
  rest.some((word, at) => word === "--format=json" || (word === "--format" && rest[at + 1] === "json"))

function createProgram(result: { code: number }): Command {
  const program = new Command("opencode")
    .description("An AI coding agent for the terminal.")
    .version(version, "-v, --version", "print the version")
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .exitOverride()
    .configureOutput({ writeOut: (text) => out.line(text.trimEnd()), writeErr: (text) => out.note(text.trimEnd()) })
    .argument("[project]", "folder to work in")
    .allowExcessArguments(true)
    .action((project: string | undefined) => {
      if (project !== undefined && !existsSync(project)) {
        program.error(
          `error: unknown command '${project}'${didYouMean(
            project,
            program.commands.map((command) => command.name()),
          )}`,
        )
      }
      out.note('The terminal screen is not part of this version yet. Use `opencode run "…"` or `opencode serve`.\n')
      program.outputHelp({ error: true })
      result.code = 1
    })

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
      const { run } = await import("./commands/run.ts")
      result.code = await run(message, options)
    })

  logging(program.command("serve"))
    .description("Serve the HTTP API.")
    .option("--port <number>", "port to listen on (default: 4096 if free, else any)", portNumber)
    .option("--hostname <name>", "address to listen on")
    .option("--cors <origin>", "origin of a web page that may call the API (repeatable)", collect, [])
    .option("--no-auth", "serve other machines although no password is set")
    .option("-c, --cwd <folder>", "folder to work in when a request names none")
    .option("-d, --debug", "log everything, also to standard error")
    .action(async (options) => {
      const { serve } = await import("./commands/serve.ts")
      await serve(options)
    })

  const session = program.command("session").description("List and delete sessions.")
  session
    .command("list")
    .description("List the sessions of this folder, newest first.")
    .option("-n, --max-count <number>", "how many to list", wholeNumber)
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json"]).default("table"))
    .action(async (options) => {
      const { listSessions } = await import("./commands/session.ts")
      await listSessions(options)
    })
  session
    .command("delete")
    .description("Delete a session with everything in it.")
    .argument("<id>", "session to delete")
    .action(async (id: string) => {
      const { deleteSession } = await import("./commands/session.ts")
      await deleteSession(id)
    })

  program
    .command("export")
    .description("Print a session as JSON.")
    .argument("[id]", "session to export (default: the newest of this folder)")
    .option("--sanitize", "leave out what is private: texts, arguments, outputs, paths, contents of files")
    .action(async (id: string | undefined, options) => {
      const { exportSession } = await import("./commands/transfer.ts")
      await exportSession(id, options)
    })
  program
    .command("import")
    .description("Make an exported session one of this folder.")
    .argument("<file>", "file that export printed, or a shared page: its file or its address")
    .action(async (source: string) => {
      const { importSession } = await import("./commands/transfer.ts")
      await importSession(source)
    })

  program
    .command("models")
    .description("List the models that can be used, or those of one provider.")
    .argument("[provider]", "list all of this provider, with a key or without")
    .option("--verbose", "print all that is known of each, as JSON")
    .option("--refresh", "fetch the newest catalogue first")
    .action(async (provider: string | undefined, options) => {
      const { models } = await import("./commands/models.ts")
      result.code = await models(provider, options)
    })

  const auth = program.command("auth").alias("providers").description("Manage the keys of providers.")
  auth
    .command("login")
    .description("Store a key: asked for, or taken from standard input.")
    .argument("[provider]", "provider that the key is for")
    .option("-p, --provider <id>", "the same")
    .action(async (provider: string | undefined, options: { provider?: string }) => {
      const { login } = await import("./commands/auth.ts")
      result.code = await login(provider ?? options.provider)
    })
  auth
    .command("list")
    .alias("ls")
    .description("List stored credentials and keys in the environment. Shows no key.")
    .action(async () => {
      const { listCredentials } = await import("./commands/auth.ts")
      listCredentials()
    })
  auth
    .command("logout")
    .description("Remove a stored credential.")
    .argument("[provider]", "provider to forget")
    .action(async (provider: string | undefined) => {
      const { logout } = await import("./commands/auth.ts")
      result.code = await logout(provider)
    })

  program
    .command("config")
    .description("Say why a setting is as it is.")
    .command("explain")
    .description("Print a setting, who set it where, and what every other place says of it.")
    .argument("<key>", "setting, as in agent.build.model")
    .addOption(new Option("--format <format>", "how to print").choices(["text", "json"]).default("text"))
    .action(async (key: string, options: { format: "text" | "json" }) => {
      const { explainSetting } = await import("./commands/config.ts")
      await explainSetting(key, options)
    })

  const agent = program.command("agent").description("List and create agents.")
  agent
    .command("list")
    .description("List the agents of this folder with the rules that hold for them.")
    .action(async () => {
      const { listAgents } = await import("./commands/agent.ts")
      await listAgents()
    })
  agent
    .command("create")
    .description(
      "Have a model write an agent. Without a terminal, --path, --description, --mode and --permissions are needed.",
    )
    .option("--path <folder>", "folder of configuration; the file goes to agents/ in it")
    .option("--description <text>", "what the agent should do")
    .addOption(new Option("--mode <mode>", "who uses it").choices(["all", "primary", "subagent"]))
    .option("--permissions <list>", "what it may do, with commas between; the rest is denied (default: everything)")
    .addOption(new Option("--tools <list>").hideHelp())
    .option("-m, --model <provider/model>", "model that writes it")
    .action(async (options) => {
      const { createAgent } = await import("./commands/agent-create.ts")
      await createAgent(options)
    })

  const trust = program.command("trust").description("Show and approve what this folder's settings would run or send.")
  trust
    .command("list", { isDefault: true })
    .description("List what is approved here, and what is held back.")
    .addOption(new Option("--format <format>", "how to print").choices(["table", "json"]).default("table"))
    .action(async (options) => {
      const { listTrust } = await import("./commands/trust.ts")
      result.code = await listTrust(options)
    })
  trust
    .command("add")
    .description("Approve what is held back, after showing it.")
    .option("-y, --yes", "do not ask; needed where there is no terminal")
    .action(async (options) => {
      const { addTrust } = await import("./commands/trust.ts")
      result.code = await addTrust(options)
    })
  trust
    .command("remove")
    .description("Take all approvals of this folder back.")
    .action(async () => {
      const { removeTrust } = await import("./commands/trust.ts")
      result.code = await removeTrust()
    })

  const debug = program.command("debug").description("Show what the program sees.")
  debug
    .command("paths")
    .description("Print the folders it uses.")
    .action(async () => {
      const { debugPaths } = await import("./commands/debug.ts")
      debugPaths()
    })
  debug
    .command("config")
    .description("Print the configuration in effect, and what is wrong with it.")
    .action(async () => {
      const { debugConfig } = await import("./commands/debug.ts")
      await debugConfig()
    })
  debug
    .command("permission")
    .description("Explain what the rules make of a call, without making it.")
    .argument("<tool>", "tool: bash, read, edit, …")
    .argument("<input>", "its input as JSON, or a command for bash, a path for read and edit")
    .option("--agent <name>", "agent that would make the call")
    .option("-s, --session <id>", "session whose rules count besides")
    .addOption(new Option("--format <format>", "how to print").choices(["default", "json"]).default("default"))
    .action(async (tool: string, input: string, options) => {
      const { debugPermission } = await import("./commands/debug-permission.ts")
      await debugPermission(tool, input, options)
    })
  debug
    .command("agent")
    .description("Print an agent as it is in effect, and the tools that it is offered.")
    .argument("<name>", "agent to print")
    .action(async (name: string) => {
      const { debugAgent } = await import("./commands/agent.ts")
      await debugAgent(name)
    })
  debug
    .command("skill")
    .description("Print the skills that are found, and what is wrong with some.")
    .action(async () => {
      const { debugSkill } = await import("./commands/debug.ts")
      await debugSkill()
    })
  debug
    .command("replay")
    .description("Run a recording of OPENCODE_RECORD again, without a network, and compare what comes of it.")
    .argument("<file>", "recording")
    .option("--accept", "if only requests to models differ, write into the file what they say now")
    .action(async (file: string, options: { accept?: true }) => {
      const { debugReplay } = await import("./commands/replay.ts")
      result.code = await debugReplay(file, options)
    })
  return program
}

function logging(command: Command): Command {
  return command
    .option("--print-logs", "print the log to standard error")
    .addOption(new Option("--log-level <level>", "what to log").choices(["DEBUG", "INFO", "WARN", "ERROR"]))
    .option("--trust", "let this project's settings run commands and choose where requests go")
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("It has to be a whole number.")
  return Number(text)
}

function portNumber(text: string): number {
  const port = wholeNumber(text)
  if (port > MAX_PORT) throw new InvalidArgumentError(`It has to be at most ${MAX_PORT}.`)
  return port
}

/** Sixteen bits, by TCP. */
const MAX_PORT = 65_535

const collect = (value: string, all: string[]): string[] => [...all, value]
