import { startAcp } from "../acp.mjs"

/** An editor that asks what the agent can do, and one that goes on to its first session. */
export const acp = {
  name: "acp",
  rounds: 5,
  rows: [
    { key: "greeted", title: "acp: CPU to the answer to initialize", unit: "ms", budget: 0.12 },
    { key: "session", title: "acp: CPU to the first session", unit: "ms", budget: 0.12 },
    { key: "resident", title: "acp: memory with one session", unit: "MB", budget: 0.18 },
    { key: "wall", title: "acp: wall time to the first session", unit: "ms", wall: true },
  ],
  async measure(side) {
    const agent = startAcp(side)
    try {
      await agent.request("initialize", { protocolVersion: 1, clientCapabilities: {} })
      const greeted = agent.cpuMs()
      const { sessionId } = await agent.request("session/new", { cwd: side.project, mcpServers: [] })
      const session = agent.cpuMs()
      const wall = agent.wallMs()
      if (!sessionId) throw new Error(`${side.name}: there is no session`)
      return { greeted, session, wall, resident: agent.residentMB() }
    } finally {
      await agent.stop()
    }
  },
}
