import { join } from "node:path"
import { peakOf } from "../measure.mjs"
import { PROJECT_FILES } from "../sides.mjs"
import { startServer } from "../server.mjs"

const SESSIONS = 20
const STEPS = 10

/** Twenty sessions at once, ten steps each: five that read a file and five that run a command. */
export const many = {
  name: "many",
  rounds: 3,
  rows: [
    { key: "cpu", title: "20 sessions x 10 steps at once: CPU of the server", unit: "ms", budget: 0.12 },
    { key: "peak", title: "20 sessions x 10 steps at once: peak memory", unit: "MB", budget: 0.2 },
    { key: "wall", title: "20 sessions x 10 steps at once: wall time", unit: "ms", wall: true },
  ],
  async measure(side, { model }) {
    const server = await startServer(side)
    try {
      const steps = Array.from({ length: STEPS }, (_, number) => callOf(side, number))
      await model.script([...steps.map(({ name, input }) => ({ calls: name, input })), { says: "Done." }], {
        each: true,
      })
      const sessions = []
      for (let n = 0; n < SESSIONS; n++) sessions.push(await server.session())
      const before = server.cpuMs()
      const peak = peakOf(server.tree)
      const began = performance.now()
      await Promise.all(sessions.map((sessionID) => server.prompt(sessionID, "Do it step by step.")))
      const wall = performance.now() - began
      const peakMB = peak.stop()
      const cpu = server.cpuMs() - before
      const { requests, unexpected } = await model.heard()
      if (requests !== SESSIONS * (STEPS + 1) || unexpected.length > 0)
        throw new Error(`${side.name}: ${requests} requests. ${unexpected[0] ?? ""}`)
      for (const sessionID of sessions) await checkDone(side, server, sessionID, steps)
      return { cpu, peak: peakMB, wall }
    } finally {
      await server.stop()
    }
  },
}

/** Equal calls would be asked about, so no two of a session are equal. */
const callOf = (side, number) =>
  number % 2 === 0
    ? {
        name: "read",
        input: { filePath: join(side.project, PROJECT_FILES[number]) },
        output: "export const value",
      }
    : {
        name: "bash",
        input: { command: `echo step-${number}`, description: `Prints step ${number}` },
        output: `step-${number}\n`,
      }

async function checkDone(side, server, sessionID, steps) {
  const messages = await server.ask("GET", `/session/${sessionID}/message`)
  const states = messages.flatMap(({ parts }) => parts.filter((part) => part.type === "tool").map((part) => part.state))
  const done = states.filter((state, number) => String(state.output).includes(steps[number]?.output))
  if (done.length !== steps.length)
    throw new Error(`${side.name}: ${done.length} of ${steps.length} steps were done: ${JSON.stringify(states.at(-1))}`)
}
