import { startServer } from "../server.mjs"

/** From the start to the line that tells the address. */
export const serve = {
  name: "serve",
  rounds: 5,
  rows: [
    { key: "cpu", title: "serve: CPU to ready", unit: "ms", budget: 0.1 },
    { key: "wall", title: "serve: wall time to ready", unit: "ms", wall: true },
  ],
  async measure(side) {
    const server = await startServer(side)
    await server.stop()
    return { cpu: server.readyCpuMs, wall: server.readyWallMs }
  },
}
