import { setTimeout as sleep } from "node:timers/promises"
import { residentOf } from "../measure.mjs"
import { startServer } from "../server.mjs"

const SETTLE_MS = 10_000
const WATCH_MS = 5_000

/** A server that was asked one thing and then left alone. */
export const idle = {
  name: "idle",
  rounds: 3,
  // Both wait at the same time: neither does anything that could disturb the other.
  together: true,
  rows: [
    { key: "resident", title: "serve: idle memory", unit: "MB", budget: 0.28 },
    { key: "cpu", title: "serve: idle CPU per second", unit: "ms", budget: 0.05 },
  ],
  async measure(side) {
    const server = await startServer(side)
    try {
      await server.ask("GET", "/session")
      await sleep(SETTLE_MS)
      const resident = residentOf(server.tree())
      const before = server.cpuMs()
      await sleep(WATCH_MS)
      return { resident, cpu: (server.cpuMs() - before) / (WATCH_MS / 1_000) }
    } finally {
      await server.stop()
    }
  },
}
