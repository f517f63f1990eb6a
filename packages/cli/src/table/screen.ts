import { existsSync } from "node:fs"
import { Option, type Command } from "commander"
import { out } from "../out.ts"
import type { Result } from "./result.ts"
import { refuseName } from "./unknown.ts"

/** Of the terminal screen. They are taken, so that who starts it hears what is missing, and not that an option is unknown. */
const OF_THE_SCREEN = [
  "--port <number>",
  "--hostname <name>",
  "--mdns",
  "--mdns-domain <name>",
  "--cors <origin...>",
  "-m, --model <provider/model>",
  "-c, --continue",
  "-s, --session <id>",
  "--fork",
  "--prompt <text>",
  "--agent <name>",
  "--auto",
  "--mini",
  "--no-replay",
  "--replay-limit <number>",
]

/** What the command does when none is named. */
export function addScreen(program: Command, result: Result): void {
  for (const flags of OF_THE_SCREEN) program.addOption(new Option(flags).hideHelp())
  program
    .argument("[project]", "folder to work in")
    .allowExcessArguments(true)
    .action((project: string | undefined) => {
      if (project !== undefined && !existsSync(project)) refuseName(program, project)
      out.note('The terminal screen is not part of this version yet. Use `opencode run "…"` or `opencode serve`.\n')
      program.outputHelp({ error: true })
      result.code = 1
    })
}
