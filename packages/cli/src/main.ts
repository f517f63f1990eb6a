import { version } from "./version.ts"

/**
 * The first lines that run. Asking for the version loads nothing else: clients do it before every start, and
 * wait for it.
 */
const args = process.argv.slice(2)
if (args.length === 1 && (args[0] === "--version" || args[0] === "-v")) {
  // A full disk or a reader that is gone is not worth a stack.
  process.stdout.on("error", () => (process.exitCode = 1))
  process.stdout.write(version + "\n")
} else {
  const { runCommand } = await import("./command-line.ts")
  // Were a command to wait for something that can no longer come, it would end here, and must not end in silence.
  const stuck = () => {
    process.stderr.write("Error: the command ended without a result.\n")
    process.exit(1)
  }
  process.once("beforeExit", stuck)
  process.exitCode = await runCommand(args)
  process.off("beforeExit", stuck)
}
