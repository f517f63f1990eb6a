import { command } from "../measure.mjs"

const ANSWER = "Hello!"

/** One question, a one-word answer, and the end. */
export const run = {
  name: "run",
  rounds: 5,
  rows: [
    { key: "cpu", title: 'run "hello": CPU', unit: "ms", budget: 0.08 },
    { key: "peak", title: 'run "hello": peak memory', unit: "MB", budget: 0.2 },
    { key: "wall", title: 'run "hello": wall time', unit: "ms", wall: true },
  ],
  async measure(side, { model }) {
    await model.script([{ says: ANSWER }])
    const argv = [...side.argv, "run", "hello"]
    const done = await command(argv, { cwd: side.project, env: side.env, deadlineMs: 30_000 })
    if (!done.stdout.includes(ANSWER)) throw new Error(`${side.name}: run printed ${JSON.stringify(done.stdout)}`)
    return { cpu: done.cpuMs, peak: done.peakMB, wall: done.wallMs }
  },
}
