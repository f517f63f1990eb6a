import { command } from "../measure.mjs"

/** Clients and editors ask for the version before every start. */
export const version = {
  name: "version",
  rounds: 5,
  rows: [
    { key: "cpu", title: "--version: CPU", unit: "ms", budget: 0.1 },
    { key: "peak", title: "--version: peak memory", unit: "MB", budget: 0.25 },
    { key: "wall", title: "--version: wall time", unit: "ms", wall: true },
  ],
  async measure(side) {
    const argv = [...side.argv, "--version"]
    const { cpuMs, peakMB, wallMs } = await command(argv, { cwd: side.project, env: side.env, deadlineMs: 20_000 })
    return { cpu: cpuMs, peak: peakMB, wall: wallMs }
  },
}
