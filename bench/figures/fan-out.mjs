import { startServer } from "../server.mjs"
import { answerPlainly } from "./steps.mjs"

const CLIENTS = 20
const DELTAS = 5_000
const QUICK_DELTAS = 1_000
const TEXT = "word "

/** What `deltas` does, with many screens that look on. */
export const fanOut = {
  name: "fan-out",
  rounds: 3,
  rows: [
    { key: "cpu", title: "20 clients x 5,000 deltas: CPU of the server", unit: "ms", budget: 0.3 },
    { key: "wall", title: "20 clients x 5,000 deltas: wall time", unit: "ms", wall: true },
  ],
  async measure(side, { model, quick }) {
    const count = quick ? QUICK_DELTAS : DELTAS
    const server = await startServer(side)
    try {
      await answerPlainly(server, model)
      await model.script([{ streams: count, text: TEXT }])
      const sessionID = await server.session()
      const clients = await Promise.all(Array.from({ length: CLIENTS }, server.listen))
      for (const client of clients) await client.quiet()
      const before = { cpu: server.cpuMs(), bytes: clients.map((client) => client.bytes()) }
      const began = performance.now()
      await server.prompt(sessionID, "Tell me a long story.")
      const wall = performance.now() - began
      for (const client of clients) await client.quiet()
      const cpu = server.cpuMs() - before.cpu
      for (const [index, client] of clients.entries()) {
        const bytes = client.bytes() - before.bytes[index]
        if (bytes < count * TEXT.length) throw new Error(`${side.name}: client ${index} heard ${bytes} bytes`)
        client.close()
      }
      return { cpu, wall }
    } finally {
      await server.stop()
    }
  },
}
