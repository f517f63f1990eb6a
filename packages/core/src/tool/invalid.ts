import { z } from "zod"
import { prose } from "./invalid.prompt.ts"
import { defineTool } from "./tool.ts"

/**
 * What a call becomes that does not parse or names no tool: the model hears what was wrong and goes on. It is never
 * offered, and asks nobody because it does nothing.
 */
export const invalid = defineTool({
  name: "invalid",
  prose,
  effect: "pure",
  permission: "invalid",
  input: () =>
    z.object({
      tool: z.string().describe("The name that was called."),
      error: z.string().describe("What was wrong with the call."),
    }),
  prepare: async () => ({ asks: [], plan: undefined }),
  async run({ tool, error }) {
    return {
      title: "Invalid call",
      output: `The call of "${tool}" was not run. ${error}`,
      metadata: {},
    }
  },
})
