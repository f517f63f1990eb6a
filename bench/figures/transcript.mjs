import { startServer } from "../server.mjs"
import { bashCall, promptInSteps } from "./steps.mjs"

const STEPS = 20

/** What goes to the model: every byte of it is paid for, in money and in time. Sizes, the same in every round. */
export const transcript = {
  name: "transcript",
  rounds: 1,
  cold: true,
  rows: [
    { key: "bytes", title: "20 bash steps: sent to the model", unit: "kB" },
    { key: "requests", title: "20 bash steps: requests", unit: "" },
    { key: "system", title: "system prompt", unit: "kB" },
    { key: "tools", title: "tool definitions", unit: "kB" },
  ],
  async measure(side, { model }) {
    const server = await startServer(side)
    try {
      const { heard } = await promptInSteps(server, model, { count: STEPS, call: bashCall })
      return {
        bytes: heard.bytes / 1_000,
        requests: heard.requests,
        system: heard.systemBytes / 1_000,
        tools: heard.toolBytes / 1_000,
      }
    } finally {
      await server.stop()
    }
  },
}
