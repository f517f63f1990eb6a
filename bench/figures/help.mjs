import { command } from "../measure.mjs"

/** What a person who does not know the command does first. */
export const help = {
  name: "help",
  rounds: 5,
  rows: [{ key: "cpu", title: "--help: CPU", unit: "ms", budget: 0.12 }],
  async measure(side) {
    const argv = [...side.argv, "--help"]
    const { cpuMs } = await command(argv, { cwd: side.project, env: side.env, deadlineMs: 20_000 })
    return { cpu: cpuMs }
  },
}
