import { startServer } from "../server.mjs"
import { answerPlainly } from "./steps.mjs"

const DELTAS = 5_000
const TEXT = "word "

/** A long answer that streams in small pieces to one client. */
export const deltas = {
  name: "deltas",
  rounds: 3,
  rows: [
    { key: "cpu", title: "5,000 deltas: CPU of the server", unit: "ms", budget: 0.35 },
    { key: "bytes", title: "5,000 deltas: sent on /event", unit: "kB", budget: 1.05 },
    { key: "wall", title: "5,000 deltas: wall time", unit: "ms", wall: true },
  ],
  async measure(side, { model }) {
    const server = await startServer(side)
    try {
      await answerPlainly(server, model)
      await model.script([{ streams: DELTAS, text: TEXT }])
      const sessionID = await server.session()
      const events = await server.listen()
      await events.quiet()
      const before = { cpu: server.cpuMs(), bytes: events.bytes() }
      const began = performance.now()
      const message = await server.prompt(sessionID, "Tell me a long story.")
      const wall = performance.now() - began
      await events.quiet()
      const cpu = server.cpuMs() - before.cpu
      const bytes = (events.bytes() - before.bytes) / 1_000
      events.close()
      const length = message.parts.find((part) => part.type === "text")?.text.length ?? 0
      // The end of a text may be trimmed.
      if (length < DELTAS * TEXT.length - 1) throw new Error(`${side.name}: the answer came as ${length} characters`)
      return { cpu, bytes, wall }
    } finally {
      await server.stop()
    }
  },
}
